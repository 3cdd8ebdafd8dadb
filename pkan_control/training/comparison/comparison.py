"""Comparison of networks of devices with perceptrons: the same seeds, steps and tuning for all.

Each kind is trained at each learning rate at the middle size, for a quarter of the steps. The rate
with the best validation there is its rate at all sizes; test data have no part in the choice.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pkan_control.common.errors import UserError
from pkan_control.common.files import JsonLines
from pkan_control.training.comparison.candidates import KINDS, Candidate, candidate
from pkan_control.training.comparison.subjects import Key, Subject, Trial, find_subject

RATES = (3e-3, 1e-2, 3e-2)
# Steps of the trainings that choose the rates: their share of the others, and the least number.
TUNING_SHARE, LEAST_STEPS = 0.25, 22
Line = dict[str, Any]
Run = Callable[[Sequence[Callable[[], Any]]], Iterator[Any]]


@dataclass(frozen=True)
class Grid:
    """Trainings of a comparison: a task or problems, kinds, sizes, and seeds for each of them."""

    name: str
    sizes: tuple[int, ...]
    steps: int
    seeds: int = 3
    k: int = 4
    kinds: tuple[str, ...] = KINDS

    @cached_property
    def subject(self) -> Subject:
        """The task or the problems to learn."""
        return find_subject(self.name)

    def check(self) -> None:
        """Refuse unknown names, and kinds given twice, before anything is trained."""
        for kind in self.kinds:
            if self.kinds.count(kind) > 1:
                raise UserError(f'kind of network {kind!r} is given twice')
            self.candidate(kind, self.sizes[0])

    @property
    def about(self) -> dict[str, Any]:
        """Identity of the grid in files."""
        return {**asdict(self), 'sizes': list(self.sizes), 'kinds': list(self.kinds)}

    def candidate(self, kind: str, size: int) -> Candidate:
        """Return a network of the grid."""
        return candidate(kind, size, self.k, self.subject.inputs, self.subject.outputs)

    def tuning(self) -> list[Trial]:
        """Return the trainings that choose the learning rates."""
        middle = self.sizes[len(self.sizes) // 2]
        steps = max(LEAST_STEPS, round(TUNING_SHARE * self.steps))
        return [self._trial(kind, middle, rate, steps) for kind in self.kinds for rate in RATES]

    def at_rates(self, rates: dict[str, float]) -> list[Trial]:
        """Return the trainings of all sizes, each kind at its rate."""
        pairs = [(kind, size) for kind in self.kinds for size in self.sizes]
        return [self._trial(kind, size, rates[kind], self.steps) for kind, size in pairs]

    @property
    def trials(self) -> int:
        """Number of trainings, with those that choose the rates."""
        return len(self.kinds) * (len(RATES) + len(self.sizes))

    def _trial(self, kind: str, size: int, rate: float, steps: int) -> Trial:
        seeds = tuple(range(self.seeds))
        return Trial(self.name, self.candidate(kind, size), rate, steps, seeds)


def run_grid(
    grid: Grid, run: Run, log: JsonLines | None, report: Callable[[int], None]
) -> list[Line]:
    """Run the trainings that the log does not hold yet; return a line of results for each."""
    lines: dict[Key, Line] = {}
    for line in [] if log is None else log.found:
        lines[_key(line)] = line

    def train(trials: Sequence[Trial]) -> None:
        left = [trial for trial in trials if trial.key not in lines]
        report(len(lines))
        for line in run(left):
            lines[_key(line)] = line
            if log is not None:
                log.append(line)
            report(len(lines))

    train(grid.tuning())
    rates = best_rates(grid, list(lines.values()))
    train(grid.at_rates(rates))
    return [lines[trial.key] for trial in grid.at_rates(rates)]


def best_rates(grid: Grid, lines: Sequence[Line]) -> dict[str, float]:
    """Return the rate of each kind with the least mean logarithm of the validation scores.

    Among equals it is the largest, against which so few steps are the least evidence.
    """
    tuned = {trial.key for trial in grid.tuning()}
    found: dict[str, tuple[float, float]] = {}
    for line in lines:
        if _key(line) in tuned:
            scores = [each['validation'] for each in line['networks']]
            mean = float(np.mean(np.log(np.maximum(scores, 1e-9))))
            best = found.get(line['kind'], (np.inf, 0.0))
            found[line['kind']] = min(best, (mean, -line['rate']))
    return {kind: -rate for kind, (_, rate) in found.items()}


def _key(line: Line) -> Key:
    return str(line['kind']), int(line['size']), float(line['rate']), int(line['steps'])


def figures(grid: Grid, lines: Sequence[Line]) -> dict[str, Any]:
    """Return the figures of a grid: for each problem, a row for each kind and size."""
    return {
        **grid.about,
        'measure': grid.subject.measure,
        'better': 'more' if grid.subject.more_is_better else 'less',
        'problems': {
            part: [_row(grid, line, part) for line in lines] for part in grid.subject.parts
        },
    }


def _row(grid: Grid, line: Line, part: str) -> dict[str, Any]:
    those = [each for each in line['networks'] if each['problem'] == part]
    scores = [each['score'] for each in those]
    made = grid.candidate(line['kind'], line['size'])
    return {
        'kind': line['kind'],
        'size': line['size'],
        'shape': list(made.shape),
        'parameters': made.parameters,
        'nodes': made.nodes,
        'edges': made.edges,
        'rate': line['rate'],
        'mean': float(np.mean(scores)),
        'spread': float(np.std(scores, ddof=1)) if len(scores) > 1 else 0.0,
        'scores': scores,
        'training_s': line['took_s'] / len(line['networks']),
    }
