"""The hover task: its starts, its expert, its score."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.spatial.transform import Rotation

from pkan_control.robots.quadrotor import CRAZYFLIE
from pkan_control.sim.batched.drone import BatchedDrone
from pkan_control.sim.quadrotor_dynamics import CALM, Conditions
from pkan_control.tasks.drone_hover import drone_hover
from pkan_control.tasks.task import Score, find_task

GOAL = np.array([0.0, 0.0, 1.5])
LEVEL = np.array([0.0, 0.0, 0.0, 1.0])
OBSERVATIONS = arrays.arrays(np.float64, (12,), elements=st.floats(-1, 1))


def test_is_found_by_name(refused):
    assert find_task('drone_hover') is drone_hover
    with refused("'juggle'", 'drone_hover'):
        find_task('juggle')


def test_an_episode_is_six_seconds():
    assert drone_hover.steps == 300
    np.testing.assert_array_equal(drone_hover.goal(0, 0, 0), GOAL)


def test_a_start_depends_on_seed_and_episode_alone():
    first = drone_hover.start(1, 2)
    drone_hover.start(5, 5)
    np.testing.assert_array_equal(drone_hover.start(1, 2), first)
    assert (drone_hover.start(1, 3) != first).all()
    assert (drone_hover.start(2, 2) != first).all()
    assert (drone_hover.start(2, 1) != first).all()


def ranges(states: np.ndarray) -> np.ndarray:
    """Return the largest offset, tilt, speed and rate of states, per axis."""
    up = Rotation.from_quat(states[:, 3:7]).as_matrix()[:, 2, 2]
    parts = (states[:, :3] - GOAL, np.arccos(up), states[:, 7:10], states[:, 10:])
    return np.array([abs(part).max() for part in parts])


def test_starts_fill_their_ranges():
    states = np.array([drone_hover.start(0, episode) for episode in range(500)])
    wanted = np.array([1.0, np.deg2rad(30), 1.0, 1.0])
    found = ranges(states)
    assert (found <= wanted + 1e-9).all()
    assert (found > 0.97 * wanted).all()
    np.testing.assert_allclose(np.linalg.norm(states[:, 3:7], axis=1), 1, atol=1e-12)
    yaw = Rotation.from_quat(states[:, 3:7]).as_euler('ZYX')[:, 0]
    assert np.histogram(yaw, bins=6, range=(-np.pi, np.pi))[0].min() > 50


def test_training_starts_are_wider_and_some_near():
    states = drone_hover.training_starts(np.random.default_rng(0), 4000)
    assert states.shape == (4000, 13)
    assert (ranges(states)[[0, 2, 3]] > 1.25).all()
    assert (states[:, 2] >= 0.5).all()
    near = (abs(states[:, :3] - GOAL) <= 0.15).all(axis=1)
    assert near.mean() == pytest.approx(0.3, abs=0.03)


def turned(observation: np.ndarray, yaw: float) -> np.ndarray:
    turn = Rotation.from_rotvec([0, 0, yaw]).as_matrix()
    return (observation.reshape(4, 3) @ turn.T).ravel()


@given(OBSERVATIONS, st.floats(-np.pi, np.pi))
def test_the_expert_has_no_preferred_direction(observation, yaw):
    observation[8] += 2
    action, other = (drone_hover.expert(o) for o in (observation, turned(observation, yaw)))
    turn = Rotation.from_rotvec([0, 0, yaw]).as_matrix()
    assert other[0] == pytest.approx(action[0], abs=1e-9)
    np.testing.assert_allclose(other[1:], turn @ action[1:], atol=1e-9)


def test_the_expert_rests_at_the_goal():
    action = drone_hover.expert(drone_hover.goal_observation())
    np.testing.assert_allclose(action, [9.81, 0, 0, 0], atol=1e-12)


@pytest.mark.parametrize(
    ('term', 'output', 'sign'),
    [
        (0, 2, 1),
        (1, 1, -1),
        (2, 0, 1),
        (3, 2, -1),
        (5, 0, -1),
        (9, 1, -1),
        (10, 2, -1),
        (11, 3, -1),
    ],
)
def test_the_expert_pushes_the_right_way(term, output, sign):
    # A goal ahead needs the nose down (positive pitch), one to the left a roll to the left.
    observation = drone_hover.goal_observation()
    observation[term] = 0.1
    change = drone_hover.expert(observation) - [9.81, 0, 0, 0]
    assert np.sign(change[output]) == sign


def test_the_expert_is_the_same_in_torch_and_in_batches():
    observations = np.random.default_rng(0).normal(size=(20, 12))
    batch = drone_hover.expert(observations)
    tensor = drone_hover.expert(torch.from_numpy(observations))
    np.testing.assert_allclose(tensor.numpy(), batch, atol=1e-10)
    np.testing.assert_allclose(drone_hover.expert(observations[7]), batch[7], atol=1e-10)


def judge(states: np.ndarray) -> Score:
    """Return the score of states `[steps + 1, 13]` of an episode."""
    return drone_hover.score(states, np.tile(GOAL, (len(states), 1)))


def fly(conditions: Conditions, starts: np.ndarray) -> np.ndarray:
    """Return the states `[flights, steps + 1, 13]` of the expert's flights."""
    law, world = drone_hover.law, BatchedDrone(CRAZYFLIE, drone_hover.rate_hz, conditions)
    states, memory = [world.reset(starts, np.random.default_rng(0))], law.start(starts)
    for step in range(drone_hover.steps):
        memory, observation = law.observe(memory, states[-1], drone_hover.goal(0, 0, step))
        memory, command = law.act(memory, states[-1], drone_hover.expert(observation))
        states.append(world.step(command))
    return np.stack(states, axis=1)


