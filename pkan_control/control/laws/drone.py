"""The drone's law: a body-frame observation, an outer loop, and the mixer.

The network maps an observation that does not depend on yaw to a collective and an angular
acceleration. Around it stand the mixer, from accelerations to rotor speeds, and the outer loop.
Each part of the outer loop can be switched off:

- `integral`: an integrator removes the steady error that the offsets of a chip leave;
- `force`, `torque`: disturbance observers compare the motion of the drone with the motion that its
  rotors should cause, and compensate the difference (wind, gusts, weight; motors that differ);
- `lead`: a lead compensates the lag of the motors;
- `turning`: the angular velocity that follows from the path of the goal is subtracted from the
  observed one, so that the network does not damp it;
- `mirror`: symmetry averaging over half a turn about the body's upright axis cancels a chip's
  offsets of roll and pitch.

An observed force, and the acceleration of a moving goal, tilt the direction that the network takes
for upright, so that it balances as in a hover in calm air; their component along the thrust is
added to its output.
"""

import math
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from pkan_control.common.arrays import Array, Floats, constant, namespace
from pkan_control.common.errors import unknown
from pkan_control.common.rotations import (
    is_shorter,
    is_single,
    matrix,
    norm,
    shorten,
    to_body,
    to_world,
)
from pkan_control.control.laws.law import Symmetry
from pkan_control.control.laws.layout import Field, Layout, Span
from pkan_control.control.signals import Signal, Terms
from pkan_control.robots.quadrotor import CRAZYFLIE, GRAVITY, Airframe, airframe_from

STATE = (
    'x_m',
    'y_m',
    'z_m',
    'qx',
    'qy',
    'qz',
    'qw',
    'forward_m_s',
    'left_m_s',
    'up_m_s',
    'roll_rad_s',
    'pitch_rad_s',
    'yaw_rad_s',
)
POSITION, ATTITUDE, VELOCITY, RATE = slice(0, 3), slice(3, 7), slice(7, 10), slice(10, 13)

OBSERVATION = Terms(
    [
        *(Signal(f'error_{axis}', 'm', 'base_link', 0.35) for axis in 'xyz'),
        *(Signal(f'velocity_{axis}', 'm/s', 'base_link', 1.0) for axis in 'xyz'),
        *(Signal(f'up_{axis}', '1', 'base_link', 0.4) for axis in 'xy'),
        Signal('up_z', '1', 'base_link', 0.2, 0.9),
        *(Signal(f'rate_{axis}', 'rad/s', 'base_link', 5.0) for axis in 'xyz'),
    ]
)
OUTPUT = Terms(
    [
        Signal('acceleration_z', 'm/s^2', 'base_link', 8.0, GRAVITY),
        Signal('angular_acceleration_x', 'rad/s^2', 'base_link', 150.0),
        Signal('angular_acceleration_y', 'rad/s^2', 'base_link', 150.0),
        Signal('angular_acceleration_z', 'rad/s^2', 'base_link', 20.0),
    ]
)


class MovingGoal(Layout):
    """Goal of a law that follows a path, in the world; one that holds still has the position."""

    position = Field(3)
    velocity = Field(3)
    acceleration = Field(3)


MOVING_GOAL = (
    *STATE[:3],
    'x_m_s',
    'y_m_s',
    'z_m_s',
    'x_m_s2',
    'y_m_s2',
    'z_m_s2',
)


class Accelerations(Layout):
    """Output of the network: collective in m/s^2 and angular in rad/s^2, in the body."""

    thrust = Field(1)
    angular = Field(3)


class Motion(Layout):
    """Velocity in m/s in the world, and angular velocity in rad/s in the body."""

    velocity = Field(3)
    rate = Field(3)


