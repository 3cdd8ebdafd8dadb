"""Episodes of controllers in the physics engine: repeatable, independent of each other."""

import dataclasses

import numpy as np
import pytest

from pkan_control.control.controller import Controller
from pkan_control.control.controller_file import ControllerFile
from pkan_control.control.laws.drone import DroneLaw
from pkan_control.evaluation.rollouts.record import rollout_hash, summary
from pkan_control.evaluation.rollouts.rollout import (
    Expert,
    Plan,
    check_fits,
    run_controller,
    run_episode,
    run_expert,
)
from pkan_control.networks.mlp import Mlp
from pkan_control.tasks.drone_hover import DroneHover

CHIP = 'sim:?seed=3&preset=typical&node_noise=0.05'


class Short(DroneHover):
    """A second of hovering."""

    episode_s = 1.0


TASK = Short()


@pytest.fixture(scope='module')
def controller_file(make_program) -> ControllerFile:
    return ControllerFile('drone_hover', TASK.law, 50.0, make_program((12, 16, 4)))


@pytest.fixture(scope='module')
def fly(controller_file):
    """Return a function that runs the controller; every difference from the usual is named."""

    def fly(episodes=2, seed=0, chip=CHIP, chips=1, report=lambda done: None):
        return run_controller(Plan(TASK, episodes, seed), controller_file, chip, chips, report)

    return fly


@pytest.fixture(scope='module')
def usual(fly):
    return fly()


def test_the_same_seeds_give_the_same_bits(fly, usual):
    assert rollout_hash(fly()) == rollout_hash(usual)


@pytest.mark.parametrize(
    'change',
    [
        {'seed': 1},
        {'chip': CHIP.replace('seed=3', 'seed=4')},
        {'chip': CHIP.replace('0.05', '0.06')},
        {'chip': 'ideal:'},
        {'episodes': 1},
    ],
    ids=str,
)
def test_every_seed_and_setting_changes_the_hash(fly, usual, change):
    assert rollout_hash(fly(**change)) != rollout_hash(usual)


def test_an_episode_does_not_depend_on_those_before_and_after(fly, usual):
    for short, long in zip(usual, fly(episodes=4), strict=False):
        assert rollout_hash([short]) == rollout_hash([long])
    assert rollout_hash(usual[:1]) != rollout_hash(usual[1:])


def test_episodes_are_spread_over_chips_of_consecutive_seeds(fly):
    spread = fly(episodes=4, chips=2)
    for parity, seed in enumerate((3, 4)):
        alone = fly(episodes=4, chip=CHIP.replace('seed=3', f'seed={seed}'))
        assert rollout_hash(spread[parity::2]) == rollout_hash(alone[parity::2])


def test_several_chips_need_seeds(fly, refused):
    with refused('ideal:', 'sim:'):
        fly(chip='ideal:', chips=2)


def test_what_is_recorded(usual):
    for number, record in enumerate(usual):
        assert (record.task, record.seed, record.number) == ('drone_hover', 0, number)
        assert record.states.shape == (51, 13)
        assert record.commands.shape == (50, 4)
        assert (record.commands >= 0).all()
        assert (record.commands <= TASK.law.airframe.max_speed).all()
        assert (record.took_ns > 0).all()
        np.testing.assert_allclose(record.states[0], TASK.start(0, number), atol=1e-9)


def test_evaluators_are_told_the_number_of_the_episode(world):
    told = []

    class Listener(Expert):
        def begin(self, episode):
            told.append(episode)

    controller = Controller(TASK.law, Listener(TASK))
    for number in (7, 9):
        run_episode(Plan(TASK, 1), world, controller, number)
    assert told == [7, 9]


def test_progress_is_reported(fly):
    seen: list[int] = []
    fly(episodes=3, report=seen.append)
    assert seen == [1, 2, 3]


def test_the_expert_succeeds_from_every_start():
    records = run_expert(Plan(DroneHover(), 5), lambda done: None)
    figures = summary(records)
    assert figures['success_rate'] == 1
    assert figures['final_error_m']['p95'] < 0.02
    assert figures['settling_time_s']['median'] < 3


def test_an_mlp_runs_without_a_chip_and_takes_none(refused):
    draw = np.random.default_rng(0)
    mlp = Mlp((0.1 * draw.normal(size=(12, 4)),), (np.zeros(4),))
    controller_file = ControllerFile('drone_hover', TASK.law, 50.0, mlp)
    plan = Plan(TASK, 1)
    one, again = (
        run_controller(plan, controller_file, 'ideal:', 1, lambda done: None) for _ in range(2)
    )
    assert rollout_hash(one) == rollout_hash(again)
    for chip, chips in ((CHIP, 1), ('ideal:', 2)):
        with refused('MLP 12-4 runs on no chip'):
            run_controller(plan, controller_file, chip, chips, lambda done: None)


def test_a_controller_for_another_task_or_rate_is_refused(controller_file, refused):
    check_fits(controller_file, TASK)
    with refused('cartpole', 'drone_hover'):
        check_fits(dataclasses.replace(controller_file, task='cartpole'), TASK)
    with refused('100.0 Hz', '50.0'):
        check_fits(
            dataclasses.replace(controller_file, rate_hz=100.0, law=DroneLaw(rate_hz=100.0)), TASK
        )
