"""A mapping: how the numbers of a controller file are called and counted in a stack.

A YAML file binds each number of state, set-point and command to a topic and a field of a message,
with frame, scale (a negative one turns the sign) and offset. Everything is checked against the
controller file's law before anything runs.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from pkan_control.common.errors import UserError, unknown
from pkan_control.common.yaml_files import read_yaml
from pkan_control.control.laws.drone import MOVING_GOAL, STATE
from pkan_control.control.laws.law import Law

# Units of a stamp that is a number, in ns.
UNITS = {'s': 10**9, 'ms': 10**6, 'us': 1000, 'ns': 1}
# The frames that a vector may be told in. World: ENU or NED. Body: FLU or FRD.
WORLD, BODY = ('enu', 'ned'), ('flu', 'frd')
VECTORS = {
    'position': (STATE[0:3], WORLD),
    'attitude': (STATE[3:7], ('enu_flu', 'ned_frd')),
    'velocity': (STATE[7:10], (*BODY, *WORLD)),
    'rate': (STATE[10:13], BODY),
}
GOAL_VECTORS = {
    'position': (MOVING_GOAL[0:3], WORLD),
    'velocity': (MOVING_GOAL[3:6], WORLD),
    'acceleration': (MOVING_GOAL[6:9], WORLD),
}
Part = TypeVar('Part')


@dataclass(frozen=True)
class Term:
    """A number: `scale * value + offset` of a field, or of a joint's field in a JointState."""

    field: str
    joint: str = ''
    scale: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        check_count(self.scale, self.offset)


@dataclass(frozen=True)
class Vector:
    """A vector or an attitude: a field with x, y, z (and w), or an array; and its frame."""

    field: str
    frame: str


@dataclass(frozen=True)
class Stamp:
    """Where a message keeps its time: a header's stamp, or a number of some unit."""

    field: str = 'header.stamp'
    unit: str = ''

    def __post_init__(self) -> None:
        """Refuse an unknown unit."""
        if self.unit and self.unit not in UNITS:
            raise unknown('unit of a stamp', self.unit, UNITS)


@dataclass(frozen=True)
class Input:
    """A topic and what is read from it; `max_age` in s, 0 for never too old, None as usual."""

    topic: str
    type: str
    terms: Mapping[str, Term]
    vectors: Mapping[str, Vector]
    stamp: Stamp
    max_age: float | None = None

    def __post_init__(self) -> None:
        """Refuse an age that means nothing."""
        if self.max_age is not None and not 0 <= self.max_age < math.inf:
            raise UserError(f'{self.topic}: max_age {self.max_age}: must be 0 or more')

    def bound(self, known: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]) -> list[str]:
        """Return the numbers that it binds; refuse an unknown vector or frame."""
        names = list(self.terms)
        for name, vector in self.vectors.items():
            if name not in known:
                raise unknown(f'{self.topic}: vector', name, known)
            numbers, frames = known[name]
            if vector.frame not in frames:
                raise unknown(f'{self.topic}: frame of {name}', vector.frame, frames)
            names += numbers
        return names


@dataclass(frozen=True)
class Actuator:
    """What an actuator is called, which number it takes, and how it counts."""

    term: str
    name: str = ''
    scale: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        check_count(self.scale, self.offset)


@dataclass(frozen=True)
class StackMapping:
    """Inputs, of which the first triggers a tick; set-point and command as usual where None."""

    inputs: tuple[Input, ...]
    goal: Input | None
    interface: str
    topic: str
    actuators: tuple[Actuator, ...]

    def check(self, law: Law) -> None:
        """Raise a `UserError` unless every number of a law is bound exactly once."""
        if self.inputs:
            bound = [name for each in self.inputs for name in each.bound(VECTORS)]
            covered('state', bound, law.state_names)
        if self.goal is not None:
            covered('goal', self.goal.bound(GOAL_VECTORS), law.goal_names)
        if self.actuators:
            covered('command', [each.term for each in self.actuators], law.command.names)


def check_count(scale: float, offset: float) -> None:
    """Raise a `UserError` for numbers by which nothing can be counted."""
    if not (math.isfinite(scale) and scale and math.isfinite(offset)):
        raise UserError(f'scale {scale}, offset {offset}: must be finite, scale not 0')


def covered(what: str, bound: Iterable[str], wanted: Iterable[str]) -> None:
    """Raise a `UserError` unless names are exactly those wanted, each once."""
    found, needed = sorted(bound), sorted(wanted)
    if found == needed:
        return
    missing = sorted(set(needed) - set(found))
    extra = sorted(set(found) - set(needed))
    twice = sorted({name for name in found if found.count(name) > 1})
    raise UserError(f'{what}: missing {missing}, unknown {extra}, bound twice {twice}')


def load_mapping(name: str) -> StackMapping:
    """Return the mapping of a shipped example, or of a YAML file."""
    path, values = read_yaml('examples', 'mapping', name)
    try:
        return _mapping(values)
    except UserError as error:
        raise UserError(f'mapping {path}: {error}') from None
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(f'mapping {path}: {" ".join(str(error).split())}') from None


def _mapping(values: Any) -> StackMapping:
    known('mapping', values, ('text', 'inputs', 'goal', 'command'))
    command = values.get('command', {})
    known('command', command, ('interface', 'topic', 'joints'))
    goal = values.get('goal')
    return StackMapping(
        tuple(_input(each) for each in values.get('inputs', ())),
        None if goal is None else _input(goal),
        str(command.get('interface', '')),
        str(command.get('topic', '')),
        tuple(part(Actuator, 'joint', each) for each in command.get('joints', ())),
    )


def _input(values: Any) -> Input:
    known('input', values, [field.name for field in fields(Input)])
    terms = {name: _term(name, each) for name, each in values.get('terms', {}).items()}
    vectors = {
        name: part(Vector, f'vector {name}', each)
        for name, each in values.get('vectors', {}).items()
    }
    stamp = part(Stamp, 'stamp', values.get('stamp', {}))
    if not (terms or vectors):
        raise UserError(f'{values.get("topic")}: binds nothing')
    age = values.get('max_age')
    topic, kind = values['topic'], values['type']
    return Input(topic, kind, terms, vectors, stamp, None if age is None else float(age))


def _term(name: str, values: Any) -> Term:
    return Term(values) if isinstance(values, str) else part(Term, f'term {name}', values)


def part(kind: type[Part], what: str, values: Any) -> Part:
    """Return a dataclass of a YAML object; a `UserError` names a key that is not known."""
    known(what, values, [field.name for field in fields(kind)])  # type: ignore[arg-type]
    try:
        return kind(**values)
    except TypeError as error:
        raise UserError(f'{what}: {error}') from None


def known(what: str, values: Any, names: Iterable[str]) -> None:
    """Raise a `UserError` unless a value is an object of those keys alone."""
    if not isinstance(values, dict):
        raise UserError(f'{what}: must be an object of {", ".join(names)}')
    for name in values:
        if name not in (allowed := list(names)):
            raise unknown(f'key of {what}', name, allowed)
