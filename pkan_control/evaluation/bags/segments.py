"""Recordings as a controller at its own rate would have seen them: a command for each state.

As the controller node does, one state is one tick, whatever the jitter of its stamp; of states
that come faster than the controller runs, those nearest to its ticks are taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.evaluation.bags.recordings import Recording

# In periods: how slow a topic may be, how long a state may be missing, how short a segment may be.
SLOWEST, GAP, SHORTEST = 1.25, 2.5, 10


@dataclass(frozen=True)
class Segment:
    """A stretch without a gap: states `[n, s]`, goals `[n, g]` and commands `[n, c]`."""

    states: Floats
    goals: Floats
    commands: Floats


@dataclass(frozen=True)
class Segments:
    """The segments of a recording, and what was left out: ticks of all, gaps between them."""

    segments: list[Segment]
    ticks: int
    gaps: int


def split_recording(recording: Recording, rate_hz: float) -> Segments:
    """Return the segments of a recording; refuse topics that are slower than the controller."""
    period = 1e9 / rate_hz
    for what, stamps in (('states', recording.state_ns), ('commands', recording.command_ns)):
        interval = _interval(stamps)
        if interval > SLOWEST * period:
            raise UserError(
                f'{recording.path}: {what} come at {1e9 / interval:.3g} Hz, '
                f'the controller runs at {rate_hz:g} Hz'
            )
    segments, ticks, gaps = [], 0, -1
    for number in np.unique(recording.state_stretch):
        index = np.flatnonzero(recording.state_stretch == number)
        index = index[_ticks(recording.state_ns[index], period)]
        answer = _answers(recording, number, recording.state_ns[index], period)
        ticks += len(index)
        for part in _unbroken(recording, index, answer, period):
            gaps += 1
            states = index[part]
            if len(part) >= SHORTEST:
                segments.append(
                    Segment(
                        recording.states[states],
                        recording.goals[states],
                        recording.commands[answer[part]],
                    )
                )
    return Segments(segments, ticks, max(gaps, 0))


def _interval(stamps: NDArray[np.int64]) -> float:
    """Return the usual time between messages in ns, jumps back left out."""
    steps = np.diff(stamps)
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else np.inf


def _ticks(stamps: NDArray[np.int64], period: float) -> list[int]:
    """Return which states are ticks of a controller with that period in ns."""
    slack, due, found = min(_interval(stamps), period) / 2, -np.inf, []
    for i, now in enumerate(stamps.tolist()):
        if now < due - slack:
            continue
        found.append(i)
        due = due + period if now - due < period else now + period
    return found


def _answers(
    recording: Recording, number: int, stamps: NDArray[np.int64], period: float
) -> NDArray[np.int64]:
    """Return for each state the first command that is not older, -1 if none came in a period."""
    own = np.flatnonzero(recording.command_stretch == number)
    if len(own) == 0:
        return np.full(len(stamps), -1)
    own = own[np.argsort(recording.command_ns[own], kind='stable')]
    times = recording.command_ns[own]
    place = np.searchsorted(times, stamps)
    first = np.minimum(place, len(own) - 1)
    late = (place == len(own)) | (times[first] - stamps >= period)
    return np.where(late, -1, own[first])


def _unbroken(
    recording: Recording, index: NDArray[np.int64], answer: NDArray[np.int64], period: float
) -> Iterator[NDArray[np.int64]]:
    """Yield runs of ticks that have a goal and an answer, and follow each other."""
    usable = (answer >= 0) & np.isfinite(recording.goals[index]).all(axis=1)
    ticks = np.flatnonzero(usable)
    if len(ticks) == 0:
        return
    follows = np.diff(ticks) == 1
    follows &= np.diff(recording.state_ns[index[ticks]]) <= GAP * period
    yield from np.split(ticks, np.flatnonzero(~follows) + 1)
