"""Geometry and coefficients of a quadrotor: from rotor speeds to forces and back.

Body frame FLU (x forward, y left, z up), SI units. Coefficients per (rad/s)^2.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pkan_control.common.arrays import Array, Floats, constant, namespace
from pkan_control.common.errors import UserError
from pkan_control.common.files import FilePath
from pkan_control.common.ranges import Finite, NonNegative, Positive, check_fields
from pkan_control.common.structuring import tuples
from pkan_control.common.yaml_files import read_file

GRAVITY = 9.81
RPM = 2 * math.pi / 60
ROTORS = 4
# Moments of inertia are rounded: relative tolerance of the triangle inequality.
INERTIA_TOLERANCE = 1e-3
# Smallest share of the weight that each rotor must carry in hover.
SMALLEST_SHARE = 1e-6

Point = tuple[Finite, Finite]


@dataclass(frozen=True)
class Airframe:
    """Mass, inertia, rotors and aerodynamic coefficients of one quadrotor.

    Raises a `UserError` for a quadrotor that cannot exist, hover, or turn about every axis.
    """

    # Mass in kg, principal moments of inertia in kg m^2.
    mass: Positive
    inertia: tuple[Positive, Positive, Positive]
    # Rotor positions (x, y) in m, and the sign of the torque that each exerts on the body about z.
    rotors: tuple[Point, Point, Point, Point]
    spins: tuple[int, int, int, int]
    # Thrust in N s^2/rad^2, and torque per thrust in m.
    thrust_coefficient: Positive
    torque_ratio: Positive
    # Highest rotor speed in rad/s.
    max_speed: Positive
    # Force per (sum of rotor speeds times velocity) in kg/rad, body x, y, z.
    drag: tuple[NonNegative, NonNegative, NonNegative]
    # Ground effect: extra thrust of a rotor at height h is `k (r / 4h)^2` of its thrust.
    ground_effect: NonNegative
    rotor_radius: Positive

    def __post_init__(self) -> None:
        """Refuse numbers outside of their ranges, and quadrotors that cannot hover."""
        check_fields(self)
        largest = max(self.inertia)
        if largest > (sum(self.inertia) - largest) * (1 + INERTIA_TOLERANCE):
            raise UserError(
                f'inertia: {self.inertia} kg m^2: no body has a moment that is larger than the '
                'sum of the other two'
            )
        if not set(self.spins) <= {-1, 1}:
            raise UserError(f'spins: {self.spins}: each must be -1 or 1')
        self._check_rotors()

    def _check_rotors(self) -> None:
        """Refuse rotors that cannot turn the body about every axis, or carry its weight."""
        x, y = np.array(self.rotors, dtype=np.float64).T
        levers = np.stack([y, -x]) / max(map(abs, (*x, *y, np.finfo(float).tiny)))
        effects = np.stack([np.ones(ROTORS), *levers, self.spins])
        if np.linalg.matrix_rank(effects[:3]) < 3:
            raise UserError(
                f'rotors: {self.rotors} m lie on one line: they cannot roll and pitch the body'
            )
        if np.linalg.matrix_rank(effects) < ROTORS:
            raise UserError(
                f'spins: {self.spins}: these rotors cannot yaw the body without a change of '
                'thrust, roll or pitch'
            )
        weight = self.mass * GRAVITY
        highest = self.thrust_coefficient * self.max_speed * self.max_speed
        if not weight < ROTORS * highest < math.inf:
            raise UserError(
                f'max_speed: {self.max_speed:g} rad/s give a thrust of {ROTORS * highest:.4g} N, '
                f'not more than the weight of {weight:.4g} N: it cannot hover'
            )
        shares = np.linalg.solve(effects, [1.0, 0.0, 0.0, 0.0])
        if not (shares > SMALLEST_SHARE).all():
            raise UserError(
                f'rotors: {self.rotors} m with spins {self.spins} must carry shares '
                f'{shares.round(3).tolist()} of the weight to hover without a torque, '
                'and no rotor pulls down: place them around the centre of mass'
            )
        if not weight * shares.max() < highest:
            raise UserError(
                f'max_speed: a rotor that carries {weight * shares.max():.4g} N in hover gives at '
                f'most {highest:.4g} N'
            )

    @cached_property
    def mixing(self) -> Floats:
        """Matrix `[4, 4]` from rotor thrusts in N to total thrust in N and body torque in N m."""
        x, y = np.array(self.rotors).T
        return np.stack([np.ones(4), y, -x, self.torque_ratio * np.array(self.spins)])

    @cached_property
    def moments(self) -> Floats:
        """Mass in kg and moments of inertia in kg m^2, `[4]`."""
        return np.array((self.mass, *self.inertia))

    @cached_property
    def unmixing(self) -> Floats:
        """Inverse of `mixing` `[4, 4]`."""
        return np.asarray(np.linalg.inv(self.mixing), dtype=np.float64)

    @property
    def hover_speed(self) -> float:
        """Rotor speed in rad/s at which four equal rotors carry the weight."""
        return math.sqrt(self.mass * GRAVITY / 4 / self.thrust_coefficient)

    def speeds(self, wrench: Array) -> Array:
        """Return rotor speeds `[..., 4]` in rad/s for thrust and torque `[..., 4]` in N and N m.

        Each speed is limited to 0 to `max_speed`.
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
# left, front left; 1 and 3 turn counter-clockwise, so they torque the body clockwise.
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
    return Airframe(**tuples(values))


def load_airframe(name: FilePath) -> Airframe:
    """Return the airframe of a name that ships, or of a YAML file with its fields."""
    return read_file('airframes', 'airframe', name, Airframe)[1]
