"""The calibration procedure: self-test, offsets, sweeps, trims, twin, outputs, and fidelity."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pkan_control.chips.calibration.calibration import (
    Calibration,
    Fidelity,
    fidelity,
    ideal_edges,
    program_checksum,
    set_trims,
)
from pkan_control.chips.calibration.measuring import (
    CHECK,
    CHECK_NOISE,
    REPEATS,
    STAGES,
    SWEPT_X,
    LayerValues,
    check_edges,
    evaluate,
    measure_all,
    nodes,
)
from pkan_control.chips.calibration.self_test import SelfTest, alive, self_test
from pkan_control.chips.calibration.sweep_cache import SweepCache
from pkan_control.chips.calibration.trims import compose, edge_trims, refit_outputs
from pkan_control.chips.chip import Chip
from pkan_control.chips.ideal import IdealChip, Trim, untrimmed
from pkan_control.chips.twin import Readings, TwinChip, TwinLayer, fit_twin
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.seeding import stream
from pkan_control.networks.program import Program

# Progress callback: (stage, done, total).
Progress = Callable[[str, int, int], None]
# Every this many inputs are held out of the fit of the outputs, and used to judge it.
HELD_OUT = 4


@dataclass(frozen=True)
class Measured:
    """Measurements of a chip without trims."""

    stages: dict[str, LayerValues]
    sigma: float
    test: SelfTest
    twin: tuple[TwinLayer, ...]


def calibrate(
    chip: Chip, program: Program, inputs: Floats, date: str, cache: SweepCache, progress: Progress
) -> Calibration:
    """Calibrate a chip for a program, with inputs `[n, n_in]` in [0, 1] from real rollouts.

    The chip is left with its new trims, not armed. Measurements are stored in the cache, from
    which an interrupted calibration resumes.
    """
    check_inputs(program, inputs)
    chip.program(program)
    set_trims(chip, tuple(untrimmed(program)))
    bench = Bench(chip, program, inputs, progress)
    measured = _measure(chip, program, cache, progress)
    raw = bench.fidelity(0, measured.sigma, 'raw')
    trims = edge_lines(program, measured.stages, measured.sigma)
    set_trims(chip, trims)
    trims = _refitted(bench, bench.outputs(2, 'trimmed'), trims, measured)
    set_trims(chip, trims)
    trimmed = bench.fidelity(3, measured.sigma, 'calibrated')
    return Calibration(
        chip.identity.uid,
        program_checksum(program),
        date,
        chip.telemetry().temperature_c,
        trims,
        measured.twin,
        measured.test.faults,
        measured.test.untested,
        measured.sigma,
        raw,
        trimmed,
    )


@dataclass(frozen=True)
class Bench:
    """A chip under test: measures its edges and outputs with the present trims."""

    chip: Chip
    program: Program
    inputs: Floats
    progress: Progress

    def fidelity(self, stage: int, sigma: float, what: str) -> Fidelity:
        """Measure how close the chip is to its program; `sigma` is the noise of a sweep."""
        count = len(nodes(self.program))
        edges = check_edges(
            self.chip,
            self.program,
            _episode(self.program, stage),
            lambda done: self.progress(f'edges, {what}', done, count),
        )
        outputs, targets = self.outputs(stage + 1, what).mean(axis=0), self.targets
        real = self.held & (np.arange(len(self.all_inputs)) < len(self.inputs))
        spread = self.held & ~real
        return fidelity(
            edges,
            ideal_edges(self.program, CHECK.x),
            sigma * CHECK_NOISE,
            (outputs[spread], targets[spread]),
            (outputs[real], targets[real]),
        )

    @property
    def held(self) -> NDArray[np.bool_]:
        """Mask of the inputs held out of the fit."""
        held: NDArray[np.bool_] = np.arange(len(self.all_inputs)) % HELD_OUT == 0
        return held

    @property
    def all_inputs(self) -> Floats:
        """Real inputs, then as many over [0, 1], so that a fit holds beyond the real ones."""
        draw = stream(0, 'inputs of a check').random(self.inputs.shape)
        return np.concatenate([self.inputs, draw])

    @property
    def targets(self) -> Floats:
        """Outputs `[n, n_out]` of an ideal chip for all inputs."""
        return ideal_outputs(self.program, self.all_inputs)

    def outputs(self, stage: int, what: str) -> Floats:
        """Return outputs `[repeats, n, n_out]`."""
        return evaluate(
            self.chip,
            self.all_inputs,
            _episode(self.program, stage),
            lambda done: self.progress(f'outputs, {what}', done, REPEATS),
        )


def ideal_outputs(program: Program, inputs: Floats) -> Floats:
    """Return the outputs `[n, n_out]` of an ideal chip."""
    chip = IdealChip()
    chip.program(program)
    return chip.evaluate(inputs, 0.0, 1.0)


def _measure(chip: Chip, program: Program, cache: SweepCache, progress: Progress) -> Measured:
    total = len(STAGES) * len(nodes(program))
    stages = measure_all(chip, program, cache, lambda done: progress('sweeps', done, total))
    test = self_test(program, stages['signature'])
    sigma = repeatability(stages)
    x = np.concatenate([stage.x for stage in STAGES[1:]])
    drive = np.concatenate([np.full(len(stage.x), float(stage.drive)) for stage in STAGES[1:]])
    readings = [
        Readings(
            x, drive, np.concatenate([stages[stage.name][layer] for stage in STAGES[1:]]), sigma
        )
        for layer in range(len(program.layers))
    ]
    progress('twin', 0, 1)
    twin = fit_twin(program, readings, alive(program, test.faults))
    progress('twin', 1, 1)
    return Measured(stages, sigma, test, twin)


def repeatability(stages: dict[str, LayerValues]) -> float:
    """Return the sigma of a reading, by the differences between the sweeps up and down."""
    pairs = zip(stages['up'], stages['down'], strict=True)
    differences = np.concatenate([np.ravel(up - down[::-1]) for up, down in pairs])
    return max(float(1.4826 * np.median(np.abs(differences)) / np.sqrt(2)), 1e-6)


def edge_lines(program: Program, stages: dict[str, LayerValues], sigma: float) -> tuple[Trim, ...]:
    """Return the trims that bring each edge closest to its program."""
    trims = []
    for layer, wanted in enumerate(ideal_edges(program, SWEPT_X)):
        off, up, down = (stages[name][layer] for name in ('off', 'up', 'down'))
        readings = np.concatenate([off, up, down[::-1]])
        right = np.concatenate([np.zeros_like(off), wanted, wanted])
        trims.append(edge_trims(readings, right, sigma))
    return tuple(trims)


def _refitted(
    bench: Bench, outputs: Floats, trims: tuple[Trim, ...], measured: Measured
) -> tuple[Trim, ...]:
    """Return trims whose last layer also corrects the remaining errors of the outputs.

    The twin predicts the values of its edges. A fit that does not help for the held-out inputs is
    discarded.
    """
    twin = TwinChip(bench.chip.identity.uid, measured.twin)
    twin.program(bench.program)
    set_trims(twin, trims)
    edges, wanted = twin.last_edges(bench.all_inputs), bench.targets
    found, held = outputs.mean(axis=0), bench.held
    sigma = outputs.std(axis=0).mean(axis=0) / np.sqrt(len(outputs)) + 1e-6
    change = refit_outputs(found[~held], wanted[~held], edges[~held], sigma)
    mended = found[held] + (edges[held] * (change[0] - 1) + change[1]).sum(axis=1)
    if np.square(mended - wanted[held]).sum() >= np.square(found[held] - wanted[held]).sum():
        return trims
    return (*trims[:-1], compose(trims[-1], change))


def _episode(program: Program, stage: int) -> int:
    """Return the first episode of a stage, so that no two measurements share their noise."""
    jobs = len(STAGES) * len(nodes(program))
    return jobs + 1 + stage * max(len(nodes(program)), REPEATS)


def check_inputs(program: Program, inputs: Floats) -> None:
    """Raise a `UserError` for inputs of another shape, or too few."""
    if inputs.ndim != 2 or inputs.shape[1] != program.shape[0] or len(inputs) < 2 * HELD_OUT:
        raise UserError(
            f'inputs of shape {inputs.shape}: must be at least {2 * HELD_OUT} rows of '
            f'{program.shape[0]}'
        )