@pytest.mark.parametrize('conditions', [CALM, Conditions(mass=1.15, lag_s=0.02, wind_n=0.02)])
def test_the_expert_succeeds(conditions):
    starts = np.array([drone_hover.start(0, episode) for episode in range(40)])
    scores = [judge(states) for states in fly(conditions, starts)]
    assert all(score.success for score in scores)
    assert np.median([score.figures['final_error_m'] for score in scores]) < 0.03
    assert all(0 < score.figures['settling_time_s'] < 6 for score in scores)


def episode(distance: np.ndarray) -> np.ndarray:
    """Return level states at distances from the goal."""
    count = len(distance)
    position = GOAL + np.asarray(distance)[:, None] * [0.6, 0.0, 0.8]
    return np.concatenate([position, np.tile(LEVEL, (count, 1)), np.zeros((count, 6))], axis=1)


STEPS = 301


def test_a_flight_is_judged_by_its_last_second():
    distance = np.full(STEPS, 0.5)
    distance[-50:] = 0.05
    score = judge(episode(distance))
    assert score.success
    assert score.figures['final_error_m'] == pytest.approx(0.05)
    assert score.figures['settling_time_s'] == pytest.approx(251 / 50)


@pytest.mark.parametrize(('distance', 'success'), [(0.0999, True), (0.1001, False)])
def test_success_ends_at_the_tolerance(distance, success):
    score = judge(episode(np.full(STEPS, distance)))
    assert score.success is success
    assert score.figures['settling_time_s'] == (0 if success else np.inf)


def test_a_flight_that_leaves_again_settles_late_or_never():
    distance = np.zeros(STEPS)
    distance[200] = 0.2
    assert judge(episode(distance)).figures['settling_time_s'] == pytest.approx(201 / 50)
    distance[-1] = 0.2
    assert judge(episode(distance)).figures['settling_time_s'] == np.inf


@pytest.mark.parametrize(('tilt', 'success'), [(1.5, True), (1.6, False), (3.1, False)])
def test_an_inverted_flight_fails(tilt, success):
    states = episode(np.zeros(STEPS))
    states[10, 3:7] = Rotation.from_rotvec([tilt, 0, 0]).as_quat()
    assert judge(states).success is success


@pytest.mark.parametrize('field', [0, 3])
def test_a_flight_of_no_numbers_fails(field):
    states = episode(np.zeros(STEPS))
    states[-1, field] = np.nan
    assert judge(states).success is False
