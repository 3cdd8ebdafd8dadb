"""What calibration measures of a chip: signatures of elements, offsets, sweeps of edges."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from pkan_control.chips.calibration.sweep_cache import SweepCache
from pkan_control.chips.chip import Chip, Index, Target
from pkan_control.common.arrays import Floats
from pkan_control.networks.program import Program

# Points of a sweep over all of x, and readings averaged at each.
POINTS, AVERAGES = 50, 16
# An element is known by its values at three drive frequencies.
SIGNATURE_X, SIGNATURE_AVERAGES = np.array([0.1, 0.5, 0.9]), 64
# Readings of an edge without drive: what is there is its offset.
READINGS_OFF = 4
# A measurement whose answer gets lost on the wire is made again, that often in all. Nothing flies
# meanwhile: a board may take its time.
TRIES = 3
REPEATS, DEADLINE_S = 16, 1.0

Report = Callable[[int], None]
Answer = TypeVar('Answer')


@dataclass(frozen=True)
class Stage:
    """One measurement of every element or edge, at inputs `x[n]`."""

    name: str
    target: Target
    x: Floats
    averages: int = AVERAGES
    drive: bool = True


SWEPT_X = np.linspace(0, 1, POINTS)
STAGES = (
    Stage('signature', 'element', SIGNATURE_X, SIGNATURE_AVERAGES),
    Stage('off', 'edge', np.zeros(READINGS_OFF), drive=False),
    Stage('up', 'edge', SWEPT_X),
    Stage('down', 'edge', SWEPT_X[::-1]),
)
# After the trims: between the points that they were fitted to, by finer readings. Of the noise of
# a sweep so much at least is left in them, less only if it were less than white.
CHECK = Stage('check', 'edge', (SWEPT_X[1:] + SWEPT_X[:-1]) / 2, 4 * AVERAGES)
CHECK_NOISE = (AVERAGES / CHECK.averages) ** 0.5

# What a stage found of each layer: `[n, n_in, n_out]` of edges, `[n, n_in, n_out, K]` of elements.
Found = list[Floats]


def nodes(program: Program) -> list[tuple[int, int]]:
    """Return layer and number of every node: a stage measures what leads to one at a time."""
    return [
        (layer, n) for layer, codes in enumerate(program.layers) for n in range(codes.shape[1])
    ]


def measure_all(
    chip: Chip, program: Program, cache: SweepCache, report: Report
) -> dict[str, Found]:
    """Measure every stage, but for what the cache holds already; by name of the stage.

    Each job names an episode of its own to the chip: a simulated one has the same noise in it
    whether the jobs before it were done now or in a process that was killed.
    """
    found: dict[str, Found] = {}
    done = 0
    for stage in STAGES:
        parts: list[Floats] = []
        for layer, node in nodes(program):
            values = cache.get(done)
            if values is None:
                values = measure_node(chip, program, stage, layer, node, done + 1)
                cache.add(done, values)
            parts.append(values)
            done += 1
            report(done)
        found[stage.name] = gather(parts, program, stage)
    return found


def measure_node(
    chip: Chip, program: Program, stage: Stage, layer: int, node: int, episode: int
) -> Floats:
    """Measure all that leads to a node, alone: `[n_in, n]`, or `[n_in * K, n]` of elements."""
    sources, _, elements, _ = program.layers[layer].shape
    count = elements if stage.target == 'element' else 1
    chip.begin(episode)
    places = [Index(layer, s, node, e) for s in range(sources) for e in range(count)]
    return np.array([_sweep(chip, stage, index) for index in places])


def _sweep(chip: Chip, stage: Stage, index: Index) -> Floats:
    return patiently(lambda: chip.sweep(stage.target, index, stage.x, stage.averages, stage.drive))


def gather(parts: list[Floats], program: Program, stage: Stage) -> Found:
    """Return the rows of all nodes as one array for each layer."""
    found, begin = [], 0
    for codes in program.layers:
        sources, targets, elements, _ = codes.shape
        rows = np.array(parts[begin : begin + targets])
        begin += targets
        if stage.target == 'element':
            shaped = rows.reshape(targets, sources, elements, len(stage.x))
            found.append(np.ascontiguousarray(shaped.transpose(3, 1, 0, 2)))
        else:
            found.append(np.ascontiguousarray(rows.transpose(2, 1, 0)))
    return found


def check_edges(chip: Chip, program: Program, episode: int, report: Report) -> Found:
    """Sweep all edges once more, as they are now trimmed."""
    parts = []
    for number, (layer, node) in enumerate(nodes(program)):
        parts.append(measure_node(chip, program, CHECK, layer, node, episode + number))
        report(number + 1)
    return gather(parts, program, CHECK)


def evaluate(chip: Chip, inputs: Floats, episode: int, report: Report) -> Floats:
    """Evaluate inputs `[n, n_in]` repeatedly: `[repeats, n, n_out]`.

    Each repetition is an episode of its own, so that a simulated chip's drift is averaged too.
    """
    outputs = []
    for repeat in range(REPEATS):
        chip.begin(episode + repeat)
        outputs.append([_evaluate(chip, x) for x in inputs])
        report(repeat + 1)
    return np.array(outputs)


def _evaluate(chip: Chip, x: Floats) -> Floats:
    return patiently(lambda: chip.evaluate(x, 0.0, DEADLINE_S))


def patiently(measure: Callable[[], Answer]) -> Answer:
    """Measure again where an answer got lost; the last failure is raised."""
    for _ in range(TRIES - 1):
        try:
            return measure()
        except TimeoutError:
            continue
    return measure()
