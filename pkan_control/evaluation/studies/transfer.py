"""Transfer of trained networks onto the chips of a fabrication run: errors of edges and outputs.

Each chip is measured as a calibration does: offsets without drive, sweeps of every edge up and
down, a robust straight line for each edge. The remaining errors, less the noise of reading, are
reported raw and trimmed. Chips with dead elements are a group of their own: no trim mends those.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pkan_control.chips.calibration.calibrate import edge_lines, ideal_outputs, repeatability
from pkan_control.chips.calibration.calibration import (
    edge_rmse,
    ideal_edges,
    output_nrmse,
    set_trims,
)
from pkan_control.chips.calibration.measuring import (
    CHECK,
    CHECK_NOISE,
    STAGES,
    LayerValues,
    Stage,
    check_edges,
    gather,
    measure_node,
    nodes,
)
from pkan_control.chips.simulated import SimulatedChip
from pkan_control.common.arrays import Floats
from pkan_control.common.seeding import stream
from pkan_control.control.controller_file import ControllerFile
from pkan_control.devices.deviations import PRESETS, Deviations, fabricate
from pkan_control.devices.element import find_device
from pkan_control.evaluation.rollouts.rollout import Plan
from pkan_control.evaluation.studies.monte_carlo import run_chips
from pkan_control.evaluation.studies.yield_study import Run
from pkan_control.networks.policy import chip_program
from pkan_control.networks.program import Program
from pkan_control.tasks.task import find_task

STATES = ('raw', 'trimmed')
# Inputs in [0, 1] at which outputs are compared, and readings averaged at each.
INPUTS, AVERAGES = 200, 16
# Episodes of each chip, and chips of one piece of work: many cost hardly more than few, up to the
# size of a processor's caches.
EPISODES, PIECE = 3, 30
# An edge that hardly varies has no R^2 worth the name.
FLAT = 1e-3


@dataclass(frozen=True)
class TransferredChip:
    """One chip: its errors in each state, and the success of its episodes.

    sigma is the repeatability of a reading; rmse `[edges]` is in gain units, sizes `[edges]` the
    standard deviations of the programmed edges; nrmse the outputs' error; success `[episodes]`.
    """

    preset: str
    dead: int
    sigma: float
    sizes: Floats
    rmse: dict[str, Floats]
    nrmse: dict[str, float]
    success: dict[str, list[bool]]


@dataclass(frozen=True)
class Piece:
    """Some chips of a preset with one network; calling it measures and runs them."""

    controller_file: ControllerFile
    preset: str
    seeds: tuple[int, ...]
    episodes: int

    def __call__(self) -> list[TransferredChip]:
        """Return the result of each chip."""
        program, deviations = program_of(self.controller_file), PRESETS[self.preset]
        # Each chip twice: one stays raw, its twin of the same seed gets the trims.
        both = [[SimulatedChip(seed, deviations) for seed in self.seeds] for _ in STATES]
        raw, trimmed = both
        for chip in raw + trimmed:
            chip.program(program)
        moved = [_transfer(chip, program) for chip in trimmed]
        plan = Plan(find_task(self.controller_file.task), self.episodes, 0)
        success = run_chips(plan, self.controller_file, raw + trimmed).success.reshape(
            len(both), len(raw), -1
        )
        return [
            TransferredChip(
                self.preset,
                _dead(program, deviations, seed),
                *found,
                {state: success[i, chip].tolist() for i, state in enumerate(STATES)},
            )
            for chip, (seed, found) in enumerate(zip(self.seeds, moved, strict=True))
        ]


def program_of(controller_file: ControllerFile) -> Program:
    """Return the network of a controller; refuse an MLP."""
    return chip_program(controller_file.policy, 'move')


def edges_of(program: Program) -> int:
    """Return the number of edges of a network."""
    return sum(math.prod(codes.shape[:2]) for codes in program.layers)


def pieces(
    controller_files: Sequence[ControllerFile],
    edges: int,
    first_seed: int,
    episodes: int = EPISODES,
) -> list[Piece]:
    """Return the work: enough chips of each preset for so many edges, networks in turn."""
    rounds = math.ceil(
        edges / sum(edges_of(program_of(controller_file)) for controller_file in controller_files)
    )
    seeds = [
        range(first_seed + i * rounds, first_seed + (i + 1) * rounds)
        for i in range(len(controller_files))
    ]
    return [
        Piece(controller_file, preset, tuple(own[begin : begin + PIECE]), episodes)
        for preset in PRESETS
        for controller_file, own in zip(controller_files, seeds, strict=True)
        for begin in range(0, rounds, PIECE)
    ]


def _transfer(
    chip: SimulatedChip, program: Program
) -> tuple[float, Floats, dict[str, Floats], dict[str, float]]:
    """Measure a chip raw, trim its edges, and measure it again; it is left trimmed."""
    episode = _Episodes(len(nodes(program)))
    stages = {stage.name: _sweep(chip, program, stage, episode()) for stage in STAGES[1:]}
    sigma = repeatability(stages)
    wanted = ideal_edges(program, CHECK.x)
    sizes = np.concatenate([np.ravel(right.std(axis=0)) for right in wanted])
    rmse, nrmse = {}, {}
    for state in STATES:
        if state == 'trimmed':
            set_trims(chip, edge_lines(program, stages, sigma))
        found = check_edges(chip, program, episode(), _silent)
        pairs = zip(found, wanted, strict=True)
        noise = sigma * CHECK_NOISE
        rmse[state] = np.concatenate([edge_rmse(each, right, noise) for each, right in pairs])
        nrmse[state] = _output_error(chip, program, episode)
    return sigma, sizes, rmse, nrmse


class _Episodes:
    """Counts episodes of a chip, so that no two measurements share their noise."""

    def __init__(self, nodes_: int) -> None:
        self._size, self._next = max(nodes_, AVERAGES), 1

    def __call__(self) -> int:
        self._next += self._size
        return self._next - self._size


def _sweep(chip: SimulatedChip, program: Program, stage: Stage, episode: int) -> LayerValues:
    parts = [
        measure_node(chip, program, stage, layer, node, episode + number)
        for number, (layer, node) in enumerate(nodes(program))
    ]
    return gather(parts, program, stage)


def _output_error(chip: SimulatedChip, program: Program, episode: Callable[[], int]) -> float:
    """Return the NRMSE of the outputs, the mean of `AVERAGES` readings, over inputs in [0, 1]."""
    x = stream(0, 'inputs of a transfer').random((INPUTS, program.shape[0]))
    first = episode()
    total = np.zeros((INPUTS, program.shape[-1]))
    for number in range(AVERAGES):
        chip.begin(first + number)
        total += chip.evaluate(x, 0.0, math.inf)
    return output_nrmse(total / AVERAGES, ideal_outputs(program, x))


def _dead(program: Program, deviations: Deviations, seed: int) -> int:
    """Return how many connected elements are dead on the chip of a seed."""
    device = find_device(program.device)
    gain, parameters = device.codes.index('gain'), len(device.parameters)
    count = 0
    for layer, codes in enumerate(program.layers):
        alive = fabricate(deviations, seed, layer, codes.shape[:3], parameters).alive
        count += int(np.count_nonzero((alive == 0) & (codes[..., gain] != 0)))
    return count


def _silent(done: int) -> None:
    """Report nothing."""


def run_transfer(
    work: Sequence[Piece], run: Run, report: Callable[[int], None]
) -> dict[str, dict[str, Any]]:
    """Return the figures of each preset: of all chips, of whole ones, of those with dead parts."""
    moved: list[TransferredChip] = []
    for done in run(work):
        moved += done
        report(len(moved))
    each = {piece.controller_file.task: piece for piece in work}
    twins = {task: _twin_rate(piece) for task, piece in each.items()}
    figures = {}
    for preset in PRESETS:
        chips = [each for each in moved if each.preset == preset]
        groups = {
            'all': chips,
            'whole': [each for each in chips if not each.dead],
            'dead': [each for each in chips if each.dead],
        }
        figures[preset] = {name: fidelity_of(group) for name, group in groups.items() if group}
    return {'presets': figures, 'twin': twins}


def _twin_rate(piece: Piece) -> float:
    """Return the success rate of the network's settings on a chip that deviates in nothing."""
    chip = SimulatedChip(0, Deviations())
    chip.program(program_of(piece.controller_file))
    plan = Plan(find_task(piece.controller_file.task), piece.episodes, 0)
    return float(run_chips(plan, piece.controller_file, [chip]).success.mean())


def fidelity_of(chips: Sequence[TransferredChip]) -> dict[str, Any]:
    """Return quantiles over all edges of all chips, and over the chips, raw and trimmed."""
    sizes = np.concatenate([chip.sizes for chip in chips])
    found: dict[str, Any] = {
        'chips': len(chips),
        'edges': len(sizes),
        'dead_elements': sum(chip.dead for chip in chips),
        'repeatability': float(np.median([chip.sigma for chip in chips])),
    }
    for state in STATES:
        rmse = np.concatenate([chip.rmse[state] for chip in chips])
        r2 = 1 - np.square(rmse / sizes)[sizes > FLAT]
        nrmse = [chip.nrmse[state] for chip in chips]
        found[state] = {
            'edge_rmse_median': float(np.median(rmse)),
            'edge_rmse_p95': float(np.quantile(rmse, 0.95)),
            'edge_r2_median': float(np.median(r2)),
            'edge_r2_p5': float(np.quantile(r2, 0.05)),
            'output_nrmse_median': float(np.median(nrmse)),
            'output_nrmse_p95': float(np.quantile(nrmse, 0.95)),
            'success_rate': float(np.mean([chip.success[state] for chip in chips])),
        }
    return found
