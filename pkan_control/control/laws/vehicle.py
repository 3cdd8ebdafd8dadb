"""The law of a car on a path: errors from the path, an outer loop, and limits.

The network maps the position of the car relative to the path to a steering angle and a speed that
lead it back. Each part of the outer loop around it can be switched off:

- `bend`: the curvature of the path ahead is fed forward, so that the deviations of a chip matter
  only off the path;
- `integral`: an integrator removes the steady error that the offsets of a chip leave;
- `slip`: an observer compares the curvature of the car's motion with that of its steering, and
  compensates the difference;
- `gap`: a car behind its goal drives faster, one ahead of it slower;
- `mirror`: symmetry averaging over left and right cancels the offsets of a chip.
"""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.common.errors import unknown
from pkan_control.common.rotations import matrix
from pkan_control.control.laws.drone import ATTITUDE, POSITION, STATE, finite
from pkan_control.control.laws.law import Symmetry
from pkan_control.control.laws.layout import Field, Layout
from pkan_control.control.signals import Signal, Terms
from pkan_control.robots.car import RACECAR, Car

# A point of a path: position and heading in the world, speed, curvature there and ahead of it.
GOAL = ('x_m', 'y_m', 'yaw_rad', 'speed_m_s', 'curvature_1_m', 'curvature_ahead_1_m')
X, Y, YAW, SPEED, CURVATURE, AHEAD = (slice(i, i + 1) for i in range(6))
FORWARD, YAW_RATE = slice(7, 8), slice(12, 13)

OBSERVATION = Terms(
    [
        Signal('cross_track', 'm', 'path', 0.07),
        Signal('heading_error', 'rad', 'path', 0.25),
        Signal('speed', 'm/s', 'base_link', 0.8, 2.0),
        Signal('speed_error', 'm/s', 'base_link', 0.5),
    ]
)
OUTPUT = Terms(
    [
        Signal('steering_angle', 'rad', 'base_link', 0.1),
        Signal('speed', 'm/s', 'base_link', 0.8, 2.0),
    ]
)
# Left and right exchanged: cross-track error, heading error and steering change sign.
LEFT_RIGHT = Symmetry((-1.0, -1.0, 1.0, 1.0), (-1.0, 1.0))
# Distance from a goal to the curvature ahead: the lag of steering and yaw in s, at least some m.
LOOK_AHEAD_S, NEAREST_M = 0.1, 1e-3
# Below this speed in m/s slip is not observed.
SLOWEST = 0.5
# A path of a smaller curvature in 1/m counts as straight.
STRAIGHT = 1e-6
PARTS = {
    'bend': 'bend_gain',
    'integral': 'integral_gain',
    'slip': 'slip_observer',
    'gap': 'gap_gain',
    'mirror': 'mirrored',
}


class VehicleMemory(Layout):
    """Memory of the vehicle's law."""

    # Integral of the cross-track error in m.
    integral = Field(1)
    # Observed slip, and the curvature that the wheels should have reached, in 1/m.
    slip = Field(1)
    reached = Field(1)
    # 0 in the first step, 1 from then on.
    begun = Field(1)
    # Curvature of the path ahead in 1/m, which `observe` feeds forward to `act`.
    bend = Field(1)


