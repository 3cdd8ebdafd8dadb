"""Many chips in one batch fly as each does alone in the task's own world."""

import numpy as np
import pytest

from pkan_control.chips.simulated import SimulatedChip
from pkan_control.control.controller_file import load_controller_file
from pkan_control.devices.deviations import find_deviations
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.evaluation.rollouts.rollout import Plan, run_controller
from pkan_control.evaluation.studies.monte_carlo import run_chips
from pkan_control.sim.scenarios import load_scenario
from pkan_control.tasks.task import find_task

TASK = find_task('drone_hover')


@pytest.fixture(scope='module')
def controller_file():
    return load_controller_file(shipped_controller('drone_hover'))


def chips(controller_file, seeds):
    made = [SimulatedChip(seed, find_deviations('typical')) for seed in seeds]
    for chip in made:
        chip.program(controller_file.policy)
    return made


@pytest.mark.slow
@pytest.mark.parametrize('scenario', ['calm', 'gusts', 'noisy', 'worn'])
def test_a_flock_flies_as_its_chips_do_in_pybullet(controller_file, scenario):
    plan = Plan(TASK, 3, 5, load_scenario(scenario))
    found = run_chips(plan, controller_file, chips(controller_file, (1, 2)))
    for i, seed in enumerate((1, 2)):
        chip = f'sim:?preset=typical&seed={seed}'
        alone = run_controller(plan, controller_file, chip, 1, lambda done: None)
        assert found.success[i].tolist() == [record.score.success for record in alone]
        errors = [record.score.figures['final_error_m'] for record in alone]
        np.testing.assert_allclose(found.figures['final_error_m'][i], errors, 0.02, 2e-4)


def test_neither_the_batch_nor_the_episodes_beside_change_a_flight(controller_file):
    plan = Plan(TASK, 4, 1, load_scenario('everything'))
    together = run_chips(plan, controller_file, chips(controller_file, (3, 4, 5)))
    alone = run_chips(
        Plan(TASK, 2, 1, load_scenario('everything'), 2),
        controller_file,
        chips(controller_file, (4,)),
    )
    for name, values in together.figures.items():
        np.testing.assert_array_equal(values[1, 2:], alone.figures[name][0])
