"""Candidates against each other: interleaved, repeated, with median, spread and ratio."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
from process import Process, SkippedError

Facts = dict[str, Any]
FEWEST = 3
# Returns what was compared of the facts of both, and raises `ValueError` where it is wrong.
Check = Callable[[Facts, Facts], str]
# Runs a candidate so many times, and returns the mean.
Run = Callable[[int], float]


@dataclass(frozen=True)
class Candidate:
    """What is timed: its name on the page, the function that makes it, where it runs.

    `peer` candidates run in the environment of the peers; `plain` ones without compiled code.
    `takes` names what it is given of the facts of the one before it.
    """

    title: str
    make: str
    options: dict[str, Any] = field(default_factory=dict)
    peer: bool = False
    plain: bool = False
    takes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bar:
    """What a ratio has to meet: how often as fast (`>=`), or how often as long (`<=`)."""

    sign: str
    limit: float

    def __str__(self) -> str:
        """Return it as it stands on the page."""
        return f'{self.sign} {self.limit:g} x'

    def met(self, ratio: float) -> bool:
        """Return whether a ratio meets it."""
        return ratio >= self.limit if self.sign == '>=' else ratio <= self.limit


@dataclass(frozen=True)
class Row:
    """One comparison: this project's candidate first; the bar is None where it is only shown.

    `tried` is what the page says where the bar is not met.
    """

    name: str
    text: str
    ours: Candidate
    theirs: Candidate
    bar: Bar | None
    check: Check
    unit: str = 's'
    tried: str = ''


@dataclass(frozen=True)
class Pace:
    """How often all candidates take turns, how long a turn is, and a row at most, in s.

    Where one call takes longer than that there are `FEWEST` rounds.
    """

    rounds: int
    turn_s: float
    row_s: float


@dataclass(frozen=True)
class Spread:
    """Median and the 10th and 90th percentile."""

    p10: float
    median: float
    p90: float

    @classmethod
    def of(cls, values: Sequence[float]) -> 'Spread':
        """Return that of some values."""
        return cls(*(float(q) for q in np.quantile(values, (0.1, 0.5, 0.9))))


@dataclass(frozen=True)
class Outcome:
    """What a row came out as; `skipped` says why it was not run."""

    row: Row
    ours: Spread | None = None
    theirs: Spread | None = None
    ratio: Spread | None = None
    checked: str = ''
    skipped: str = ''
    failed: str = ''

    @property
    def verdict(self) -> str:
        """Return what is said about the bar."""
        if self.skipped:
            return 'skipped'
        if self.failed or self.ratio is None:
            return '**wrong**'
        if self.row.bar is None:
            return '-'
        return '**not met**' if self.missed else 'met'

    @property
    def missed(self) -> bool:
        """Return whether it ran and did not meet its bar."""
        bar, ratio = self.row.bar, self.ratio
        return bar is not None and ratio is not None and not bar.met(ratio.median)


def compete(row: Row, pace: Pace) -> Outcome:
    """Run both candidates of a row by turns."""
    try:
        with started([row.ours, row.theirs]) as pair:
            try:
                checked = row.check(pair[0].facts, pair[1].facts)
            except ValueError as error:
                return Outcome(row, failed=str(error))
            ours, theirs = take_turns([process.run for process in pair], pace)
    except SkippedError as why:
        return Outcome(row, skipped=str(why))
    fast = row.bar is not None and row.bar.sign == '>='
    ratios = [b / a if fast else a / b for a, b in zip(ours, theirs, strict=True)]
    return Outcome(row, Spread.of(ours), Spread.of(theirs), Spread.of(ratios), checked)


@contextmanager
def started(candidates: Sequence[Candidate]) -> Iterator[list[Process]]:
    """Start a process for each candidate; end them all."""
    with ExitStack() as stack:
        processes: list[Process] = []
        for c in candidates:
            given = {name: processes[-1].facts[name] for name in c.takes}
            process = Process(c.make, {**c.options, **given}, peer=c.peer, plain=c.plain)
            processes.append(stack.enter_context(process))
        yield processes


def take_turns(runs: Sequence[Run], pace: Pace) -> list[list[float]]:
    """Return what each measured, round after round: A B A B ..."""
    turns = [calls_in(run, pace.turn_s) for run in runs]
    round_s = sum(took for _, took in turns)
    rounds = min(pace.rounds, max(FEWEST, round(pace.row_s / round_s)))
    values = [
        [run(calls) for run, (calls, _) in zip(runs, turns, strict=True)] for _ in range(rounds)
    ]
    return [list(of_one) for of_one in zip(*values, strict=True)]


def calls_in(run: Run, turn_s: float) -> tuple[int, float]:
    """Return how many calls fill a turn, and its time; what finds it out also warms up."""
    calls = 1
    while True:
        began = perf_counter()
        run(calls)
        took = perf_counter() - began
        if took > turn_s / 4:
            filling = max(1, round(calls * turn_s / took))
            return filling, took * filling / calls
        calls *= 4
