"""Recordings of a user: states, goals and commands that they hold."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray
from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.rosbag2 import ReaderError

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.message_fields import JointReader, to_ns
from pkan_control.control.action_types import fields_of
from pkan_control.control.laws.law import Law
from pkan_control.evaluation.bags.messages import typestore
from pkan_control.evaluation.bags.topics import COMMAND, TYPES, Topic, goal_topic, state_topic

# Roles of topics, in the order in which messages of the same time are read.
READ = ('goal', 'state', 'command')
# Largest share of messages with a number that is not finite; they are left out.
BROKEN_SHARE = 0.01

# Errors that a damaged file can raise while it is read.
DAMAGE = (
    AnyReaderError,
    ReaderError,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AssertionError,
    ArithmeticError,
    MemoryError,
    struct.error,
    apsw.Error,
)

# Names of topics and joints in a recording, by their names in this package.
Names = Mapping[str, str]


@dataclass(frozen=True)
class Recording:
    """States `[n, s]` with the goal `[n, g]` of that time, and commands `[m, c]`; stamps in ns.

    A new stretch begins where time goes back, as that of a simulation does with each episode;
    each message has the number of its stretch. `broken` counts messages without finite numbers.
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
    """Return the recordings in a folder, or the recording itself; refuse a folder without any."""
    if not folder.exists():
        raise UserError(f'{folder}: no such file or folder')
    if folder.is_file():
        return [folder]
    whole = [path.parent for path in sorted(folder.rglob('metadata.yaml'))]
    files = [path for kind in ('mcap', 'db3') for path in sorted(folder.rglob(f'*.{kind}'))]
    found = whole + [path for path in files if path.parent not in whole]
    if not found:
        raise UserError(f'{folder}: has no rosbag2 (no metadata.yaml, *.mcap or *.db3)')
    return found


def read_recording(path: Path, law: Law, names: Names) -> Recording:
    """Return the states, set-points and commands of a law in a recording.

    Stamps are those of the headers, or where some message has none, times of arrival.
    """
    topics = {
        'goal': goal_topic(law),
        'state': state_topic(law),
        'command': _command_topic(law, names),
    }
    try:
        with AnyReader([path], default_typestore=typestore()) as reader:
            found = list(_messages(reader, path, topics, names))
    except DAMAGE as error:
        text = ' '.join(str(error).split()) or type(error).__name__
        raise UserError(f'{path}: cannot be read as a rosbag2 ({text})') from None
    found.sort(key=lambda each: (each[1], READ.index(each[0])))
    if all(to_ns(message.header.stamp) for what, _, message in found if what != 'goal'):
        found = [(what, to_ns(m.header.stamp), m) for what, _, m in found]
    values = [(what, when, _decoded(path, topics[what], m)) for what, when, m in found]
    return _sorted_out(path, values, len(law.goal_names))


def _command_topic(law: Law, names: Names) -> Topic:
    """Return the topic of commands, whose joints may have other names."""
    joints = [names.get(joint, joint) for joint in law.command.names]
    reader = JointReader(joints, fields_of(law), exact=True)
    return Topic(COMMAND, TYPES[COMMAND], reader, lambda values, stamp_ns: None)


def _messages(
    reader: AnyReader, path: Path, topics: Mapping[str, Topic], names: Names
) -> Iterator[tuple[str, int, Any]]:
    """Yield the role of each message, its time of arrival in ns, and the message."""
    ours = {}
    for what, topic in topics.items():
        name = '/' + names.get(topic.name, topic.name).lstrip('/')
        fitting = [c for c in reader.connections if c.topic == name and c.msgtype == topic.kind]
        if not fitting:
            raise UserError(_missing(reader, path, topic, name))
        ours.update({connection.id: what for connection in fitting})
    chosen = [connection for connection in reader.connections if connection.id in ours]
    for connection, when, data in reader.messages(chosen):
        yield ours[connection.id], when, reader.deserialize(data, connection.msgtype)


def _missing(reader: AnyReader, path: Path, topic: Topic, name: str) -> str:
    """Return the message for a missing topic, with the topics of its type."""
    others = sorted({c.topic for c in reader.connections if c.msgtype == topic.kind})
    there = next((c.msgtype for c in reader.connections if c.topic == name), None)
    what = f'no topic {name} ({topic.kind})'
    if there:
        what = f'topic {name} is {there}, not {topic.kind}'
    if others:
        return f'{path}: {what}; of that type: {", ".join(others)}: --remap {topic.name}:=NAME'
    every = ', '.join(sorted({f'{c.topic} ({c.msgtype})' for c in reader.connections}))
    return f'{path}: {what}; its topics: {every or "none"}'


def _decoded(path: Path, topic: Topic, message: Any) -> Floats:
    found = topic.decode(message)
    if isinstance(found, str):
        raise UserError(
            f'{path}: a message of {topic.name} cannot be used: {found}; '
            'for joints of other names give --remap JOINT:=NAME'
        )
    return found


def _sorted_out(path: Path, found: list[tuple[str, int, Floats]], goal_size: int) -> Recording:
    """Return states with their set-points, and commands; refuse too many broken messages."""
    states, commands = [], []
    goal, stretch, last, broken = np.full(goal_size, np.nan), 0, -(2**62), 0
    for what, now, values in found:
        if what == 'goal':
            goal = values
            continue
        if what == 'state':
            stretch, last = stretch + (now < last), now
        if not np.isfinite(values).all():
            broken += 1
        elif what == 'state':
            states.append((now, values, goal, stretch))
        else:
            commands.append((now, values, stretch))
    if not states or not commands or broken > BROKEN_SHARE * len(found):
        raise UserError(
            f'{path}: {len(states)} states and {len(commands)} commands are usable, '
            f'{broken} have numbers that are not finite or an invalid attitude'
        )
    when, numbers, goals, part = zip(*states, strict=True)
    then, sent, belongs = zip(*commands, strict=True)
    return Recording(
        path,
        np.array(when),
        np.array(numbers),
        np.array(goals),
        np.array(part),
        np.array(then),
        np.array(sent),
        np.array(belongs),
        broken,
    )
