"""The inputs of a mapping: fields of any message into states and set-points."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial, reduce
from importlib import import_module
from typing import Any

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.rotations import matrix, to_body
from pkan_control.control.frames_px4 import frd_from_flu, ned_from_enu, ros_from_px4
from pkan_control.control.laws.drone import ATTITUDE, VELOCITY
from pkan_control.control.laws.law import Law
from pkan_control.control.mapping import (
    GOAL_VECTORS,
    UNITS,
    VECTORS,
    WORLD,
    Input,
    StackMapping,
    Stamp,
    Term,
    Vector,
)
from pkan_control.ros.nodes.messages import UNIT_TOLERANCE, to_ns
from pkan_control.ros.nodes.sources import Source
from pkan_control.ros.nodes.topics import header_frame

Known = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
Read = Callable[[Any], Floats]
# How vectors of a frame become those of ROS; the others are ROS's own.
CONVERT: dict[str, Callable[[Floats], Floats]] = {
    'ned': ned_from_enu,
    'frd': frd_from_flu,
    'ned_frd': ros_from_px4,
}


class MappedStates:
    """States that are put together from the inputs of a mapping."""

    def __init__(self, mapping: StackMapping, law: Law) -> None:
        """Import the messages and look all fields up; a `UserError` names what is not there."""
        self._parts = np.zeros(len(law.state_names))
        self._places = [places(each, VECTORS, law.state_names) for each in mapping.inputs]
        told = [source(each, VECTORS) for each in mapping.inputs]
        # A state is in the frame of its position; an IMU, say, tells that of itself.
        place = [i for i, each in enumerate(mapping.inputs) if locates(each)][:1] or [0]
        self.sources: tuple[Source, ...] = tuple(
            each if number in place else replace(each, frame=no_frame)
            for number, each in enumerate(told)
        )
        frames = [
            each.vectors['velocity'].frame for each in mapping.inputs if 'velocity' in each.vectors
        ]
        self._turned = bool(frames) and frames[0] in WORLD

    def keep(self, number: int, values: Floats) -> None:
        """Keep what came from an input."""
        self._parts[self._places[number]] = values

    def state(self, values: Floats) -> Floats:
        """Return the state `[n]`; a velocity in the world is turned into the body."""
        self.keep(0, values)
        state = np.array(self._parts)
        if self._turned:
            state[VELOCITY] = to_body(matrix(state[ATTITUDE]), state[VELOCITY])
        return state


def locates(given: Input) -> bool:
    """Return whether an input tells where a robot is."""
    return not set(given.bound(VECTORS)).isdisjoint(VECTORS['position'][0])


def no_frame(message: Any) -> str:
    """Return the frame of a message that has none."""
    return ''


def mapped_goal(mapping: StackMapping, law: Law) -> Source | None:
    """Return the set-point's source, None where it is the usual one."""
    if mapping.goal is None:
        return None
    order = places(mapping.goal, GOAL_VECTORS, law.goal_names)
    found = source(mapping.goal, GOAL_VECTORS)

    def decode(message: Any) -> Floats | str:
        values = found.decode(message)
        if isinstance(values, str):
            return values
        goal = np.zeros(len(order))
        goal[order] = values
        return goal

    return Source(
        found.topic, found.kind, decode, found.stamp_ns, found.frame, mapping.goal.max_age
    )


def places(given: Input, known: Known, names: tuple[str, ...]) -> list[int]:
    """Return where each number of an input stands among names."""
    return [names.index(name) for name in given.bound(known)]


def source(given: Input, known: Known) -> Source:
    """Return what reads an input; every field is tried on an empty message."""
    kind = message_type(given.type)
    readers: list[Read] = [term_reader(each) for each in given.terms.values()]
    for name, vector in given.vectors.items():
        readers.append(vector_reader(vector, len(known[name][0])))
    stamp = stamp_reader(given.stamp)
    _try(given, kind, [stamp, *(partial(field, path=each.field) for each in _plain(given))])

    def decode(message: Any) -> Floats | str:
        try:
            return np.concatenate([read(message) for read in readers])
        except (LookupError, ValueError) as error:
            return str(error)

    frame = header_frame if hasattr(kind(), 'header') else no_frame
    return Source(given.topic, kind, decode, stamp, frame, given.max_age)


def _plain(given: Input) -> list[Term | Vector]:
    """Return what is read from fields that an empty message has, too."""
    parts: list[Term | Vector] = [*given.terms.values(), *given.vectors.values()]
    return [each for each in parts if not (isinstance(each, Term) and each.joint)]


def _try(given: Input, kind: type, reads: list[Callable[[Any], Any]]) -> None:
    for read in reads:
        try:
            read(kind())
        except LookupError:
            continue
        except (AttributeError, TypeError, ValueError) as error:
            raise UserError(f'mapping, {given.topic}: {given.type}: {error}') from None


def message_type(name: str) -> type:
    """Return the type of `package/msg/Name`; raise a `UserError` where it cannot be imported."""
    package, middle, last = [*name.split('/'), '', ''][:3]
    if middle != 'msg' or not last.isidentifier() or not package.isidentifier():
        raise UserError(f'mapping: type {name!r}: must be PACKAGE/msg/NAME')
    try:
        kind: type = getattr(import_module(f'{package}.msg'), last)
    except ImportError:
        raise UserError(f'mapping: package {package} is not installed or not sourced') from None
    except AttributeError:
        raise UserError(f'mapping: {package} has no message {last}') from None
    return kind


def field(message: Any, path: str) -> Any:
    """Return what stands at a path, `pose.position.x` or `q[0]`."""
    return reduce(_step, path.replace('[', '.[').split('.'), message)


def _step(value: Any, word: str) -> Any:
    if word.startswith('['):
        return value[int(word.strip('[]'))]
    if not word.isidentifier() or word.startswith('_'):
        raise UserError(f'mapping: field {word!r}: is no name of a field')
    return getattr(value, word)


def term_reader(term: Term) -> Read:
    """Return what reads one number."""

    def read(message: Any) -> Floats:
        return np.array([term.scale * float(field(message, term.field)) + term.offset])

    def of_joint(message: Any) -> Floats:
        names, values = list(message.name), field(message, term.field)
        if names.count(term.joint) != 1 or len(values) != len(names):
            raise LookupError(f'joint {term.joint} is not there once, or has no {term.field}')
        return np.array([term.scale * values[names.index(term.joint)] + term.offset])

    return of_joint if term.joint else read


def vector_reader(vector: Vector, count: int) -> Read:
    """Return what reads a vector `[3]`, or an attitude `[4]` in the order x, y, z, w."""
    convert = CONVERT.get(vector.frame, np.asarray)
    px4 = vector.frame == 'ned_frd'

    def read(message: Any) -> Floats:
        value = field(message, vector.field)
        if hasattr(value, 'x'):
            names = 'wxyz' if px4 else 'xyzw'
            numbers = [getattr(value, name) for name in (names if count == 4 else 'xyz')]
        else:
            numbers = [float(number) for number in value]
        if len(numbers) != count:
            raise ValueError(f'{vector.field} has {len(numbers)} numbers, wanted are {count}')
        found: Floats = convert(np.array(numbers))
        if count == 4 and not abs(float(np.linalg.norm(found)) - 1) < UNIT_TOLERANCE:
            return np.full(4, np.nan)
        return found

    return read


def stamp_reader(stamp: Stamp) -> Callable[[Any], int]:
    """Return what reads a message's time in ns."""
    if not stamp.unit:
        return lambda message: to_ns(field(message, stamp.field))
    return lambda message: round(field(message, stamp.field) * UNITS[stamp.unit])
