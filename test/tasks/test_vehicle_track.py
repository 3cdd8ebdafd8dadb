"""Keeping a path with a car: roads, expert, training goals, score."""

import numpy as np
import pytest

from pkan_control.chips.simulated import SimulatedChip
from pkan_control.chips.uri import open_chip
from pkan_control.control.controller import Controller
from pkan_control.control.controller_file import load_controller_file
from pkan_control.evaluation.controllers import shipped_controller, shipped_mlp
from pkan_control.evaluation.rollouts.rollout import Expert, Plan
from pkan_control.evaluation.studies.monte_carlo import run_chips
from pkan_control.sim.batched.vehicle import BatchedVehicle
from pkan_control.sim.disturbances import CarConditions
from pkan_control.sim.scenarios import load_scenario
from pkan_control.tasks.options import with_airframe, with_path
from pkan_control.tasks.paths import Path, Road, load_path
from pkan_control.tasks.task import find_task
from pkan_control.tasks.vehicle_track import cross_track, states_at, vehicle_track


def test_a_circle_is_as_long_and_as_bent_as_it_is():
    road = Road(Path('circle', 2.0, 1.5))
    assert road.length_m == pytest.approx(3 * np.pi, rel=1e-5)
    x, y, yaw, curvature = road.at(np.array([0.0, road.length_m / 4, road.length_m * 3])).T
    np.testing.assert_allclose(curvature, 1 / 1.5, rtol=1e-6)
    np.testing.assert_allclose(np.hypot(x, y), 1.5, rtol=1e-6)
    np.testing.assert_allclose(yaw, np.pi / 2 + np.array([0, np.pi / 2, 6 * np.pi]), atol=1e-5)


def test_heading_and_curvature_are_those_of_the_points():
    road = vehicle_track.road
    way = np.arange(0, 2 * road.length_m, 0.01)
    x, y, yaw, curvature = road.at(way).T
    np.testing.assert_allclose(np.gradient(x, way)[1:-1], np.cos(yaw)[1:-1], atol=0.02)
    np.testing.assert_allclose(np.gradient(y, way)[1:-1], np.sin(yaw)[1:-1], atol=0.02)
    np.testing.assert_allclose(np.gradient(yaw, way)[1:-1], curvature[1:-1], atol=0.02)


def test_roads_that_ship_are_one_road_and_corners_are_refused(refused):
    assert load_path('road').at(np.array([1.0])) == pytest.approx(
        vehicle_track.path.at(np.array([1.0]))
    )
    assert [load_path(f'road{end}').speed_m_s for end in ('_slow', '', '_fast')] == [1, 2, 3]
    with refused('corners', 'curve'):
        with_path(vehicle_track, load_path('square'))
    with refused('vehicle_track', 'quadrotor'):
        with_airframe(vehicle_track, None)


def test_an_episode_enters_anywhere_and_beside_its_path():
    assert find_task('vehicle_track') is vehicle_track
    entries = np.array([vehicle_track.goal(0, episode, 0) for episode in range(50)])
    assert np.ptp(entries[:, 0]) > 8
    for episode in range(10):
        state, goal = vehicle_track.start(0, episode), vehicle_track.goal(0, episode, 0)
        assert np.linalg.norm(state[:2] - goal[:2]) <= 0.3
        assert 1.0 <= state[7] <= 2.0
    np.testing.assert_array_equal(vehicle_track.start(0, 3), vehicle_track.start(0, 3))


def test_training_goals_are_a_drive_from_the_origin():
    goals = vehicle_track.training_goals(np.random.default_rng(0), 100, 150)
    x, y, yaw, speed, curvature, _ = np.moveaxis(goals, -1, 0)
    assert goals.shape == (150, 100, 6)
    np.testing.assert_allclose(goals[0, :, :3], 0, atol=1e-12)
    steps = np.hypot(np.diff(x, axis=0), np.diff(y, axis=0))
    np.testing.assert_allclose(steps * 50, speed[1:], rtol=1e-6)
    np.testing.assert_allclose(np.diff(yaw, axis=0) * 50, (speed * curvature)[:-1], atol=0.2)
    assert (abs(curvature) * speed**2).max() <= 4.0 + 1e-9
    assert 0.8 <= speed.min() < 1.2 < 2.8 < speed.max() <= 3.2


