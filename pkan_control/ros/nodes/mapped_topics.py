"""Topics of a mapping: fields of any message type, as states and set-points."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from importlib import import_module
from typing import Any

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.message_fields import is_unit, to_ns
from pkan_control.common.rotations import matrix, to_body
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
from pkan_control.ros.adapters.px4 import frd_from_flu, ned_from_enu, ros_from_px4
from pkan_control.ros.nodes.topics import Sample, StateInputs, Topic, header_frame

# The names of a vector's numbers, and the frames that it may be given in.
KnownVectors = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
Reader = Callable[[Any], Floats]
# Errors of a message that lacks what a mapping reads.
UNREADABLE = (LookupError, ValueError, OverflowError, TypeError, AttributeError)
# Conversions of vectors into the frames of ROS, by the frame that they are given in.
CONVERSIONS: dict[str, Callable[[Floats], Floats]] = {
    'ned': ned_from_enu,
    'frd': frd_from_flu,
    'ned_frd': ros_from_px4,
}


def mapped_states(mapping: StackMapping, law: Law) -> StateInputs:
    """Return the inputs that carry a law's states; a `UserError` names what does not exist.

    The frame of a state is that of its position: an IMU's own frame, say, is left out.
    """
    inputs = mapping.inputs
    _refuse_max_age(inputs[0], 'state_timeout')
    topics = [mapped_topic(each, VECTORS) for each in inputs]
    locating = [i for i, each in enumerate(inputs) if gives_position(each)][:1] or [0]
    return StateInputs(
        [
            topic if i in locating else replace(topic, read=without_frame(topic.read))
            for i, topic in enumerate(topics)
        ],
        [places(each, VECTORS, law.state_names) for each in inputs],
        velocity_into_body(law) if has_world_velocity(mapping) else None,
    )


def mapped_goal(mapping: StackMapping, law: Law) -> Topic | None:
    """Return the topic of the set-points, or None where the mapping does not name one."""
    if mapping.goal is None:
        return None
    _refuse_max_age(mapping.goal, 'setpoint_timeout')
    order = places(mapping.goal, GOAL_VECTORS, law.goal_names)
    topic = mapped_topic(mapping.goal, GOAL_VECTORS)

    def read(message: Any) -> Sample:
        sample = topic.read(message)
        if isinstance(sample.values, str):
            return sample
        goal = np.zeros(len(order))
        goal[order] = sample.values
        return sample._replace(values=goal)

    return replace(topic, read=read)


def _refuse_max_age(given: Input, parameter: str) -> None:
    """Raise a `UserError` for an age that a parameter of the node limits."""
    if given.max_age is not None:
        raise UserError(f'mapping, {given.topic}: max_age: set the parameter {parameter} instead')


def gives_position(given: Input) -> bool:
    """Return whether an input carries a position, or a part of one."""
    return not set(given.bound(VECTORS)).isdisjoint(VECTORS['position'][0])


def without_frame(read: Callable[[Any], Sample]) -> Callable[[Any], Sample]:
    """Return what reads the same samples, but without their frame."""
    return lambda message: read(message)._replace(frame='')


def has_world_velocity(mapping: StackMapping) -> bool:
    """Return whether the velocity is given in a frame of the world."""
    vectors = [each.vectors['velocity'] for each in mapping.inputs if 'velocity' in each.vectors]
    return bool(vectors) and vectors[0].frame in WORLD


def velocity_into_body(law: Law) -> Callable[[Floats], Floats]:
    """Return what rotates the velocity in a law's state from the world into the body."""
    names = law.state_names
    if not set(VECTORS['attitude'][0]) <= set(names):
        raise UserError('mapping: a velocity in a world frame needs an attitude in the state')
    attitude, velocity = (
        [names.index(name) for name in VECTORS[vector][0]] for vector in ('attitude', 'velocity')
    )

    def convert(state: Floats) -> Floats:
        state[velocity] = to_body(matrix(state[attitude]), state[velocity])
        return state

    return convert


def places(given: Input, known: KnownVectors, names: tuple[str, ...]) -> list[int]:
    """Return the index in `names` of each number of an input."""
    return [names.index(name) for name in given.bound(known)]


