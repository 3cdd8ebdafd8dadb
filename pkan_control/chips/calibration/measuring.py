"""Measurements of a calibration: signatures of elements, offsets and sweeps of edges."""

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
# The signature of an element: its values at three drive frequencies.
SIGNATURE_X, SIGNATURE_AVERAGES = np.array([0.1, 0.5, 0.9]), 64
# Readings of an edge without drive: they give its offset.
READINGS_OFF = 4
# Tries of a measurement whose response is lost. Nothing runs meanwhile, so a board may take this
# long for a response; each evaluation is repeated.
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
# After trimming: between the points of the fit, with more averages. At least this share of the
# noise of a sweep remains in them, less only if the noise were less than white.
CHECK = Stage('check', 'edge', (SWEPT_X[1:] + SWEPT_X[:-1]) / 2, 4 * AVERAGES)
CHECK_NOISE = (AVERAGES / CHECK.averages) ** 0.5

# Values of each layer: `[n, n_in, n_out]` of edges, `[n, n_in, n_out, K]` of elements.
LayerValues = list[Floats]


def nodes(program: Program) -> list[tuple[int, int]]:
    """Return layer and number of every node: one job measures all that leads to one node."""
    return [
        (layer, n) for layer, codes in enumerate(program.layers) for n in range(codes.shape[1])
    ]


def measure_all(
    chip: Chip, program: Program, cache: SweepCache, report: Report
) -> dict[str, LayerValues]:
    """Measure all stages, except what the cache already holds; return values by stage.

    Each job is an episode of its own: a simulated chip then has the same noise in it whether the
    jobs before were measured now or by a process that was killed.
    """
    found: dict[str, LayerValues] = {}
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
    """Measure each edge to a node on its own: `[n_in, n]`, or its elements: `[n_in * K, n]`."""
    sources, _, elements, _ = program.layers[layer].shape
    count = elements if stage.target == 'element' else 1
    chip.begin(episode)
    places = [Index(layer, s, node, e) for s in range(sources) for e in range(count)]
    return np.array([_sweep(chip, stage, index) for index in places])


def _sweep(chip: Chip, stage: Stage, index: Index) -> Floats:
    return with_retries(
        lambda: chip.sweep(stage.target, index, stage.x, stage.averages, stage.drive)
    )


def gather(parts: list[Floats], program: Program, stage: Stage) -> LayerValues:
    """Stack the rows of all nodes into one array for each layer."""
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


def check_edges(chip: Chip, program: Program, episode: int, report: Report) -> LayerValues:
    """Sweep all edges with the present trims."""
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
    return with_retries(lambda: chip.evaluate(x, 0.0, DEADLINE_S))


def with_retries(measure: Callable[[], Answer]) -> Answer:
    """Repeat a measurement after a timeout; raise the last one."""
    for _ in range(TRIES - 1):
        try:
            return measure()
        except TimeoutError:
            continue
    return measure()