@dataclass(frozen=True)
class VehicleLaw:
    """The vehicle's law and its parameters.

    A state `[..., 13]` is what Odometry carries: position in m and attitude (x, y, z, w) of the
    middle of the rear axle in the world, linear and angular velocity in the body frame. A goal
    `[..., 6]` is a point of the path near the car. The command `[..., 2]` is the steering angle in
    rad, positive to the left, and the speed in m/s.
    """

    car: Car = RACECAR
    rate_hz: float = 50.0
    # Share of the curvature ahead that is fed forward.
    bend_gain: float = 1.0
    # The integral of the cross-track error is added to the error: gain in 1/s, limit in m, and the
    # largest error in m at which it runs.
    integral_gain: float = 1.5
    integral_limit_m: float = 0.15
    integral_error_m: float = 0.02
    # Bandwidth of the observer in rad/s, limit of the observed slip, lag of the steering in s.
    slip_observer: float = 4.0
    slip_limit_1_m: float = 0.3
    steering_lag_s: float = 0.06
    # Additional speed in m/s per m that the car is behind its goal, and its limit in m/s.
    gap_gain: float = 1.0
    gap_speed_m_s: float = 0.3
    # Symmetry averaging over left and right: two evaluations, twice the energy.
    mirrored: bool = True

    name = 'vehicle'
    state_names = STATE
    goal_names = GOAL
    observation = OBSERVATION
    output = OUTPUT

    def __post_init__(self) -> None:
        """Raise a `ValueError` for a parameter out of range; 0 switches a part off."""
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in ('car', 'mirrored'):
                continue
            if not (0 < value < math.inf or (field.name in PARTS.values() and value == 0)):
                raise ValueError(f'{field.name}={value!r}: must be positive and finite')

    @property
    def command(self) -> Terms:
        """Steering angle and speed, as of an Ackermann drive."""
        half = self.car.max_speed / 2
        return Terms(
            [
                Signal('steering_angle', 'rad', 'base_link', self.car.max_steering, 0.0, 1.0),
                Signal('speed', 'm/s', 'base_link', half, half, 1.0),
            ]
        )

    @property
    def symmetry(self) -> Symmetry | None:
        """Left and right exchanged."""
        return LEFT_RIGHT if self.mirrored else None

    def start(self, state: Array) -> Array:
        """Return the memory `[..., 5]` of a car on a straight line."""
        xp = namespace(state)
        return xp.concat([0 * state[..., :1]] * VehicleMemory.size, axis=-1)

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the memory and the observation `[..., 4]` in the units of `OBSERVATION`."""
        xp = namespace(state)
        cross, heading, gap = path_errors(state, goal)
        integral = self._integrate(memory[..., VehicleMemory.integral], cross)
        slip = self._observe_slip(memory, state)
        hurry = limited(-self.gap_gain * gap, self.gap_speed_m_s)
        speed = state[..., FORWARD]
        wanted = goal[..., SPEED] + hurry
        seen = [cross + integral, heading, speed, wanted - speed]
        bend = self.bend_gain * curvature_ahead(goal, gap)
        memory = VehicleMemory.replace(memory, integral=integral, slip=slip, bend=bend)
        return memory, xp.concat(seen, axis=-1)

    def _integrate(self, integral: Array, cross: Array) -> Array:
        step = cross * (self.integral_gain / self.rate_hz) * (abs(cross) < self.integral_error_m)
        return limited(integral + step, self.integral_limit_m)

    def _observe_slip(self, memory: Array, state: Array) -> Array:
        """Return the curvature in 1/m of the car's motion beyond that of its steering."""
        xp = namespace(state)
        speed = state[..., FORWARD]
        rolling = xp.maximum(speed, 0 * speed + SLOWEST)
        slip, reached = memory[..., VehicleMemory.slip], memory[..., VehicleMemory.reached]
        found = state[..., YAW_RATE] / rolling - reached
        bandwidth = self.slip_observer * memory[..., VehicleMemory.begun] * (speed > SLOWEST)
        share = bandwidth / (self.rate_hz + bandwidth)
        return limited(slip * (1 - share) + found * share, self.slip_limit_1_m)

    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the memory, and steering angle and speed `[..., 2]`."""
        xp = namespace(action)
        bend, slip = memory[..., VehicleMemory.bend], memory[..., VehicleMemory.slip]
        wanted = self.car.curvature(limited(action[..., :1], self.car.max_steering))
        steering = self.car.steering(wanted + bend - slip)
        steering = limited(steering, self.car.max_steering)
        speed = xp.minimum(action[..., 1:], 0 * action[..., 1:] + self.car.max_speed)
        made = finite(self.car.curvature(steering))
        reached, begun = memory[..., VehicleMemory.reached], memory[..., VehicleMemory.begun]
        follow = 1 / (1 + self.steering_lag_s * self.rate_hz)
        reached = reached + (made - reached) * follow
        memory = VehicleMemory.replace(memory, reached=reached, begun=0 * begun + 1)
        return memory, xp.concat([steering, xp.maximum(speed, 0 * speed)], axis=-1)

    def switched_off(self, part: str) -> 'VehicleLaw':
        """Return the law without a part of its outer loop: one of `PARTS`, or `all`."""
        if part not in (*PARTS, 'all'):
            raise unknown('part of the outer loop', part, ['all', *PARTS])
        names = PARTS.values() if part == 'all' else [PARTS[part]]
        return VehicleLaw.from_json({**self.to_json(), **dict.fromkeys(names, 0)})

    def hold(self, state: Floats) -> None:
        """Return None: the safe command stops the car where it is."""

    def safe_command(self) -> Floats:
        """Return speed 0 and straight wheels, `[2]`."""
        return np.zeros(2)

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> 'VehicleLaw':
        """Return the law whose parameters a JSON object holds."""
        return cls(**{**values, 'car': Car(**values['car'])})


def path_errors(state: Array, goal: Array) -> tuple[Array, Array, Array]:
    """Return the errors `[..., 1]` of a car from the path near a point of it.

    Cross-track error in m, positive on the left; heading error in rad; distance ahead of the point
    along the path in m. Near the point the path is a circle of its curvature.
    """
    xp = namespace(state)
    rotation = matrix(state[..., ATTITUDE])
    east, north = rotation[..., 0:1, 0], rotation[..., 1:2, 0]
    away = state[..., POSITION]
    east_off, north_off = away[..., 0:1] - goal[..., X], away[..., 1:2] - goal[..., Y]
    cosine, sine = xp.cos(goal[..., YAW]), xp.sin(goal[..., YAW])
    along, left = cosine * east_off + sine * north_off, cosine * north_off - sine * east_off
    bend = goal[..., CURVATURE]
    # Relative to the centre of the circle of radius 1 / bend; valid for a straight line, too.
    inwards = 1 - bend * left
    radius = xp.sqrt(inwards**2 + (bend * along) ** 2)
    cross = (2 * left - bend * (along**2 + left**2)) / (1 + radius)
    turned = xp.atan2(bend * along, inwards)
    bent = abs(bend) > STRAIGHT
    gap = xp.where(bent, turned / xp.where(bent, bend, 1 + 0 * bend), along)
    yaw = goal[..., YAW] + turned
    heading = xp.atan2(
        north * xp.cos(yaw) - east * xp.sin(yaw), east * xp.cos(yaw) + north * xp.sin(yaw)
    )
    return cross, heading, gap


def curvature_ahead(goal: Array, gap: Array) -> Array:
    """Return the curvature `[..., 1]` in 1/m ahead of a car, `gap` in m ahead of its goal.

    It changes linearly from the goal to the place of the goal's curvature ahead, and as much
    beyond.
    """
    xp = namespace(goal)
    way = xp.maximum(goal[..., SPEED] * LOOK_AHEAD_S, 0 * gap + NEAREST_M)
    return goal[..., AHEAD] + (goal[..., AHEAD] - goal[..., CURVATURE]) * limited(gap / way, 1.0)


def limited(values: Array, limit: float) -> Array:
    """Return values within +-limit."""
    xp = namespace(values)
    return xp.minimum(xp.maximum(values, 0 * values - limit), 0 * values + limit)
