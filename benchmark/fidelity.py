"""R^2 at p5 of the edges of typical chips: ways to trim them, and ways to measure what is left.

A simulated chip tells the truth too: read so often that no noise is left.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np

from pkan_control.chips import simulated
from pkan_control.chips.calibration.calibrate import edge_lines, repeatability
from pkan_control.chips.calibration.calibration import edge_rmse, ideal_edges, set_trims
from pkan_control.chips.calibration.measuring import (
    CHECK,
    CHECK_NOISE,
    STAGES,
    SWEPT_X,
    LayerValues,
    Stage,
    gather,
    measure_node,
    nodes,
)
from pkan_control.chips.calibration.self_test import alive, self_test
from pkan_control.chips.calibration.trims import edge_trims
from pkan_control.chips.twin import Readings, fit_twin
from pkan_control.control.controller_file import load_controller_file
from pkan_control.devices.deviations import PRESETS
from pkan_control.devices.element import find_device
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.evaluation.studies.transfer import FLAT
from pkan_control.networks.program import Program

# Averages of the sweeps, and how trims come from them.
WAYS = {
    'as it is': (16, 'lines'),
    'sweeps of 64 averages': (64, 'lines'),
    'gains drawn to 1 by a prior of 2 %': (16, 'prior'),
    'trims from the digital twin': (16, 'twin'),
    'twin, sweeps of 64 averages': (64, 'twin'),
}
OFTEN = 10**12


class Chip(simulated.SimulatedChip):
    """A chip whose measurements share no noise."""

    episode = 0

    def measure(self, program: Program, stage: Stage) -> LayerValues:
        """Return what a stage finds of each layer."""
        parts = []
        for layer, node in nodes(program):
            self.episode += 1
            parts.append(measure_node(self, program, stage, layer, node, self.episode))
        return gather(parts, program, stage)


def trim(chip: Chip, program: Program, averages: int, way: str) -> float:
    """Trim a chip, and return the noise of a sweep."""
    found = {
        stage.name: chip.measure(
            program, stage if stage.target == 'element' else replace(stage, averages=averages)
        )
        for stage in STAGES
    }
    sigma = repeatability(found)
    if way == 'twin':
        set_trims(chip, twin_trims(program, found, sigma))
    else:
        # A prior of 2 % instead of 10 % is one of five times the noise.
        set_trims(chip, edge_lines(program, found, sigma * (5 if way == 'prior' else 1)))
    return sigma


def twin_trims(program: Program, found: dict[str, LayerValues], sigma: float) -> tuple:
    """Return the lines from what the fitted elements give to what they should."""
    stages, device = STAGES[1:], find_device(program.device)
    x = np.concatenate([stage.x for stage in stages])
    drive = np.concatenate([np.full(len(stage.x), float(stage.drive)) for stage in stages])
    readings = [
        Readings(x, drive, np.concatenate([found[stage.name][layer] for stage in stages]), sigma)
        for layer in range(len(program.layers))
    ]
    faults = self_test(program, found['signature']).faults
    trims = []
    twins = fit_twin(program, readings, alive(program, faults))
    for twin, wanted in zip(twins, ideal_edges(program, SWEPT_X), strict=True):
        inputs = SWEPT_X.reshape(-1, 1, 1, 1)
        elements = device.exact_response(inputs, twin.physical) * twin.alive
        edges = elements.sum(axis=-1) * twin.gain + twin.offset
        trims.append(edge_trims(edges, wanted, sigma / 10))
    return tuple(trims)


def judge(chip: Chip, program: Program, sigma: float) -> dict[str, np.ndarray]:
    """Return the R^2 of the edges that vary, by each way to measure it."""
    wanted = ideal_edges(program, CHECK.x)
    sizes = np.concatenate([np.ravel(right.std(axis=0)) for right in wanted])

    def r2(averages: int, noise: float) -> np.ndarray:
        found = chip.measure(program, replace(CHECK, averages=averages))
        pairs = zip(found, wanted, strict=True)
        rmse = np.concatenate([edge_rmse(each, right, noise) for each, right in pairs])
        return 1 - np.square(rmse[sizes > FLAT] / sizes[sizes > FLAT])

    return {
        '64 readings': r2(CHECK.averages, 0.0),
        '256 readings': r2(4 * CHECK.averages, 0.0),
        '64, less noise': r2(CHECK.averages, sigma * CHECK_NOISE),
        'the truth': r2(OFTEN, 0.0),
    }


def show(name: str, program: Program, chips: int, averages: int, way: str) -> None:
    """Print a row: R^2 at p5 over the edges of all chips."""
    found = []
    for seed in range(chips):
        chip = Chip(seed, PRESETS['typical'])
        chip.program(program)
        sigma = trim(chip, program, averages, way)
        # The noise of a sweep as the check takes it: one of 16 averages.
        found.append(judge(chip, program, sigma * (averages / 16) ** 0.5))
    values = [np.quantile(np.concatenate([each[key] for each in found]), 0.05) for key in found[0]]
    print(f'{name:36}' + ''.join(f'{value:16.4f}' for value in values), flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'controller', type=Path, nargs='?', default=shipped_controller('drone_hover')
    )
    parser.add_argument('--chips', type=int, default=8)
    options = parser.parse_args()
    program = load_controller_file(options.controller).policy
    heads = ('64 readings', '256 readings', '64, less noise', 'the truth')
    print(f'{"R^2 at p5, preset typical":36}' + ''.join(f'{head:>16}' for head in heads))
    for name, (averages, way) in WAYS.items():
        show(name, program, options.chips, averages, way)
    with patch.object(simulated, 'CONVERTER_NOISE_V', 0.0):
        show('a converter without noise', program, options.chips, 16, 'lines')


if __name__ == '__main__':
    main()
