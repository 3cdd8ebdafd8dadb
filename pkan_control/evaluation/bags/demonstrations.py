"""What a network has to answer, so that its law sends the commands of recorded segments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.control.laws.law import Invertible, Law
from pkan_control.evaluation.bags.recordings import Names, find_recordings, read_recording
from pkan_control.evaluation.bags.segments import Segment, Segments, split_recording

# Time is dealt out in stretches of this length, of which every fifth is held out.
STRETCH_S, HELD_OUT = 2.0, 5
# Less is not worth a training, and more than this share of it must be usable.
LEAST_S, USABLE = 10.0, 0.5

Report = Callable[[int], None]


@dataclass(frozen=True)
class Demonstrations:
    """Ticks of recorded segments: normalised observations `[n, i]` and actions `[n, o]`.

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
class DemonstrationSource:
    """What was read: recordings, seconds of all and of what is usable, flights, gaps."""

    recordings: int
    seconds: float
    usable_s: float
    flights: int
    gaps: int
    broken_messages: int


def read_demonstrations(
    folder: Path, law: Law, names: Names, report: Callable[[int, int], None]
) -> tuple[Demonstrations, DemonstrationSource]:
    """Read all recordings of a folder; `names` are its names for our topics and joints.

    Raises a `UserError` for what cannot be learnt from.
    """
    if not isinstance(law, Invertible):
        raise UserError(f'law {law.name}: its commands do not tell what the network answered')
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
    """Run the law along all segments, with the actions that lead to what was commanded."""
    parts = [_along(law, segment) for segment in segments]
    observations, actions, memories = (np.concatenate(each) for each in zip(*parts, strict=True))
    stretch = np.arange(len(actions)) // round(STRETCH_S * law.rate_hz)
    return Demonstrations(
        law, observations, actions, memories,
        np.concatenate([segment.states for segment in segments]),
        np.concatenate([segment.commands for segment in segments]),
        stretch % HELD_OUT == HELD_OUT - 1,
    )  # fmt: skip


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
