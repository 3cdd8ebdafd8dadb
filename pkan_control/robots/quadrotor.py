"""A quadrotor's geometry and coefficients: from rotor speeds to forces and back.

Body frame FLU (x forward, y left, z up), SI units. Coefficients per (rad/s)^2.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pkan_control.common.arrays import Array, Floats, constant, namespace
from pkan_control.common.errors import UserError
from pkan_control.common.yaml_files import read_yaml

GRAVITY = 9.81
RPM = 2 * math.pi / 60


@dataclass(frozen=True)
class Airframe:
    """Mass, inertia, rotors and aerodynamic coefficients of one quadrotor."""

    # Mass in kg, principal moments of inertia in kg m^2.
    mass: float
    inertia: tuple[float, float, float]
    # Rotor positions (x, y) in m, and the sign of the torque that each exerts on the body about z.
    rotors: tuple[tuple[float, float], ...]
    spins: tuple[int, ...]
    # Thrust in N s^2/rad^2, and torque per thrust in m.
    thrust_coefficient: float
    torque_ratio: float
    # Highest rotor speed in rad/s.
    max_speed: float
    # Force per (sum of rotor speeds times velocity) in kg/rad, body x, y, z.
    drag: tuple[float, float, float]
    # Ground effect: extra thrust of a rotor at height h is `k (r / 4h)^2` of its thrust.
    ground_effect: float
    rotor_radius: float

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing, and rotors that cannot turn the body every way."""
        positive = (self.mass, *self.inertia, self.thrust_coefficient, self.torque_ratio)
        for value in (*positive, self.max_speed, self.rotor_radius):
            if not 0 < value < math.inf:
                raise ValueError(f'{value}: must be positive and finite')
        lengths = len(self.inertia), len(self.rotors), len(self.spins), len(self.drag)
        if lengths != (3, 4, 4, 3) or np.linalg.matrix_rank(self.mixing) < 4:
            raise ValueError(f'lengths {lengths} or rotor positions are not those of a quadrotor')

    @cached_property
    def mixing(self) -> Floats:
        """Matrix `[4, 4]` from rotor thrusts in N to collective thrust and body torque."""
        x, y = np.array(self.rotors).T
        return np.stack([np.ones(4), y, -x, self.torque_ratio * np.array(self.spins)])

    @cached_property
    def moments(self) -> Floats:
        """Mass in kg and moments of inertia in kg m^2, `[4]`."""
        return np.array((self.mass, *self.inertia))

    @cached_property
    def unmixing(self) -> Floats:
        """Inverse of `mixing`."""
        return np.asarray(np.linalg.inv(self.mixing), dtype=np.float64)

    @property
    def hover_speed(self) -> float:
        """Rotor speed in rad/s that carries the weight."""
        return math.sqrt(self.mass * GRAVITY / 4 / self.thrust_coefficient)

    def speeds(self, wrench: Array) -> Array:
        """Return rotor speeds `[..., 4]` in rad/s for thrust and torque `[..., 4]` in N and N m.

        Each rotor is limited to what it can do: 0 to `max_speed`.
        """
        xp = namespace(wrench)
        thrusts = wrench @ constant(self.unmixing.T, wrench)
        squares = xp.maximum(thrusts, 0 * thrusts) / self.thrust_coefficient
        return xp.minimum(xp.sqrt(squares), 0 * thrusts + self.max_speed)

    def wrench(self, speeds: Array) -> Array:
        """Return the thrust and torque `[..., 4]` in N and N m of rotor speeds `[..., 4]`."""
        thrusts = speeds * speeds * self.thrust_coefficient
        return thrusts @ constant(self.mixing.T, speeds)


# Crazyflie 2.x. Mass, arm and inertia of the platform's data sheet; coefficients from the
# identification of J. Foerster, "System identification of the Crazyflie 2.0 nano quadrocopter"
# (ETH Zurich, 2015), thrust-to-weight ratio 2.25. Rotors 1 to 4: front right, back right, back
# left, front left; 1 and 3 turn counter-clockwise, so they push the body clockwise.
CRAZYFLIE = Airframe(
    mass=0.027,
    inertia=(1.4e-5, 1.4e-5, 2.17e-5),
    rotors=((0.028, -0.028), (-0.028, -0.028), (-0.028, 0.028), (0.028, 0.028)),
    spins=(-1, 1, -1, 1),
    thrust_coefficient=3.16e-10 / RPM**2,
    torque_ratio=7.94e-12 / 3.16e-10,
    max_speed=math.sqrt(2.25 * 0.027 * GRAVITY / 4 / (3.16e-10 / RPM**2)),
    drag=(9.18e-7, 9.18e-7, 1.03e-6),
    ground_effect=11.37,
    rotor_radius=0.0231,
)


def airframe_from(values: dict[str, Any]) -> Airframe:
    """Return the airframe whose fields a JSON object holds."""
    tuples = ('inertia', 'spins', 'drag')
    fields: dict[str, Any] = {
        **values,
        'rotors': tuple((float(x), float(y)) for x, y in values['rotors']),
    }
    fields.update({name: tuple(fields[name]) for name in tuples})
    return Airframe(**fields)


def load_airframe(name: str) -> Airframe:
    """Return the airframe of a name that ships, or of a YAML file with its fields and a `text`."""
    path, values = read_yaml('airframes', 'airframe', name)
    if not isinstance(values, dict):
        raise UserError(f'airframe {path}: must map the fields of an airframe to numbers')
    try:
        return airframe_from({key: value for key, value in values.items() if key != 'text'})
    except (TypeError, LookupError, ValueError, ArithmeticError) as error:
        raise UserError(f'airframe {path}: {" ".join(repr(error).split())}') from None
