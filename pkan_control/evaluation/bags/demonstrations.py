"""Demonstrations: outputs of a network for which its law sends the recorded commands."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.control.laws.law import Invertible, Law
from pkan_control.evaluation.bags.recordings import (
    Names,
    Recording,
    find_recordings,
    read_recording,
)

# In periods: how slow a topic may be, how long a state may be missing, how short a segment may be.
SLOWEST, GAP, SHORTEST = 1.25, 2.5, 10
# Length of a stretch of time, and how many of them to one that is held out.
STRETCH_S, HELD_OUT = 2.0, 5
# Least usable time, and least usable share of a recording.
LEAST_S, USABLE = 10.0, 0.5

Report = Callable[[int], None]


@dataclass(frozen=True)
class Segment:
    """A stretch without a gap: states `[n, s]`, goals `[n, g]` and commands `[n, c]`."""

    states: Floats
    goals: Floats
    commands: Floats


@dataclass(frozen=True)
class Segments:
    """The segments of a recording; how many ticks it has, and how many gaps.

    As for the controller node, one state is one tick, whatever the jitter of its stamp. Of states
    that come faster than the controller runs, those nearest to its ticks are taken.
    """

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
    """Return the median time between messages in ns, jumps back left out."""
    steps = np.diff(stamps)
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else np.inf


def _ticks(stamps: NDArray[np.int64], period: float) -> list[int]:
    """Return the indices of the states that a controller of that period in ns reacts to."""
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
    """Return for each state the first later command, -1 if none comes within a period."""
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
    """Yield runs of consecutive ticks with a goal and a command."""
    usable = (answer >= 0) & np.isfinite(recording.goals[index]).all(axis=1)
    ticks = np.flatnonzero(usable)
    if len(ticks) == 0:
        return
    follows = np.diff(ticks) == 1
    follows &= np.diff(recording.state_ns[index[ticks]]) <= GAP * period
    yield from np.split(ticks, np.flatnonzero(~follows) + 1)


@dataclass(frozen=True)
class Demonstrations:
    """Ticks of recorded segments: normalised observations `[n, i]` and actions `[n, o]`.

    The law's memory `[n, k]`, states and commands are kept to turn other actions into commands.
    `held_out` marks the ticks that are not trained on.
    """

    law: Law
    observations: Floats
    actions: Floats
    memories: Floats
    states: Floats
    commands: Floats
    held_out: NDArray[np.bool_]

    def commands_of(self, actions: Floats) -> Floats:
        """Return the commands `[n, c]` that the law sends for normalised actions `[n, o]`."""
        found: Floats
        _, found = self.law.act(self.memories, self.states, self.law.output.denormalise(actions))
        return found


@dataclass(frozen=True)
class DemonstrationSource:
    """Amount of data: recordings, seconds in all and usable ones, flights, gaps."""

    recordings: int
    seconds: float
    usable_s: float
    flights: int
    gaps: int
    broken_messages: int


def read_demonstrations(
    folder: Path, law: Law, names: Names, report: Callable[[int, int], None]
) -> tuple[Demonstrations, DemonstrationSource]:
    """Read all recordings of a folder; `names` are its names for topics and joints.

    Raises a `UserError` for a folder that cannot be trained on.
    """
    if not isinstance(law, Invertible):
        raise UserError(
            f'law {law.name}: outputs of the network cannot be computed from its commands'
        )
    paths, cuts, broken = find_recordings(folder), [], 0
    for number, path in enumerate(paths):
        recording = read_recording(path, law, names)
        cuts.append(split_recording(recording, law.rate_hz))
        broken += recording.broken
        report(number + 1, len(paths))
    segments = [segment for each in cuts for segment in each.segments]
    source = _source(cuts, broken, law.rate_hz)
    if source.usable_s < max(LEAST_S, USABLE * source.seconds):
        raise UserError(
            f'{folder}: {source.usable_s:.1f} of {source.seconds:.1f} s are usable, with '
            f'{source.gaps} gaps; {LEAST_S:g} s and half of it are needed: each state needs a '
            'goal before it, and a command by the same clock within one period after it'
        )
    return _demonstrations(law, segments), source


def _source(cuts: Sequence[Segments], broken: int, rate_hz: float) -> DemonstrationSource:
    segments = [segment for each in cuts for segment in each.segments]
    usable = sum(len(segment.states) for segment in segments)
    ticks, gaps = sum(each.ticks for each in cuts), sum(each.gaps for each in cuts)
    return DemonstrationSource(
        len(cuts), ticks / rate_hz, usable / rate_hz, len(segments), gaps, broken
    )


def _demonstrations(law: Invertible, segments: Sequence[Segment]) -> Demonstrations:
    """Run the law along all segments, with the actions that give the recorded commands."""
    parts = [_along(law, segment) for segment in segments]
    observations, actions, memories = (np.concatenate(each) for each in zip(*parts, strict=True))
    stretch = np.arange(len(actions)) // round(STRETCH_S * law.rate_hz)
    return Demonstrations(
        law,
        observations,
        actions,
        memories,
        np.concatenate([segment.states for segment in segments]),
        np.concatenate([segment.commands for segment in segments]),
        stretch % HELD_OUT == HELD_OUT - 1,
    )


def _along(law: Invertible, segment: Segment) -> tuple[Floats, Floats, Floats]:
    memory = law.start(segment.states[0])
    observations, actions, memories = [], [], []
    for state, goal, command in zip(segment.states, segment.goals, segment.commands, strict=True):
        memory, values = law.observe(memory, state, goal)
        action = law.action_for(memory, state, command)
        observations.append(law.observation.normalise(values))
        actions.append(law.output.normalise(action))
        memories.append(memory)
        memory, _ = law.act(memory, state, action)
    return np.array(observations), np.array(actions), np.array(memories)
