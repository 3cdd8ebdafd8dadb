"""A car's geometry with Ackermann steering: from the angle of a bicycle to that of each wheel."""

import math
from dataclasses import dataclass, fields

from pkan_control.common.arrays import Array, namespace


@dataclass(frozen=True)
class Car:
    """Lengths in m, and what steering and drive can do.

    A steering angle in rad, positive to the left, is that of a single front wheel in the middle;
    the pose of a car is that of the middle of its rear axle.
    """

    wheelbase: float
    track: float
    wheel_radius: float
    max_steering: float
    max_speed: float

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        for field in fields(self):
            if not 0 < getattr(self, field.name) < math.inf:
                raise ValueError(f'{field.name}={getattr(self, field.name)!r}: must be positive')
        if self.max_steering >= math.pi / 2:
            raise ValueError(f'max_steering={self.max_steering}: must be less than a right angle')

    def curvature(self, steering: Array) -> Array:
        """Return the curvature in 1/m that the rear axle takes at a steering angle in rad."""
        return namespace(steering).tan(steering) / self.wheelbase

    def steering(self, curvature: Array) -> Array:
        """Return the steering angle in rad for a curvature in 1/m."""
        return namespace(curvature).atan(self.wheelbase * curvature)

    def front_angles(self, steering: float) -> tuple[float, float]:
        """Return the angles in rad of the left and the right front wheel, about one centre."""
        turn = math.tan(steering) / self.wheelbase
        half = self.track / 2
        left, right = (
            math.atan2(self.wheelbase * turn, 1 - side * half * turn) for side in (1, -1)
        )
        return left, right

    def rear_speeds(self, steering: float, speed: float) -> tuple[float, float]:
        """Return the angular speeds in rad/s of the left and the right rear wheel."""
        turn, rolling = math.tan(steering) / self.wheelbase, speed / self.wheel_radius
        left, right = (rolling * (1 - side * self.track / 2 * turn) for side in (1, -1))
        return left, right


# The racecar of pybullet_data, a tenth of a car's size: what its URDF holds. It steers further,
# but beyond this angle its inner wheel rubs.
RACECAR = Car(wheelbase=0.325, track=0.2, wheel_radius=0.05, max_steering=0.6, max_speed=4.0)