class DroneMemory(Layout):
    """Memory of the drone's law."""

    # Integral of the error in m, in the body.
    integral = Field(3)
    # Observed force in m/s^2, in the world, and torque in rad/s^2, in the body.
    force = Field(3)
    torque = Field(3)
    disturbance = Span(force, torque)
    # `Motion` in the last step.
    motion = Field(6)
    # `Accelerations` that the rotors should have reached, and those commanded in the last step.
    thrust = Field(1)
    angular = Field(3)
    reached = Span(thrust, angular)
    commanded = Field(4)
    # Acceleration of the goal in the last step, in m/s^2, in the world.
    goal_acceleration = Field(3)
    # What `observe` adds to the collective acceleration, in m/s^2.
    lift = Field(1)
    # 0 in the first step, 1 from then on.
    begun = Field(1)


WEIGHT = np.array((0.0, 0.0, GRAVITY, 0.0, 0.0, 0.0))
AT_START = np.zeros(DroneMemory.size)
AT_START[DroneMemory.thrust] = GRAVITY
# Half a turn about the body's upright axis: components along the other two axes change sign.
HALF_TURN = Symmetry((-1.0, -1.0, 1.0) * 4, (1.0, -1.0, -1.0, 1.0))
# Parts of the outer loop, and the parameter of each that switches it off by 0.
PARTS = {
    'integral': 'integral_gain',
    'force': 'force_observer',
    'torque': 'torque_observer',
    'lead': 'motor_lead_s',
    'turning': 'turning_ahead',
    'mirror': 'mirrored',
}
# Parameters that may be 0; the one that only a law with a moving goal stores.
OPTIONAL, OF_MOVING = (*PARTS.values(), 'tilt_lag_s'), 'turning_ahead'