def mapped_topic(given: Input, known: KnownVectors) -> Topic:
    """Return the topic of an input; a `UserError` names a field that its type does not have."""
    found = message_type(given.type)
    sizes = {name: len(numbers) for name, (numbers, _) in known.items()}
    readers = [term_reader(each) for each in given.terms.values()]
    readers += [vector_reader(each, sizes[name]) for name, each in given.vectors.items()]
    stamp = stamp_reader(given.stamp)
    frame = header_frame if hasattr(found(), 'header') else no_frame
    checks: list[Callable[[Any], Any]] = [stamp, *map(term_check, given.terms.values())]
    checks += [
        partial(components, vector=each, count=sizes[name]) for name, each in given.vectors.items()
    ]
    check_fields(given, found, checks)

    def read(message: Any) -> Sample:
        try:
            values = np.concatenate([each(message) for each in readers])
            return Sample(stamp(message), frame(message), values)
        except UNREADABLE as error:
            return Sample(0, frame(message), str(error))

    return Topic(given.topic, found, read, max_age_s=given.max_age)


def no_frame(message: Any) -> str:
    """Return the frame of a message without a header."""
    return ''


def check_fields(given: Input, message_type: type, checks: Sequence[Callable[[Any], Any]]) -> None:
    """Read an empty message; raise a `UserError` for a field that is missing or no number.

    Elements of its empty arrays cannot be checked.
    """
    for check in checks:
        try:
            check(message_type())
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
        found: type = getattr(import_module(f'{package}.msg'), last)
    except ImportError:
        raise UserError(f'mapping: package {package} is not installed or not sourced') from None
    except AttributeError:
        raise UserError(f'mapping: {package} has no message {last}') from None
    return found


def field(message: Any, path: str) -> Any:
    """Return the field of a message at a path, `pose.position.x` or `q[0]`."""
    return reduce(_descend, path.replace('[', '.[').split('.'), message)


def _descend(value: Any, step: str) -> Any:
    if step.startswith('['):
        return value[int(step.strip('[]'))]
    if not step.isidentifier() or step.startswith('_'):
        raise UserError(f'mapping: field {step!r}: must be the name of a field')
    return getattr(value, step)


def term_check(term: Term) -> Callable[[Any], Any]:
    """Return what reads as much of a number as an empty message has."""
    if not term.joint:
        return term_reader(term)
    return lambda message: (list(message.name), list(field(message, term.field)))


def term_reader(term: Term) -> Reader:
    """Return what reads one number `[1]`."""

    def read(message: Any) -> Floats:
        return np.array([term.scale * float(field(message, term.field)) + term.offset])

    def read_joint(message: Any) -> Floats:
        names, values = list(message.name), field(message, term.field)
        if names.count(term.joint) != 1 or len(values) != len(names):
            raise LookupError(f'joint {term.joint}: missing, named twice, or has no {term.field}')
        return np.array([term.scale * values[names.index(term.joint)] + term.offset])

    return read_joint if term.joint else read


def vector_reader(vector: Vector, count: int) -> Reader:
    """Return what reads a vector `[3]`, or an attitude `[4]` in the order x, y, z, w."""
    convert = CONVERSIONS.get(vector.frame, np.asarray)

    def read(message: Any) -> Floats:
        numbers = components(message, vector, count)
        if len(numbers) != count:
            raise ValueError(f'{vector.field}: must have {count} numbers, has {len(numbers)}')
        found: Floats = convert(np.array(numbers))
        if count == 4 and not is_unit(*found.tolist()):
            return np.full(4, np.nan)
        return found

    return read


def components(message: Any, vector: Vector, count: int) -> list[float]:
    """Return the numbers of a vector, from fields x, y, z (and w) or from an array.

    PX4's attitudes are in the order w, x, y, z.
    """
    value = field(message, vector.field)
    if not hasattr(value, 'x'):
        return [float(number) for number in value]
    names = 'xyz' if count == 3 else 'wxyz' if vector.frame == 'ned_frd' else 'xyzw'
    return [float(getattr(value, name)) for name in names]


def stamp_reader(stamp: Stamp) -> Callable[[Any], int]:
    """Return what reads a message's stamp [ns]."""
    if not stamp.unit:
        return lambda message: to_ns(field(message, stamp.field))
    return lambda message: round(field(message, stamp.field) * UNITS[stamp.unit])
