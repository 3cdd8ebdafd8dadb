"""Many chips at once give what each gives alone."""

import numpy as np
import pytest

from pkan_control.chips.population import Population
from pkan_control.chips.simulated import SimulatedChip
from pkan_control.control.controller_file import load_controller_file
from pkan_control.devices.deviations import find_deviations
from pkan_control.evaluation.controllers import shipped_controller

CHANGES = [{}, {'node_noise': 0.03, 'dead': 0.2}, {'warming_c_s': 20.0, 'offset_drift': 1.0}]


def programmed(program, seed, changes):
    chip = SimulatedChip(seed, find_deviations('bad', **changes))
    chip.program(program)
    return chip


@pytest.mark.slow
@pytest.mark.parametrize('changes', CHANGES, ids=str)
@pytest.mark.parametrize('controller', ['drone_hover', 'drone_hover_memdiode'])
def test_each_chip_is_as_it_is_alone(controller, changes):
    program = load_controller_file(shipped_controller(controller)).policy
    seeds, episodes = (4, 9, 2), (0, 7)
    population = Population([programmed(program, s, changes) for s in seeds], program, episodes)
    draw = np.random.default_rng(0)
    alone = {(s, e): programmed(program, s, changes) for s in seeds for e in episodes}
    for (_, episode), chip in alone.items():
        chip.begin(episode)
    for step in range(4):
        x, time_s = draw.random((3, 2, 12)), 0.05 * step
        found = population.evaluate(x, step, time_s)
        for i, seed in enumerate(seeds):
            for j, episode in enumerate(episodes):
                wanted = alone[seed, episode].evaluate(x[i, j], time_s, 1.0)
                # One step of the converter, where rounding falls on either side.
                np.testing.assert_allclose(found[i, j], wanted, 0, 0.0015)
                assert np.mean(found[i, j] == wanted) >= 0.5


def test_chips_of_different_deviations_fly_together(make_program):
    program = make_program((3, 5, 2))
    chips = [programmed(program, 1, changes) for changes in CHANGES]
    found = Population(chips, program, (0,)).evaluate(np.full((3, 1, 3), 0.4), 0, 0.0)
    for chip, values in zip(chips, found, strict=True):
        chip.begin(0)
        np.testing.assert_allclose(values[0], chip.evaluate(np.full(3, 0.4), 0.0, 1), 0, 0.0015)