@dataclass(frozen=True)
class DroneLaw:
    """The drone's law and its parameters.

    A state `[..., 13]` is what Odometry carries: position in m and attitude (x, y, z, w) in the
    world, linear and angular velocity in the body frame. A goal is a position in m in the world,
    `[..., 3]`, or with `moving` position, velocity and acceleration, `[..., 9]`. The command
    `[..., 4]` is rotor speeds in rad/s.
    """

    airframe: Airframe = CRAZYFLIE
    rate_hz: float = 50.0
    moving: bool = False
    # Largest observed error in m and velocity in m/s.
    error_limit_m: float = 1.0
    velocity_limit_m_s: float = 4.0
    # The integral of the error is added to the error: gain in 1/s, limit in m, and the largest
    # error in m and velocity in m/s at which it runs.
    integral_gain: float = 1.0
    integral_limit_m: float = 1.0
    integral_error_m: float = 0.4
    integral_velocity_m_s: float = 1.0
    # Bandwidths of the observers in rad/s, and the limit of the observed force in m/s^2.
    force_observer: float = 12.0
    torque_observer: float = 3.0
    force_limit: float = 6.0
    # Time constant of the motors that the observers assume, and lead that compensates it, in s.
    motor_lag_s: float = 0.02
    motor_lead_s: float = 0.02
    # Time in s that a tilt takes: the goal's acceleration is extrapolated by it.
    tilt_lag_s: float = 0.1
    # Share of the angular velocity from the goal's jerk that is subtracted from the observation.
    turning_ahead: float = 0.0
    # Symmetry averaging over half a turn: two evaluations, twice the energy.
    mirrored: bool = False

    name = 'drone'
    state_names = STATE
    observation = OBSERVATION
    output = OUTPUT

    def __post_init__(self) -> None:
        """Raise a `ValueError` for a parameter out of range; 0 switches a part off."""
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in ('airframe', 'moving', 'mirrored'):
                continue
            if not (0 < value < math.inf or (field.name in OPTIONAL and value == 0)):
                raise ValueError(f'{field.name}={value!r}: must be positive and finite')

    @property
    def goal_names(self) -> tuple[str, ...]:
        """Position, and for a moving goal velocity and acceleration, in the world."""
        return MOVING_GOAL if self.moving else STATE[:3]

    @property
    def command(self) -> Terms:
        """Rotor speeds, front right first and clockwise seen from above."""
        half = self.airframe.max_speed / 2
        return Terms([Signal(f'rotor_{i}', 'rad/s', '', half, half, 1.0) for i in range(1, 5)])

    @property
    def symmetry(self) -> Symmetry | None:
        """Half a turn about the upright axis."""
        return HALF_TURN if self.mirrored else None

    def with_airframe(self, airframe: Airframe) -> 'DroneLaw':
        """Return the same law for another quadrotor."""
        return replace(self, airframe=airframe)

    def start(self, state: Array) -> Array:
        """Return the memory `[..., 28]` of a drone whose rotors hover."""
        return 0 * state[..., :1] + constant(AT_START, state)

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the memory and the observation `[..., 12]` in the units of `OBSERVATION`."""
        xp = namespace(state)
        rotation = matrix(state[..., ATTITUDE])
        velocity, up = to_world(rotation, state[..., VELOCITY]), rotation[..., 2, :]
        rate = state[..., RATE]
        motion = xp.concat([velocity, rate], axis=-1)
        force, torque = self._disturbances(memory, rotation[..., :, 2], motion)
        error = goal[..., MovingGoal.position] - state[..., POSITION]
        goal_acceleration, ahead = 0 * error, 0 * error
        if self.moving:
            velocity = velocity - goal[..., MovingGoal.velocity]
            goal_acceleration = goal[..., MovingGoal.acceleration]
            change = goal_acceleration - memory[..., DroneMemory.goal_acceleration]
            jerk = change * memory[..., DroneMemory.begun] * self.rate_hz
            ahead = goal_acceleration + self.tilt_lag_s * jerk
            rate = rate - self._turning(rotation, goal_acceleration, jerk)
        error = to_body(rotation, error)
        integral = self._integrate(memory[..., DroneMemory.integral], error, velocity)
        leaning = to_body(rotation, ahead - force)
        apparent = up[..., :2] + leaning[..., :2] / GRAVITY
        slowed = to_body(rotation, shorten(velocity, self.velocity_limit_m_s))
        memory = DroneMemory.replace(
            memory,
            integral=integral,
            force=force,
            torque=torque,
            motion=motion,
            goal_acceleration=goal_acceleration,
            lift=leaning[..., 2:],
        )
        seen = [shorten(error + integral, self.error_limit_m), slowed, apparent, up[..., 2:], rate]
        return memory, xp.concat(seen, axis=-1)

    def _turning(self, rotation: Array, acceleration: Array, jerk: Array) -> Array:
        """Return the angular velocity `[..., 3]` in rad/s, body, of a moving goal's thrust."""
        thrust = norm(acceleration + constant(WEIGHT[Motion.velocity], acceleration))
        across = to_body(rotation, jerk) * (self.turning_ahead / thrust)
        x, y = across[..., :1], across[..., 1:2]
        return namespace(across).concat([-y, x, 0 * x], axis=-1)

    def _disturbances(self, memory: Array, axis: Array, motion: Array) -> tuple[Array, Array]:
        """Return the observed force `[..., 3]` in m/s^2, world, and torque in rad/s^2, body.

        `axis` `[..., 3]` is the direction of the thrust, world; `motion` `[..., 6]` a `Motion`.
        """
        xp = namespace(motion)
        before = memory[..., DroneMemory.disturbance]
        thrust, angular = memory[..., DroneMemory.thrust], memory[..., DroneMemory.angular]
        change = (motion - memory[..., DroneMemory.motion]) * self.rate_hz
        measured = change + constant(WEIGHT, motion) - xp.concat([axis * thrust, angular], axis=-1)
        bandwidth = constant(self._bandwidths, motion) * memory[..., DroneMemory.begun]
        observed = before + (measured - before) * (bandwidth / (self.rate_hz + bandwidth))
        force, torque = observed[..., Motion.velocity], observed[..., Motion.rate]
        return shorten(force, self.force_limit), torque

    @cached_property
    def _bandwidths(self) -> Floats:
        return np.repeat((self.force_observer, self.torque_observer), 3)

    def _integrate(self, integral: Array, error: Array, velocity: Array) -> Array:
        near = is_shorter(error, self.integral_error_m)
        slow = is_shorter(velocity, self.integral_velocity_m_s)
        step = error * (self.integral_gain / self.rate_hz)
        return shorten(integral + step * (near & slow), self.integral_limit_m)

    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the memory, and rotor speeds `[..., 4]` for accelerations `[..., 4]`."""
        xp = namespace(action)
        frame = self.airframe
        scale = constant(frame.moments, action)
        thrust = action[..., Accelerations.thrust] + memory[..., DroneMemory.lift]
        angular = action[..., Accelerations.angular] - memory[..., DroneMemory.torque]
        commanded = xp.concat([thrust, angular], axis=-1)
        begun, reached = memory[..., DroneMemory.begun], memory[..., DroneMemory.reached]
        change = (commanded - memory[..., DroneMemory.commanded]) * begun
        led = commanded + change * (self.motor_lead_s * self.rate_hz)
        speeds = frame.speeds(led * scale)
        made = finite(frame.wrench(speeds) / scale)
        follow = 1 / (1 + self.motor_lag_s * self.rate_hz)
        memory = DroneMemory.replace(
            memory,
            reached=reached + (made - reached) * follow,
            commanded=finite(commanded),
            begun=0 * begun + 1,
        )
        return memory, speeds

    def action_for(self, memory: Array, state: Array, command: Array) -> Array:
        """Return the accelerations `[..., 4]` for which `act` gives rotor speeds `[..., 4]`."""
        xp = namespace(command)
        frame = self.airframe
        scale = xp.asarray((frame.mass, *frame.inertia), dtype=command.dtype)
        lead = self.motor_lead_s * self.rate_hz * memory[..., DroneMemory.begun]
        before = memory[..., DroneMemory.commanded] * lead
        commanded = (frame.wrench(command) / scale + before) / (1 + lead)
        thrust = commanded[..., Accelerations.thrust] - memory[..., DroneMemory.lift]
        angular = commanded[..., Accelerations.angular] + memory[..., DroneMemory.torque]
        return xp.concat([thrust, angular], axis=-1)

    def switched_off(self, part: str) -> 'DroneLaw':
        """Return the law without a part of its outer loop: one of `PARTS`, or `all`."""
        if part not in (*PARTS, 'all'):
            raise unknown('part of the outer loop', part, ['all', *PARTS])
        names = PARTS.values() if part == 'all' else [PARTS[part]]
        changes: dict[str, Any] = dict.fromkeys(names, 0.0)
        return replace(self, **changes)

    def hold(self, state: Floats) -> Floats:
        """Return the goal where the drone is, at rest."""
        goal = np.zeros(len(self.goal_names))
        goal[MovingGoal.position] = state[POSITION]
        return goal

    def safe_command(self) -> Floats:
        """Return rotors that stand still, `[4]` in rad/s."""
        return np.zeros(4)

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as a JSON object."""
        left_out = {OF_MOVING} if not self.moving else set()
        left_out |= {'mirrored'} if not self.mirrored else set()
        return {k: v for k, v in asdict(self).items() if k not in left_out}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> 'DroneLaw':
        """Return the law whose parameters a JSON object holds."""
        return cls(**{**values, 'airframe': airframe_from(values['airframe'])})


def finite(values: Array) -> Array:
    """Return values with 0 for those that are not finite; the guard rejects such a command."""
    if is_single(values) and all(map(math.isfinite, values.tolist())):
        return values
    xp = namespace(values)
    return xp.where(xp.isfinite(values), values, xp.zeros_like(values))
