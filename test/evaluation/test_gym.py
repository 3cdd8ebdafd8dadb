"""The Gymnasium environment: its contract, its seeds, and that a law stands around the actions."""

import math
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from pkan_control.control.controller_file import load_controller_file
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.evaluation.environment_ids import environment_id
from pkan_control.evaluation.gym import TaskEnvironment
from pkan_control.evaluation.rollouts.rollout import Plan, run_controller
from pkan_control.sim.scenarios import load_scenario
from pkan_control.tasks.task import TASKS


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


@pytest.mark.slow
@pytest.mark.parametrize('task', TASKS.names())
def test_gymnasium_finds_nothing_wrong(task):
    """A warning would be an error here."""
    made = gymnasium.make(environment_id(task))
    runs = []
    try:
        check_env(made.unwrapped, skip_render_check=True)
        for _ in range(2):
            first, _ = made.reset(seed=3)
            runs.append([first, *(made.step(made.action_space.low / 2)[0] for _ in range(5))])
    finally:
        made.close()
    np.testing.assert_array_equal(*runs)


@pytest.mark.slow
@pytest.mark.parametrize('order', ['pkan_control, gymnasium', 'gymnasium, pkan_control'])
def test_ids_are_known_without_a_further_import_and_load_no_physics(order):
    code = f"""
import sys
import {order}
assert gymnasium.spec('pkan_control/DroneHover-v0').kwargs == {{'task': 'drone_hover'}}
heavy = {{'pybullet', 'torch', 'scipy', 'pkan_control.tasks.task'}}
sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)
"""
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_an_id_may_name_the_package_that_registers_it():
    code = """
import gymnasium
made = gymnasium.make('pkan_control:pkan_control/Cartpole-v0')
made.reset(seed=0)
"""
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('scenario', ['calm', 'everything'])
def test_without_actions_a_controller_on_a_chip_does_what_it_does_in_a_rollout(scenario):
    chip = 'sim:?preset=typical&seed=3'
    made = gymnasium.make('pkan_control/DroneHover-v0', scenario=scenario, chip=chip).unwrapped
    try:
        made.reset(seed=7)
        for _ in range(40):
            made.step(np.zeros(4, dtype=np.float32))
        record = made._episode.record(1.0)
    finally:
        made.close()
    task = TASKS.find('drone_hover')
    plan = Plan(task, 1, 7, load_scenario(scenario), record.number)
    file = load_controller_file(shipped_controller('drone_hover'))
    (flown,) = run_controller(plan, file, chip, 1, lambda done: None)
    np.testing.assert_array_equal(record.states, flown.states[:41])
    np.testing.assert_array_equal(record.commands, flown.commands[:40])


def test_actions_are_added_to_the_outputs_of_the_controller():
    made = gymnasium.make('pkan_control/Cartpole-v0', chip='ideal:')
    first, _ = made.reset(seed=0)
    pushed = [(made.reset(seed=0), made.step([share])[0][1])[1] for share in (-0.2, 0.0, 0.2)]
    made.close()
    assert first is not None
    assert pushed[0] < pushed[1] < pushed[2]


def test_a_picture_is_drawn_where_one_is_wanted():
    made = gymnasium.make('pkan_control/DroneHover-v0', render_mode='rgb_array')
    made.reset(seed=0)
    before = made.render()
    for _ in range(25):
        made.step(np.array([1, 0, 0, 0], dtype=np.float32))
    after = made.render()
    made.close()
    assert before.shape == after.shape == (480, 640, 3)
    assert before.dtype == np.uint8
    assert (before != after).any()


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        ({'scenario': 'storm'}, ['storm', 'gusts']),
        ({'chip': 'sim:?preset=odd'}, ['odd', 'typical']),
        ({'chip': 'ideal:', 'controller': 'cartpole'}, ['cartpole', 'drone_hover']),
        ({'chip': 'ideal:', 'controller': 'drone_hover_mlp'}, ['MLP', 'chip']),
        ({'controller': 'drone_hover'}, ['chip']),
        ({'airframe': 'jumbo'}, ['jumbo', 'crazyflie']),
        ({'task': 'solar_mppt', 'render_mode': 'rgb_array'}, ['pictures', 'solar']),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(options, words, refused):
    with refused(*words):
        TaskEnvironment(**{'task': 'drone_hover', **options})


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
        action = (task.law.output.normalise(task.expert(values)) / 3).astype(np.float32)
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
        _, _, failed, _, _ = environment.step(np.array([-1, 0, 0, 0], dtype=np.float32))
        if failed:
            break
    assert failed


def test_an_action_that_is_not_finite_stops_the_rotors(environment):
    def falls(action: list[float]) -> np.ndarray:
        environment.reset(seed=0)
        for _ in range(10):
            observation = environment.step(np.array(action, dtype=np.float32))[0]
        return observation

    np.testing.assert_array_equal(falls([math.nan, 0, 0, 0]), falls([-1, 0, 0, 0]))


def test_an_unknown_task_is_named(refused):
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
            _, reward, failed, done, _ = made.step((outputs / made._scale).astype(np.float32))
            rewards.append(reward)
            assert not failed
        assert rewards[-1] == pytest.approx(1, abs=0.005)
        assert rewards[0] < 0
    finally:
        made.close()