@pytest.mark.parametrize('path', ['road_slow', 'road', 'road_fast'])
@pytest.mark.parametrize('friction', [0.5, 0.8])
def test_the_expert_keeps_the_road(path, friction):
    task = with_path(vehicle_track, load_path(path))
    world = BatchedVehicle(task.car, task.rate_hz, CarConditions(friction=friction))
    controller = Controller(task.law, Expert(task))
    controller.reset(0)
    states = [world.reset(task.start(0, 0), np.random.default_rng(0))]
    for step in range(task.steps):
        states.append(world.step(controller.step(states[-1], task.goal(0, 0, step), step / 50)))
    goals = np.array([task.goal(0, 0, step) for step in range(task.steps + 1)])
    score = task.score(np.array(states), goals)
    assert score.success
    assert score.figures['rms_error_m'] < 0.03
    assert np.mean([state[7] for state in states[100:]]) == pytest.approx(
        task.path.speed_m_s, rel=0.03
    )


def test_the_score_asks_for_the_path_and_not_for_the_time():
    goals = np.array([vehicle_track.goal(0, 0, step) for step in range(501)])
    late = np.maximum(np.arange(501) - 10, 0)
    x, y, yaw = goals[late, :3].T
    poses = np.stack([x - 0.05 * np.sin(yaw), y + 0.05 * np.cos(yaw), yaw, 2 + 0 * yaw], axis=-1)
    states = states_at(poses)
    np.testing.assert_allclose(cross_track(states, goals, 25), 0.05, atol=1e-4)
    score = vehicle_track.score(states, goals)
    assert score.success
    assert score.figures['rms_error_m'] == pytest.approx(0.05, abs=1e-4)
    assert not vehicle_track.failed(states[100], goals[100])
    states[300, 3:7] = [1, 0, 0, 0]
    assert not vehicle_track.score(states, goals).success
    assert vehicle_track.failed(states[300], goals[300])
    off = states_at(poses + np.array([3.0, 3.0, 0.0, 0.0]))
    assert not vehicle_track.score(off, goals).success
    assert vehicle_track.failed(off[100], goals[100])


def test_a_car_that_stays_behind_is_off_its_path():
    goals = np.array([vehicle_track.goal(0, 0, step) for step in range(501)])
    stuck = np.repeat(states_at(np.array([[*goals[0, :3], 0.0]])), 501, axis=0)
    assert not vehicle_track.score(stuck, goals).success


def test_the_reward_is_best_on_the_path():
    goal = vehicle_track.goal(0, 0, 0)
    on = states_at(np.array([[*goal[:3], 2.0]]))[0]
    beside = on + np.array([0.2, 0.2, *[0.0] * 11])
    assert vehicle_track.reward(on, goal) == pytest.approx(1.0)
    assert vehicle_track.reward(beside, goal) < 1.0


@pytest.mark.parametrize('scenario', ['calm', 'slippery', 'worn'])
def test_the_shipped_controller_keeps_the_road_on_typical_chips(scenario):
    controller_file = load_controller_file(shipped_controller('vehicle_track'))
    chips: list[SimulatedChip] = []
    for seed in range(5):
        chip = open_chip(f'sim:?preset=typical&seed={seed}')
        chip.program(controller_file.policy)
        chip.arm(np.zeros(2))
        chips.append(chip)
    flown = run_chips(Plan(vehicle_track, 1, 0, load_scenario(scenario)), controller_file, chips)
    assert flown.success.all()
    assert np.median(flown.figures['rms_error_m']) < 0.02


def test_shipped_controllers_are_small():
    network, mlp = (
        load_controller_file(f('vehicle_track')) for f in (shipped_controller, shipped_mlp)
    )
    assert sum(network.policy.shape[1:]) <= 32
    assert mlp.policy.parameters <= network.policy.parameters
    for path in (shipped_controller('vehicle_track'), shipped_mlp('vehicle_track')):
        assert path.stat().st_size < 100_000
