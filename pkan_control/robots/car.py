"""Geometry of a car with Ackermann steering: from the bicycle model to each wheel."""

import math
from dataclasses import dataclass

from pkan_control.common.arrays import Array, namespace
from pkan_control.common.errors import UserError
from pkan_control.common.ranges import Positive, check_fields


@dataclass(frozen=True)
class Car:
    """Lengths in m, the largest steering angle in rad, and the highest speed in m/s.

    The steering angle, positive to the left, is that of a single front wheel in the middle; the
    pose of a car is that of the middle of its rear axle.
    """

    wheelbase: Positive
    track: Positive
    wheel_radius: Positive
    max_steering: Positive
    max_speed: Positive

    def __post_init__(self) -> None:
        """Raise a `UserError` for a geometry that no car has."""
        check_fields(self)
        if self.max_steering >= math.pi / 2:
            raise UserError(f'max_steering: {self.max_steering} must be less than a right angle')
        if math.tan(self.max_steering) * self.track / 2 >= self.wheelbase:
            raise UserError(
                f'max_steering: at {self.max_steering} rad the car turns about a point between '
                'its rear wheels'
            )

    def curvature(self, steering: Array) -> Array:
        """Return the curvature in 1/m of the rear axle's path at a steering angle in rad."""
        return namespace(steering).tan(steering) / self.wheelbase

    def steering(self, curvature: Array) -> Array:
        """Return the steering angle in rad for a curvature in 1/m."""
        return namespace(curvature).atan(self.wheelbase * curvature)

    def front_angles(self, steering: float) -> tuple[float, float]:
        """Return the angles in rad of the left and right front wheels, about a common centre."""
        turn = math.tan(steering) / self.wheelbase
        half = self.track / 2
        left, right = (
            math.atan2(self.wheelbase * turn, 1 - side * half * turn) for side in (1, -1)
        )
        return left, right

    def rear_speeds(self, steering: float, speed: float) -> tuple[float, float]:
        """Return the angular speeds in rad/s of the left and right rear wheels."""
        turn, rolling = math.tan(steering) / self.wheelbase, speed / self.wheel_radius
        left, right = (rolling * (1 - side * self.track / 2 * turn) for side in (1, -1))
        return left, right


# The racecar of pybullet_data, a tenth of a car's size; lengths of its URDF. Its joints allow a
# larger steering angle, but then the inner wheel rubs.
RACECAR = Car(wheelbase=0.325, track=0.2, wheel_radius=0.05, max_steering=0.6, max_speed=4.0)
