"""Many simulated chips at once."""

import numpy as np
from worker import Work

from candidates.inference import PERIOD_S, inputs_of, program_of
from pkan_control.chips.population import Population
from pkan_control.chips.simulated import SimulatedChip
from pkan_control.devices.deviations import find_deviations

EPISODES = 8


def population(shape: list[int], k: int, chips: int) -> Work:
    """Return evaluations of chips that each fly some episodes."""
    program = program_of(shape, k)
    each = [SimulatedChip(seed, find_deviations('typical')) for seed in range(chips)]
    for chip in each:
        chip.program(program)
    flock = Population(each, program, range(EPISODES))
    x = np.broadcast_to(inputs_of(program, EPISODES), (chips, EPISODES, shape[0]))
    step = 0

    def evaluate() -> None:
        nonlocal step
        flock.evaluate(x, step, step * PERIOD_S)
        step += 1

    return Work(evaluate, chips)
