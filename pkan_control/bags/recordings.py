"""Recordings that a user has: where they are, and what they hold of states, goals and commands."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray
from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.rosbag2 import ReaderError

from pkan_control.arrays import Floats
from pkan_control.bags.topics import COMMAND, GOAL, STATE, TYPES, typestore
from pkan_control.errors import UserError
from pkan_control.message_fields import drone_state, goal_position, named_velocities, to_ns

# What is read, in the order in which messages of the same time are taken.
READ = (GOAL, STATE, COMMAND)
# Share of the messages that may hold a number that is not finite; they are left out.
BROKEN_SHARE = 0.01

# What a damaged file can raise while it is read.
DAMAGE = (
    *(AnyReaderError, ReaderError, OSError, EOFError, ValueError, LookupError, TypeError),
    *(AssertionError, ArithmeticError, MemoryError, struct.error, apsw.Error),
)

# Names of topics and joints in a recording, by our names for them.
Names = Mapping[str, str]


@dataclass(frozen=True)
class Recording:
    """States `[n, s]` with the goal `[n, g]` of that time, and commands `[m, c]`; stamps in ns.

    Where time went back, as a simulation's does with each episode, a new stretch begins: the
    number of each message's stretch stands beside it. `broken` messages held no finite numbers.
    """

    path: Path
    state_ns: NDArray[np.int64]
    states: Floats
    goals: Floats
    state_stretch: NDArray[np.int64]
    command_ns: NDArray[np.int64]
    commands: Floats
    command_stretch: NDArray[np.int64]
    broken: int


def find_recordings(folder: Path) -> list[Path]:
    """Return the recordings in a folder, or the one that it is; refuse one without any."""
    if not folder.exists():
        raise UserError(f'{folder}: is not there')
    if folder.is_file():
        return [folder]
    whole = [path.parent for path in sorted(folder.rglob('metadata.yaml'))]
    files = [path for kind in ('mcap', 'db3') for path in sorted(folder.rglob(f'*.{kind}'))]
    found = whole + [path for path in files if path.parent not in whole]
    if not found:
        raise UserError(f'{folder}: holds no rosbag2 (no metadata.yaml, *.mcap or *.db3)')
    return found


def read_recording(path: Path, joints: Sequence[str], names: Names) -> Recording:
    """Return what a recording holds; joints are those of a command, in order.

    Stamps are those of the headers, or where some message has none, times of arrival.
    """
    try:
        with AnyReader([path], default_typestore=typestore()) as reader:
            messages = list(_messages(reader, path, names))
    except DAMAGE as error:
        text = ' '.join(str(error).split()) or type(error).__name__
        raise UserError(f'{path}: cannot be read as a rosbag2 ({text})') from None
    messages.sort(key=lambda each: (each[1], READ.index(each[0])))
    stamped = all(to_ns(m.header.stamp) for topic, _, m in messages if topic != GOAL)
    wanted = [names.get(joint, joint) for joint in joints]
    return _sorted_out(path, messages, stamped, wanted)


def _messages(reader: AnyReader, path: Path, names: Names) -> Iterator[tuple[str, int, Any]]:
    """Yield topic (our name), time of arrival in ns, and message."""
    ours = {}
    for topic in READ:
        name = '/' + names.get(topic, topic).lstrip('/')
        fitting = [c for c in reader.connections if c.topic == name and c.msgtype == TYPES[topic]]
        if not fitting:
            raise UserError(_missing(reader, path, topic, name))
        ours.update({connection.id: topic for connection in fitting})
    chosen = [connection for connection in reader.connections if connection.id in ours]
    for connection, when, data in reader.messages(chosen):
        yield ours[connection.id], when, reader.deserialize(data, connection.msgtype)


def _missing(reader: AnyReader, path: Path, topic: str, name: str) -> str:
    """Return that a topic is not there, and which could be meant."""
    kind = TYPES[topic]
    others = sorted({c.topic for c in reader.connections if c.msgtype == kind})
    there = next((c.msgtype for c in reader.connections if c.topic == name), None)
    what = f'topic {name} is {there}, not {kind}' if there else f'no topic {name} ({kind})'
    if others:
        return f'{path}: {what}; of that type: {", ".join(others)}: --remap {topic}:=NAME'
    every = ', '.join(sorted({f'{c.topic} ({c.msgtype})' for c in reader.connections}))
    return f'{path}: {what}; it holds {every or "nothing"}'


def _sorted_out(
    path: Path, messages: list[tuple[str, int, Any]], stamped: bool, joints: Sequence[str]
) -> Recording:
    """Return states with their goals, and commands; refuse where too many are broken."""
    states, commands = [], []
    goal, stretch, last, broken = np.full(3, np.nan), 0, -(2**62), 0
    for topic, when, message in messages:
        now = to_ns(message.header.stamp) if stamped else when
        if topic == GOAL:
            goal = goal_position(message)
            continue
        values = drone_state(message) if topic == STATE else _command(path, message, joints)
        if topic == STATE:
            stretch, last = stretch + (now < last), now
        if not np.isfinite(values).all():
            broken += 1
        elif topic == STATE:
            states.append((now, values, goal, stretch))
        else:
            commands.append((now, values, stretch))
    total = len(states) + len(commands) + broken
    if not states or not commands or broken > BROKEN_SHARE * total:
        raise UserError(
            f'{path}: {len(states)} states and {len(commands)} commands are usable, '
            f'{broken} hold numbers that are not finite or an attitude that is none'
        )
    when, numbers, goals, part = zip(*states, strict=True)
    then, sent, belongs = zip(*commands, strict=True)
    return Recording(
        path, np.array(when), np.array(numbers), np.array(goals), np.array(part),
        np.array(then), np.array(sent), np.array(belongs), broken,
    )  # fmt: skip


def _command(path: Path, message: Any, joints: Sequence[str]) -> Floats:
    found = named_velocities(message, joints)
    if isinstance(found, str):
        raise UserError(
            f'{path}: a command cannot be used: {found}; '
            'other names: --remap JOINT:=NAME, for each joint'
        )
    return found
