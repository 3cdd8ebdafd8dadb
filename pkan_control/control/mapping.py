"""A mapping: topics, names, units and frames of a controller's signals in a user's stack.

A YAML file binds each number of state, set-point and command to a topic and a field of a message,
with frame, scale (a negative one turns the sign) and offset. Everything is checked against the
controller file's law before anything runs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pkan_control.common.errors import UserError, unknown
from pkan_control.common.files import FilePath
from pkan_control.common.ranges import Finite, NonNegative, check_fields
from pkan_control.common.yaml_files import read_file
from pkan_control.control.laws.drone import MOVING_GOAL, STATE
from pkan_control.control.laws.law import Law

# Units of a stamp that is a number, in ns.
UNITS = {'s': 10**9, 'ms': 10**6, 'us': 1000, 'ns': 1}
# Frames of a vector. World: ENU or NED. Body: FLU or FRD.
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


@dataclass(frozen=True)
class Term:
    """A number: `scale * value + offset` of a field, or of a joint's field in a JointState."""

    field: str
    joint: str = ''
    scale: Finite = 1.0
    offset: Finite = 0.0

    def __post_init__(self) -> None:
        """Raise a `UserError` for numbers by which nothing can be converted."""
        check_conversion(self)

    @staticmethod
    def from_short(value: Any) -> Any:
        """Return the mapping for the bare name of a field."""
        return {'field': value} if isinstance(value, str) else value


@dataclass(frozen=True)
class Vector:
    """A vector or an attitude: a field with x, y, z (and w), or an array; and its frame."""

    field: str
    frame: str


@dataclass(frozen=True)
class Stamp:
    """Where a message keeps its time: a header's stamp, or a number of some unit."""

    field: str = 'header.stamp'
    unit: Literal['', 's', 'ms', 'us', 'ns'] = ''


@dataclass(frozen=True)
class Input:
    """A topic and what is read from it; `max_age` in s, 0 for no limit, None for the default."""

    topic: str
    type: str
    terms: Mapping[str, Term] = field(default_factory=dict)
    vectors: Mapping[str, Vector] = field(default_factory=dict)
    stamp: Stamp = Stamp()
    max_age: NonNegative | None = None

    def __post_init__(self) -> None:
        """Raise a `UserError` for an age out of range, and for an input that binds nothing."""
        check_fields(self)
        if not (self.terms or self.vectors):
            raise UserError(f'terms: {self.topic} binds nothing: give terms or vectors')

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
    """The number that an actuator takes, its name in the stack, and its scale and offset."""

    term: str
    name: str = ''
    scale: Finite = 1.0
    offset: Finite = 0.0

    def __post_init__(self) -> None:
        """Raise a `UserError` for numbers by which nothing can be converted."""
        check_conversion(self)


@dataclass(frozen=True)
class Command:
    """Adapter, topic and actuators of a command; defaults where they are empty."""

    interface: str = ''
    topic: str = ''
    joints: tuple[Actuator, ...] = ()


@dataclass(frozen=True)
class StackMapping:
    """Inputs, of which the first triggers a tick, set-point and command; defaults where absent."""

    inputs: tuple[Input, ...] = ()
    goal: Input | None = None
    command: Command = Command()

    def check(self, law: Law) -> None:
        """Raise a `UserError` unless every number of a law is bound exactly once."""
        if self.inputs:
            bound = [name for each in self.inputs for name in each.bound(VECTORS)]
            covered('state', bound, law.state_names)
        if self.goal is not None:
            covered('goal', self.goal.bound(GOAL_VECTORS), law.goal_names)
        if self.command.joints:
            covered('command', [each.term for each in self.command.joints], law.command.names)


def check_conversion(part: Term | Actuator) -> None:
    """Raise a `UserError` for a scale or an offset by which nothing can be converted."""
    check_fields(part)
    if not part.scale:
        raise UserError(f'scale: {part.scale} must not be 0')


def covered(what: str, bound: Iterable[str], wanted: Iterable[str]) -> None:
    """Raise a `UserError` unless names are exactly those wanted, each once."""
    found, needed = sorted(bound), sorted(wanted)
    if found == needed:
        return
    missing = sorted(set(needed) - set(found))
    extra = sorted(set(found) - set(needed))
    twice = sorted({name for name in found if found.count(name) > 1})
    raise UserError(f'{what}: missing {missing}, unknown {extra}, bound twice {twice}')


def load_mapping(name: FilePath) -> StackMapping:
    """Return the mapping of a shipped example, or of a YAML file."""
    return read_file('examples', 'mapping', name, StackMapping)[1]
