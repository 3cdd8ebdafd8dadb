"""The Gymnasium environment: its contract, its seeds, and that a law stands around the actions."""

import math
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from pkan_control.evaluation.gym import TASKS


@pytest.fixture
def environment():
    made = gymnasium.make('pkan_control/DroneHover-v0')
    yield made.unwrapped
    made.close()


def flight(environment, seed: int | None, steps: int = 30) -> np.ndarray:
    """Return all observations of a flight with actions of a generator of its own."""
    draw = np.random.default_rng(0)
    actions = draw.uniform(-1, 1, (steps, 4)).astype(np.float32)
    return np.array(
        [environment.reset(seed=seed)[0], *(environment.step(action)[0] for action in actions)]
    )


# Outputs of a network reach 3 scales, and no further than the environment lets them.
@pytest.mark.filterwarnings('ignore:.*we recommend using a symmetric and normalized space')
@pytest.mark.parametrize('name', TASKS)
def test_gymnasium_finds_nothing_wrong(name):
    made = gymnasium.make(f'pkan_control/{name}-v0').unwrapped
    try:
        check_env(made, skip_render_check=True)
    finally:
        made.close()


@pytest.mark.parametrize('name', ['Cartpole', 'SolarMppt'])
@pytest.mark.filterwarnings('ignore:.*we recommend using a symmetric and normalized space')
def test_gymnasium_finds_nothing_wrong_with_the_others(name):
    made = gymnasium.make(f'pkan_control/{name}-v0')
    check_env(made.unwrapped, skip_render_check=True)
    runs = []
    for _ in range(2):
        first, _ = made.reset(seed=3)
        runs.append([first, *(made.step(made.action_space.low / 4)[0] for _ in range(5))])
    np.testing.assert_array_equal(*runs)
    made.close()


def test_the_seed_decides(environment):
    one = flight(environment, 5)
    second = flight(environment, None)
    np.testing.assert_array_equal(one, flight(environment, 5))
    np.testing.assert_array_equal(second, flight(environment, None))
    assert (one[0] != flight(environment, 6)[0]).any()
    assert (one[0] != second[0]).any()


def test_a_hovering_drone_is_rewarded_until_time_is_up(environment):
    task = environment._task
    environment.reset(seed=0)
    observation, done, rewards = None, False, []
    while not done:
        episode = environment._episode
        _, values = task.law.observe(environment._memory, episode.state, episode.goal)
        action = task.law.output.normalise(task.expert(values)).astype(np.float32)
        observation, reward, failed, done, _ = environment.step(action)
        rewards.append(reward)
        assert not failed
        assert environment.observation_space.contains(observation)
    assert len(rewards) == task.steps
    assert rewards[-1] == pytest.approx(1, abs=0.02)
    assert rewards[0] < 0.5


def test_a_drone_without_thrust_fails(environment):
    environment.reset(seed=0)
    for _ in range(100):
        _, _, failed, _, _ = environment.step(np.array([-3, 0, 0, 0], dtype=np.float32))
        if failed:
            break
    assert failed


def test_an_action_that_is_not_finite_stops_the_rotors(environment):
    def falls(action: list[float]) -> np.ndarray:
        environment.reset(seed=0)
        for _ in range(10):
            observation = environment.step(np.array(action, dtype=np.float32))[0]
        return observation

    np.testing.assert_array_equal(falls([math.nan, 0, 0, 0]), falls([-3, 0, 0, 0]))


def test_importing_loads_no_physics_and_an_unknown_task_is_named(refused):
    code = 'import sys, pkan_control.evaluation.gym; sys.exit("pybullet" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code], timeout=60).returncode == 0
    with refused('fly_to_mars', 'drone_hover'):
        gymnasium.make('pkan_control/DroneHover-v0', task='fly_to_mars')


def test_an_arm_sees_its_goal_and_is_rewarded_for_reaching_it():
    made = gymnasium.make('pkan_control/ArmReach-v0').unwrapped
    try:
        observation, _ = made.reset(seed=0)
        assert observation.shape == (8,)
        rewards, done = [], False
        while not done:
            _, values = made._task.law.observe(
                made._memory, made._episode.state, made._episode.goal
            )
            outputs = made._task.law.output.normalise(made._task.expert(values))
            _, reward, failed, done, _ = made.step(outputs.astype(np.float32))
            rewards.append(reward)
            assert not failed
        assert rewards[-1] == pytest.approx(1, abs=0.005)
        assert rewards[0] < 0
    finally:
        made.close()
