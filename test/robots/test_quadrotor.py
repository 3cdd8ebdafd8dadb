"""The Crazyflie's geometry, from the axes of its body frame."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pkan_control.common.yaml_files import shipped_files
from pkan_control.control.laws import make_law
from pkan_control.control.laws.drone import DroneLaw
from pkan_control.robots.quadrotor import CRAZYFLIE, GRAVITY, airframe_from, load_airframe

THRUSTS = arrays.arrays(np.float64, (4,), elements=st.floats(0, 0.148))
FRONT, BACK, LEFT, RIGHT = [0, 3], [1, 2], [2, 3], [0, 1]
# Each rotor's own sense of rotation seen from above, front right first.
CLOCKWISE = [1, 3]


def faster(wrench: list[float]) -> set[int]:
    """Return the rotors that a torque added to hovering speeds up."""
    hover = np.array([CRAZYFLIE.mass * 9.81, 0, 0, 0])
    change = CRAZYFLIE.speeds(hover + np.array(wrench)) - CRAZYFLIE.speeds(hover)
    assert (change != 0).all()
    return set(np.flatnonzero(change > 0).tolist())


def test_rotors_stand_where_their_order_says():
    x, y = np.array(CRAZYFLIE.rotors).T
    assert (x[FRONT] > 0).all()
    assert (x[BACK] < 0).all()
    assert (y[LEFT] > 0).all()
    assert (y[RIGHT] < 0).all()


def test_rolling_right_side_down_speeds_up_the_left_rotors():
    assert faster([0, 1e-4, 0, 0]) == set(LEFT)


def test_pitching_nose_down_speeds_up_the_back_rotors():
    assert faster([0, 0, 1e-4, 0]) == set(BACK)


def test_yawing_left_speeds_up_the_clockwise_rotors():
    assert faster([0, 0, 0, 1e-5]) == set(CLOCKWISE)


@given(THRUSTS)
def test_mixing_is_the_sum_of_forces_and_levers(thrusts):
    force, torque = np.zeros(3), np.zeros(3)
    for thrust, (x, y), spin in zip(thrusts, CRAZYFLIE.rotors, CRAZYFLIE.spins, strict=True):
        force += (0, 0, thrust)
        torque += np.cross((x, y, 0), (0, 0, thrust))
        torque += (0, 0, spin * CRAZYFLIE.torque_ratio * thrust)
    np.testing.assert_allclose(CRAZYFLIE.mixing @ thrusts, [force[2], *torque], atol=1e-15)


@given(THRUSTS)
def test_speeds_realise_a_wrench_that_the_rotors_can(thrusts):
    speeds = CRAZYFLIE.speeds(CRAZYFLIE.mixing @ thrusts)
    realised = CRAZYFLIE.thrust_coefficient * speeds**2
    np.testing.assert_allclose(realised, thrusts, atol=1e-12)


@given(arrays.arrays(np.float64, (4,), elements=st.floats(-1e6, 1e6)))
def test_speeds_stay_in_their_range(wrench):
    speeds = CRAZYFLIE.speeds(wrench)
    assert (speeds >= 0).all()
    assert (speeds <= CRAZYFLIE.max_speed).all()


def test_hover_speed_carries_the_weight():
    thrust = 4 * CRAZYFLIE.thrust_coefficient * CRAZYFLIE.hover_speed**2
    assert thrust == pytest.approx(0.027 * 9.81)


def test_speeds_are_those_of_the_data_sheet():
    rpm = np.array([CRAZYFLIE.hover_speed, CRAZYFLIE.max_speed]) * 60 / (2 * np.pi)
    np.testing.assert_allclose(rpm, [14_475, 21_713], rtol=1e-3)


def test_torch_and_numpy_mix_the_same():
    wrench = np.random.default_rng(0).normal(size=(50, 4)) * [0.3, 1e-3, 1e-3, 1e-4]
    tensor = CRAZYFLIE.speeds(torch.from_numpy(wrench))
    np.testing.assert_allclose(tensor.numpy(), CRAZYFLIE.speeds(wrench), rtol=1e-12)


def test_json_brings_the_same_airframe_back():
    assert airframe_from(json.loads(json.dumps(asdict(CRAZYFLIE)))) == CRAZYFLIE


@given(THRUSTS)
def test_a_wrench_is_what_speeds_make(thrusts):
    speeds = np.sqrt(thrusts / CRAZYFLIE.thrust_coefficient)
    np.testing.assert_allclose(CRAZYFLIE.wrench(speeds), CRAZYFLIE.mixing @ thrusts, atol=1e-12)


def test_the_file_of_the_crazyflie_says_what_the_code_says():
    ours, file = asdict(CRAZYFLIE), asdict(load_airframe('crazyflie'))
    for name, value in ours.items():
        np.testing.assert_allclose(file[name], value, rtol=1e-3)


@pytest.mark.parametrize('name', sorted(shipped_files('airframes')))
def test_shipped_airframes_carry_themselves(name):
    frame = load_airframe(name)
    assert 0.3 < frame.hover_speed / frame.max_speed < 0.75


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('7', 'must be a mapping of mass, inertia'),
        ('{mass: 1}', 'rotors: is missing'),
        ('text: [', 'line 1: expected the node content'),
    ],
)
def test_files_of_no_airframe_are_refused(tmp_path, refused, text, words):
    path = tmp_path / 'odd.yaml'
    path.write_text(text)
    with refused(str(path), words):
        load_airframe(str(path))
    with refused("'balloon'", 'crazyflie'):
        load_airframe('balloon')


FAR = ((0.03, -0.03), (-0.03, -0.03), (-0.03, 0.03), (0.03, 0.03))


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'mass': -1.0}, ['mass: must be positive and finite, not -1.0']),
        ({'mass': math.nan}, ['mass: must be positive and finite, not nan']),
        ({'inertia': (1e-5, 0.0, 1e-5)}, ['inertia[1]: must be positive and finite, not 0.0']),
        ({'inertia': (1e-5, 1e-5, 2.1e-5)}, ['inertia: (1e-05, 1e-05, 2.1e-05) kg m^2', 'sum']),
        ({'inertia': (1e-5, 3e-5, 1e-5)}, ['inertia', 'sum']),
        ({'drag': (0.0, 0.0, -1e-9)}, ['drag[2]: must be 0 or more and finite, not -1e-09']),
        ({'spins': (-1, 1, -1)}, ['spins: must have 4 values, not 3']),
        ({'spins': (-1, 1, -1, 2)}, ['spins: (-1, 1, -1, 2): each must be -1 or 1']),
        ({'spins': (1, 1, 1, 1)}, ['spins: (1, 1, 1, 1): these rotors cannot yaw']),
        ({'spins': (1, 1, -1, -1)}, ['spins: (1, 1, -1, -1): these rotors cannot yaw']),
        ({'spins': (1, 1, 1, -1)}, ['spins (1, 1, 1, -1)', 'shares [0.0, 0.5, 0.0, 0.5]']),
        ({'rotors': tuple((x, x) for x in (-3, -1, 1, 3))}, ['rotors', 'lie on one line']),
        ({'rotors': ((0.0, 0.0),) * 4}, ['rotors', 'lie on one line']),
        (
            {'rotors': tuple((x + 0.031, y) for x, y in FAR)},
            ['rotors', 'shares [-0.008, 0.508, 0.508, -0.008]', 'around the centre of mass'],
        ),
        ({'max_speed': 1500.0}, ['max_speed: 1500 rad/s give a thrust of 0.2593 N, not more']),
        ({'mass': 0.07}, ['not more than the weight of 0.6867 N: it cannot hover']),
        (
            {'rotors': tuple((x + 0.02, y) for x, y in FAR)},
            ['max_speed: a rotor that carries 0.1104 N in hover gives at most 0.09862 N'],
        ),
    ],
    ids=str,
)
def test_a_quadrotor_that_cannot_fly_is_refused_with_the_reason(tmp_path, refused, changes, words):
    changes = {'max_speed': 1850.0} | changes
    with refused(*words):
        replace(CRAZYFLIE, **changes)
    path = tmp_path / 'odd.yaml'
    values = {**asdict(CRAZYFLIE), **changes}
    path.write_text(json.dumps(values).replace('NaN', '.nan'))
    with refused(str(path)):
        load_airframe(str(path))
    with refused('law drone', *words):
        make_law('drone', DroneLaw().to_json() | {'airframe': values})


@pytest.mark.parametrize('lean', [0.0, 0.5, 0.9])
def test_a_flat_body_and_a_centre_of_mass_off_the_middle_are_possible(lean):
    rotors = tuple((x + 0.03 * lean, y) for x, y in FAR)
    frame = replace(CRAZYFLIE, inertia=(1e-5, 1e-5, 2e-5), rotors=rotors, max_speed=4000.0)
    hover = np.array([frame.mass * GRAVITY, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(frame.wrench(frame.speeds(hover)), hover, atol=1e-9)
