"""Ackermann steering: all wheels turn about one centre."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.common.errors import UserError
from pkan_control.robots.car import RACECAR

ANGLES = st.floats(-0.6, 0.6)


@given(ANGLES)
def test_angle_and_curvature_are_inverse(angle):
    assert float(RACECAR.steering(RACECAR.curvature(np.array(angle)))) == pytest.approx(
        angle, abs=1e-12
    )


@given(ANGLES.filter(lambda angle: abs(angle) > 1e-3))
def test_front_wheels_stand_square_to_the_centre_of_the_turn(angle):
    radius = RACECAR.wheelbase / math.tan(angle)
    left, right = RACECAR.front_angles(angle)
    for wheel, side in ((left, 1), (right, -1)):
        to_centre = radius - side * RACECAR.track / 2
        assert math.tan(wheel) == pytest.approx(RACECAR.wheelbase / to_centre)


@given(ANGLES, st.floats(0, 4))
def test_rear_wheels_roll_as_far_as_their_circles_are_wide(angle, speed):
    left, right = RACECAR.rear_speeds(angle, speed)
    assert (left + right) / 2 * RACECAR.wheel_radius == pytest.approx(speed)
    turning = (right - left) * RACECAR.wheel_radius / RACECAR.track
    curvature = float(RACECAR.curvature(np.array(angle)))
    assert turning == pytest.approx(speed * curvature, abs=1e-12)


@pytest.mark.parametrize('field', ['wheelbase', 'track', 'wheel_radius', 'max_speed'])
@pytest.mark.parametrize('value', [0.0, -1.0, math.nan, math.inf])
def test_lengths_that_are_none_are_refused(field, value):
    with pytest.raises(UserError, match=field):
        replace(RACECAR, **{field: value})


def test_a_car_that_turns_about_a_point_between_its_wheels_is_refused():
    with pytest.raises(UserError, match='between its rear wheels'):
        replace(RACECAR, track=1.0)


def test_steering_beyond_a_right_angle_is_refused():
    with pytest.raises(UserError, match='right angle'):
        replace(RACECAR, max_steering=1.6)
