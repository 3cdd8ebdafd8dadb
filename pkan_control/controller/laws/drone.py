"""The drone's law: a body-frame observation, an integrator, and the mixer.

The network maps a yaw-free observation to collective and angular acceleration. Outside of it
stand an integrator, which removes the steady error that wind, weight and a chip's offsets leave,
and the mixer from accelerations to rotor speeds.
"""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from pkan_control.airframe import CRAZYFLIE, GRAVITY, Airframe, airframe_from
from pkan_control.arrays import Array, Floats, namespace
from pkan_control.controller.signals import Signal, Terms
from pkan_control.rotations import matrix, norm, shorten, to_body

STATE = (
    *('x_m', 'y_m', 'z_m', 'qx', 'qy', 'qz', 'qw'),
    *('forward_m_s', 'left_m_s', 'up_m_s', 'roll_rad_s', 'pitch_rad_s', 'yaw_rad_s'),
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


@dataclass(frozen=True)
class DroneLaw:
    """Parameters of the drone's law.

    A state `[..., 13]` is what Odometry carries: position in m and attitude (x, y, z, w) in the
    world, linear and angular velocity in the body frame. A goal `[..., 3]` is a position in m in
    the world. The command `[..., 4]` is rotor speeds in rad/s.
    """

    airframe: Airframe = CRAZYFLIE
    rate_hz: float = 50.0
    # The network sees an error of at most 1 m and a velocity of at most 4 m/s.
    error_limit_m: float = 1.0
    velocity_limit_m_s: float = 4.0
    # The integral of the error is added to it; it is limited, and runs only near the goal.
    integral_gain: float = 1.0
    integral_limit_m: float = 1.0
    integral_error_m: float = 0.7
    integral_velocity_m_s: float = 1.0

    name = 'drone'
    state_names = STATE
    goal_names = STATE[:3]
    observation = OBSERVATION
    output = OUTPUT

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing; an integral gain of 0 switches the integrator off."""
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == 'airframe':
                continue
            if not (0 < value < math.inf or (field.name == 'integral_gain' and value == 0)):
                raise ValueError(f'{field.name}={value!r}: must be positive and finite')

    @property
    def command(self) -> Terms:
        """Rotor speeds, front right first and clockwise seen from above."""
        half = self.airframe.max_speed / 2
        return Terms([Signal(f'rotor_{i}', 'rad/s', '', half, half, 1.0) for i in range(1, 5)])

    def start(self, state: Array) -> Array:
        """Return an empty integral `[..., 3]` in m s."""
        return 0 * state[..., POSITION]

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the integral and the observation `[..., 12]` in the units of `OBSERVATION`."""
        xp = namespace(state)
        rotation = matrix(state[..., ATTITUDE])
        velocity = state[..., VELOCITY]
        error = goal - state[..., POSITION]
        integral = self._integrate(memory, error, velocity)
        seen = to_body(rotation, shorten(error + integral, self.error_limit_m))
        slowed = shorten(velocity, self.velocity_limit_m_s)
        up = rotation[..., 2, :]
        return integral, xp.concat([seen, slowed, up, state[..., RATE]], axis=-1)

    def _integrate(self, integral: Array, error: Array, velocity: Array) -> Array:
        near = norm(error) < self.integral_error_m
        slow = norm(velocity) < self.integral_velocity_m_s
        step = error * (self.integral_gain / self.rate_hz)
        return shorten(integral + step * (near & slow), self.integral_limit_m)

    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the integral, and rotor speeds `[..., 4]` for accelerations `[..., 4]`."""
        xp = namespace(action)
        frame = self.airframe
        scale = xp.asarray((frame.mass, *frame.inertia), dtype=action.dtype)
        return memory, frame.speeds(action * scale)

    def safe_command(self) -> Floats:
        """Return rotors that stand still, `[4]` in rad/s."""
        return np.zeros(4)

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> 'DroneLaw':
        """Return the law whose parameters a JSON object holds."""
        return cls(**{**values, 'airframe': airframe_from(values['airframe'])})
