"""Many chips in one batch fly as each does alone in the task's own world."""

import numpy as np
import pytest

from pkan_control.chips.simulated import SimulatedChip
from pkan_control.control.controller_file import load_bundle
from pkan_control.devices.deviations import find_deviations
from pkan_control.evaluation.rollouts.baselines import shipped
from pkan_control.evaluation.rollouts.rollout import Plan, fly_bundle
from pkan_control.evaluation.studies.monte_carlo import fly
from pkan_control.sim.scenarios import load_scenario
from pkan_control.tasks.task import find_task

TASK = find_task('drone_hover')


@pytest.fixture(scope='module')
def bundle():
    return load_bundle(shipped('drone_hover'))


def chips(bundle, seeds):
    made = [SimulatedChip(seed, find_deviations('typical')) for seed in seeds]
    for chip in made:
        chip.program(bundle.policy)
    return made


@pytest.mark.parametrize('scenario', ['calm', 'gusts', 'noisy', 'worn'])
def test_a_flock_flies_as_its_chips_do_in_pybullet(bundle, scenario):
    plan = Plan(TASK, 3, 5, load_scenario(scenario))
    found = fly(plan, bundle, chips(bundle, (1, 2)))
    for i, seed in enumerate((1, 2)):
        chip = f'sim:?preset=typical&seed={seed}'
        alone = fly_bundle(plan, bundle, chip, 1, lambda done: None)
        assert found.success[i].tolist() == [record.score.success for record in alone]
        errors = [record.score.figures['final_error_m'] for record in alone]
        np.testing.assert_allclose(found.figures['final_error_m'][i], errors, 0.02, 2e-4)


def test_neither_the_batch_nor_the_episodes_beside_change_a_flight(bundle):
    plan = Plan(TASK, 4, 1, load_scenario('everything'))
    together = fly(plan, bundle, chips(bundle, (3, 4, 5)))
    alone = fly(Plan(TASK, 2, 1, load_scenario('everything'), 2), bundle, chips(bundle, (4,)))
    for name, values in together.figures.items():
        np.testing.assert_array_equal(values[1, 2:], alone.figures[name][0])
