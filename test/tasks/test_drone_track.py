"""The tracking task: paths, expert, usual controller, score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.common.yaml_files import shipped_files
from pkan_control.control.controller import Controller
from pkan_control.evaluation.rollouts.rollout import Expert
from pkan_control.robots.quadrotor import load_airframe
from pkan_control.sim.batched.drone import BatchedDrone
from pkan_control.tasks.drone_track import drone_track
from pkan_control.tasks.paths import SHAPES, Path, load_path
from pkan_control.tasks.task import find_task

CORNERS = ((1.0, 0.0, 1.0), (0.0, 1.0, 2.0), (-1.0, 0.0, 1.5))
FINE = np.arange(0, 20, 1e-3)


def path_of(shape: str, speed: float) -> Path:
    return Path(shape, speed, points_m=CORNERS if shape in ('waypoints', 'curve') else ())


@given(st.sampled_from(SHAPES), st.floats(0.5, 2.0))
def test_velocity_and_acceleration_are_derivatives(shape, speed):
    goals = path_of(shape, speed).at(FINE)
    for order in (0, 3):
        value, change = goals[:, order : order + 3], goals[:, order + 3 : order + 6]
        middle = (value[2:] - value[:-2]) / 2e-3
        assert abs(middle - change[1:-1]).max() < 0.05


@pytest.mark.parametrize('shape', SHAPES)
def test_paths_come_round(shape):
    path = path_of(shape, 1.5)
    np.testing.assert_allclose(
        path.at(np.array([0.3])), path.at(np.array([0.3 + path.period_s])), atol=1e-9
    )


@pytest.mark.parametrize(
    ('shape', 'speed'), [('figure_of_eight', 1.5), ('circle', 2.0), ('curve', 1.0)]
)
def test_speeds_are_means_and_waypoints_limits(shape, speed):
    path = path_of(shape, speed)
    times = np.linspace(0, path.period_s, 10_000, endpoint=False)
    speeds = np.linalg.norm(path.at(times)[:, 3:6], axis=1)
    assert speeds.mean() == pytest.approx(speed, rel=1e-3)
    highest = np.linalg.norm(path_of('waypoints', 2.0).at(FINE)[:, 3:6], axis=1).max()
    assert highest == pytest.approx(2.0, rel=1e-3)


def test_a_curve_passes_its_points_in_their_order():
    path = path_of('curve', 1.0)
    way = path.at(np.linspace(0, path.period_s, 5000))[:, :3]
    nearest = [np.linalg.norm(way - corner, axis=1) for corner in CORNERS]
    assert max(distance.min() for distance in nearest) < 1e-3
    assert np.argsort([distance[:-1].argmin() for distance in nearest]).tolist() == [0, 1, 2]


def test_waypoints_are_passed_in_their_order_at_rest():
    path = path_of('waypoints', 1.0)
    ends = np.concatenate([[0], np.cumsum(path._durations())[:-1]])
    goals = path.at(ends + 1e-9)
    np.testing.assert_allclose(goals[:, :3], CORNERS, atol=1e-6)
    np.testing.assert_allclose(goals[:, 3:6], 0, atol=1e-6)


def test_shipped_paths_and_airframes_are_sound():
    assert {'figure_of_eight', 'circle', 'square'} <= set(shipped_files('paths'))
    assert load_path('figure_of_eight') == drone_track.path
    for name in shipped_files('paths'):
        assert load_path(name).period_s > 1


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('[]', ['must be a mapping of shape, speed_m_s']),
        ('{shape: spiral}', ["'spiral'", 'circle']),
        ('{speed_m_s: 0}', ['speed_m_s: must be from 1e-3 to 1e3 m/s, not 0.0']),
        ('{colour: red}', ['colour']),
        ('{shape: waypoints}', ['points_m: waypoints needs 2 points']),
        (
            '{shape: waypoints, points_m: [[0, 0, 1], [0, 0, 1]]}',
            ['points_m: each must be 0.001 m or more from the next'],
        ),
        ('{shape: curve, points_m: [[0, 0, 1], [1, 0, 1]]}', ['points_m: curve needs 3 points']),
        ('{centre_m: [0, 1]}', ['centre_m']),
        ('{centre_m: 3}', ['path']),
    ],
)
def test_paths_that_are_none_are_refused(tmp_path, refused, text, words):
    file = tmp_path / 'odd.yaml'
    file.write_text(text)
    with refused(str(file), *words):
        load_path(str(file))


def test_an_episode_enters_its_path_anywhere():
    assert find_task('drone_track') is drone_track
    entries = np.array([drone_track.goal(0, episode, 0) for episode in range(50)])
    assert np.ptp(entries[:, 0]) > 1.5
    np.testing.assert_array_equal(drone_track.goal(0, 3, 7), drone_track.goal(0, 3, 7))
    state = drone_track.start(0, 3)
    assert np.linalg.norm(state[:3] - drone_track.goal(0, 3, 0)[:3]) < 0.5 * np.sqrt(3)


def test_training_goals_are_consistent_and_within_bounds():
    goals = drone_track.training_goals(np.random.default_rng(0), 200, 150)
    assert goals.shape == (150, 200, 9)
    slope = (goals[2:, :, :3] - goals[:-2, :, :3]) * 25
    np.testing.assert_allclose(slope, goals[1:-1, :, 3:6], atol=0.05)
    assert abs(goals[..., 6:]).max() <= 8.0
    assert (goals[..., 3:6] == 0).all(axis=(0, 2)).mean() == pytest.approx(0.2, abs=0.08)


def flown(task, law, controller, episode: int):
    """Return the score of one flight in the batched world."""
    world, flight = BatchedDrone(task.airframe, task.rate_hz), Controller(law, controller)
    flight.reset(episode)
    states = [world.reset(task.start(0, episode), np.random.default_rng(0))]
    for step in range(task.steps):
        goal = task.goal(0, episode, step)
        states.append(world.step(flight.step(states[-1], goal, step / 50)))
    goals = [task.goal(0, episode, step) for step in range(task.steps + 1)]
    return task.score(np.array(states), np.array(goals))


@pytest.mark.parametrize('frame', ['crazyflie', 'racer_500g', 'carrier_1500g'])
def test_the_expert_follows_with_any_airframe(frame):
    task = drone_track.with_airframe(load_airframe(frame))
    score = flown(task, task.law, Expert(task), 0)
    assert score.success
    assert score.figures['rms_error_m'] < 0.03


def test_the_usual_controller_follows_too_and_starts_afresh():
    law, usual = drone_track.reference()
    first = flown(drone_track, law, usual, 0)
    assert first.success
    assert first.figures['rms_error_m'] < 0.04
    assert flown(drone_track, law, usual, 0) == first


def test_the_score_forgives_catching_up_and_not_falling_over():
    goals = np.array([drone_track.goal(0, 0, step) for step in range(501)])
    states = np.zeros((501, 13))
    states[:, 6] = 1.0
    states[:, :3] = goals[:, :3] + [0.03, 0.04, 0]
    states[:100, :3] += 1.0
    score = drone_track.score(states, goals)
    assert score.success
    assert score.figures['rms_error_m'] == pytest.approx(0.05)
    states[10, 3:7] = [1, 0, 0, 0]
    assert not drone_track.score(states, goals).success
    states[10, 3:7] = [0, 0, 0, 1]
    states[100:, :3] += 0.1
    assert not drone_track.score(states, goals).success
