"""What a network has to answer, so that its law sends the commands of recorded flights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.control.laws.law import Invertible, Law
from pkan_control.evaluation.bags.flights import Cut, Flight, cut
from pkan_control.evaluation.bags.recordings import Names, find_recordings, read_recording

# Time is dealt out in stretches of this length, of which every fifth is held out.
STRETCH_S, HELD_OUT = 2.0, 5
# Less is not worth a training, and more than this share of it must be usable.
LEAST_S, USABLE = 10.0, 0.5

Report = Callable[[int], None]


@dataclass(frozen=True)
class Lessons:
    """Ticks of recorded flights: normalised observations `[n, i]` and actions `[n, o]`.

    With the law's memory `[n, k]`, states and commands, so that other actions can be turned into
    commands too; `held_out` tells which ticks are not learnt from.
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
class Source:
    """What was read: recordings, seconds of all and of what is usable, flights, gaps."""

    recordings: int
    seconds: float
    usable_s: float
    flights: int
    gaps: int
    broken_messages: int


def read_lessons(
    folder: Path, law: Law, names: Names, report: Callable[[int, int], None]
) -> tuple[Lessons, Source]:
    """Read all recordings of a folder; `names` are its names for our topics and joints.

    Raises a `UserError` for what cannot be learnt from.
    """
    if not isinstance(law, Invertible):
        raise UserError(f'law {law.name}: its commands do not tell what the network answered')
    paths, cuts, broken = find_recordings(folder), [], 0
    for number, path in enumerate(paths):
        recording = read_recording(path, law, names)
        cuts.append(cut(recording, law.rate_hz))
        broken += recording.broken
        report(number + 1, len(paths))
    flights = [flight for each in cuts for flight in each.flights]
    source = _source(cuts, broken, law.rate_hz)
    if source.usable_s < max(LEAST_S, USABLE * source.seconds):
        raise UserError(
            f'{folder}: {source.usable_s:.1f} of {source.seconds:.1f} s are usable, with '
            f'{source.gaps} gaps; {LEAST_S:g} s and half of it are needed: each state needs a '
            'goal before it, and a command by the same clock within one period after it'
        )
    return _lessons(law, flights), source


def _source(cuts: Sequence[Cut], broken: int, rate_hz: float) -> Source:
    flights = [flight for each in cuts for flight in each.flights]
    usable = sum(len(flight.states) for flight in flights)
    ticks, gaps = sum(each.ticks for each in cuts), sum(each.gaps for each in cuts)
    return Source(len(cuts), ticks / rate_hz, usable / rate_hz, len(flights), gaps, broken)


def _lessons(law: Invertible, flights: Sequence[Flight]) -> Lessons:
    """Run the law along all flights, with the actions that lead to what was commanded."""
    parts = [_along(law, flight) for flight in flights]
    observations, actions, memories = (np.concatenate(each) for each in zip(*parts, strict=True))
    stretch = np.arange(len(actions)) // round(STRETCH_S * law.rate_hz)
    return Lessons(
        law, observations, actions, memories,
        np.concatenate([flight.states for flight in flights]),
        np.concatenate([flight.commands for flight in flights]),
        stretch % HELD_OUT == HELD_OUT - 1,
    )  # fmt: skip


def _along(law: Invertible, flight: Flight) -> tuple[Floats, Floats, Floats]:
    memory = law.start(flight.states[0])
    observations, actions, memories = [], [], []
    for state, goal, command in zip(flight.states, flight.goals, flight.commands, strict=True):
        memory, values = law.observe(memory, state, goal)
        action = law.action_for(memory, state, command)
        observations.append(law.observation.normalise(values))
        actions.append(law.output.normalise(action))
        memories.append(memory)
        memory, _ = law.act(memory, state, action)
    return np.array(observations), np.array(actions), np.array(memories)
