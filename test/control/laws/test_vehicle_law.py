"""The vehicle's law: where the car lies beside its path, the outer loop, and the limits."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.control.laws import make_law
from pkan_control.control.laws.vehicle import (
    LOOK_AHEAD_S,
    PARTS,
    VehicleLaw,
    VehicleMemory,
    curvature_ahead,
    path_errors,
)
from pkan_control.tasks.vehicle_track import states_at

LAW = VehicleLaw()
STRAIGHT_ON = np.array([0.0, 0.0, 0.0, 2.0, 0.0, 0.0])


def state(x=0.0, y=0.0, yaw=0.0, speed=2.0, rate=0.0) -> np.ndarray:
    values = states_at(np.array([[x, y, yaw, speed]]))[0]
    values[12] = rate
    return values


def observed(law: VehicleLaw, now: np.ndarray, goal: np.ndarray, times: int = 1):
    memory = law.start(now)
    for _ in range(times):
        memory, seen = law.observe(memory, now, goal)
    return memory, dict(zip(law.observation.names, seen, strict=True))


@given(
    st.floats(-0.9, 0.9),
    st.floats(-0.4, 0.4),
    st.floats(-3, 3),
    st.floats(-1, 1),
    st.floats(-0.5, 0.5),
)
def test_a_circle_is_seen_as_it_is(bend, left, yaw, heading, ahead):
    """A car that stands `left` of a circle, `ahead` of the goal along it, is seen there."""
    if abs(bend) < 1e-3:
        bend = 0.0
    turned = bend * ahead
    along = math.sin(turned) / bend if bend else ahead
    off = (1 - math.cos(turned)) / bend if bend else 0.0
    along, off = along - left * math.sin(turned), off + left * math.cos(turned)
    x = 1 + along * math.cos(yaw) - off * math.sin(yaw)
    y = 2 + along * math.sin(yaw) + off * math.cos(yaw)
    goal = np.array([1.0, 2.0, yaw, 2.0, bend, 0.0])
    found = [float(part[0]) for part in path_errors(state(x, y, yaw + turned + heading), goal)]
    np.testing.assert_allclose(found, [left, heading, ahead], atol=1e-6)


def test_the_frame_is_the_path_s_and_speed_makes_up_for_the_gap():
    _, seen = observed(LAW, state(x=-0.2, y=0.05, yaw=0.1, speed=1.5), STRAIGHT_ON)
    assert seen['cross_track'] == pytest.approx(0.05, rel=0.05)
    assert seen['heading_error'] == pytest.approx(0.1)
    assert seen['speed'] == pytest.approx(1.5)
    assert seen['speed_error'] == pytest.approx(0.5 + 0.2)
    _, far = observed(LAW, state(x=-5.0), STRAIGHT_ON)
    assert far['speed_error'] == pytest.approx(LAW.gap_speed_m_s)


def test_the_integral_grows_near_the_path_only_and_is_limited():
    _, once = observed(LAW, state(y=0.01), STRAIGHT_ON)
    _, often = observed(LAW, state(y=0.01), STRAIGHT_ON, 1000)
    assert once['cross_track'] == pytest.approx(0.01 * (1 + LAW.integral_gain / LAW.rate_hz))
    assert often['cross_track'] == pytest.approx(0.01 + LAW.integral_limit_m)
    _, away = observed(LAW, state(y=0.5), STRAIGHT_ON, 1000)
    assert away['cross_track'] == pytest.approx(0.5)


def test_slip_is_found_and_taken_back():
    """A car that turns by 0.1 1/m more than it is steered is steered by that much less."""
    action = np.array([0.1, 2.0])
    asked = float(LAW.car.curvature(np.array(0.1)))
    memory = LAW.start(state())
    curvature = asked
    for _ in range(300):
        now = state(rate=2.0 * (curvature + 0.1))
        memory, _ = LAW.observe(memory, now, STRAIGHT_ON)
        memory, command = LAW.act(memory, now, action)
        curvature = float(LAW.car.curvature(command[0]))
    assert float(memory[VehicleMemory.slip][0]) == pytest.approx(0.1, abs=1e-3)
    assert curvature == pytest.approx(asked - 0.1, abs=1e-3)


def test_the_bend_ahead_is_fed_forward():
    """A car on its path takes the bend though the network steers straight on."""
    goal = STRAIGHT_ON + np.array([0, 0, 0, 0, 0, 0.4])
    memory, _ = observed(LAW, state(), goal)
    _, command = LAW.act(memory, state(), np.array([0.0, 2.0]))
    assert float(LAW.car.curvature(command[0])) == pytest.approx(0.4)
    blind = LAW.switched_off('bend')
    _, command = blind.act(observed(blind, state(), goal)[0], state(), np.array([0.0, 2.0]))
    assert command[0] == 0


@given(st.floats(0.5, 3), st.floats(-1, 1), st.floats(-2, 2), st.floats(-0.05, 0.05))
def test_the_bend_is_that_ahead_of_the_car_and_not_of_its_goal(speed, bend, swing, gap):
    way = LOOK_AHEAD_S * speed
    goal = np.array([0.0, 0.0, 0.0, speed, bend, bend + swing * way])
    found = curvature_ahead(goal, np.array([gap]))
    np.testing.assert_allclose(found, bend + swing * (way + gap), atol=1e-12)


def test_a_bend_is_not_carried_on_for_ever():
    goal = np.array([0.0, 0.0, 0.0, 2.0, 0.1, 0.3])
    assert curvature_ahead(goal, np.array([50.0])) == pytest.approx(0.5)
    goal[3] = 0.0
    assert np.isfinite(curvature_ahead(goal, np.array([0.0]))).all()


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=2))
def test_commands_are_what_the_car_can_do(action):
    _, command = LAW.act(LAW.start(state()), state(), np.array(action))
    assert abs(command[0]) <= LAW.car.max_steering + 1e-12
    assert 0 <= command[1] <= LAW.car.max_speed


def test_torch_computes_the_same():
    now, action = state(0.1, 0.2, 0.3, 1.0, 0.5), np.array([0.1, 1.5])
    goal = np.array([0.0, 0.1, 0.2, 2.0, 0.3, 0.4])
    memory, seen = LAW.observe(LAW.start(now), now, goal)
    memory, command = LAW.act(memory, now, action)
    torch_now, torch_goal = torch.asarray(now), torch.asarray(goal)
    kept, torch_seen = LAW.observe(LAW.start(torch_now), torch_now, torch_goal)
    kept, torch_command = LAW.act(kept, torch_now, torch.asarray(action))
    for one, other in ((seen, torch_seen), (memory, kept), (command, torch_command)):
        np.testing.assert_allclose(one, other.numpy(), atol=1e-12)


@pytest.mark.parametrize('part', [*PARTS, 'all'])
def test_parts_are_switched_off(part, refused):
    less = LAW.switched_off(part)
    gone = set(PARTS.values()) if part == 'all' else {PARTS[part]}
    for field in PARTS.values():
        assert (getattr(less, field) == 0) == (field in gone)
    with refused('lead', 'gap'):
        LAW.switched_off('lead')


def test_the_law_is_its_json_and_bad_numbers_are_refused(refused):
    assert make_law('vehicle', LAW.to_json()) == LAW
    with refused('rate_hz'):
        make_law('vehicle', {**LAW.to_json(), 'rate_hz': 0.0})
    with refused('track'):
        make_law('vehicle', {**LAW.to_json(), 'car': {'wheelbase': 1.0}})


def test_it_ends_at_a_stand():
    np.testing.assert_array_equal(LAW.safe_command(), [0, 0])
    assert LAW.hold(state()) is None
    assert LAW.command.names == ('steering_angle', 'speed')
