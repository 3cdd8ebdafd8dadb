"""What every adapter is, and how one is found by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, ClassVar, Protocol

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError, unknown
from pkan_control.control.action_types import Kind, fields_of, kinds_of
from pkan_control.control.laws.law import Law

ENTRY_POINTS = 'pkan_control.adapters'


@dataclass(frozen=True)
class Joints:
    """What actuators are called and how they count: for each, in the order of the messages.

    Number `i` is `scale[i] * command[source[i]] + offset[i]`, and belongs to the array `fields[i]`
    of a JointState.
    """

    names: tuple[str, ...]
    fields: tuple[str, ...]
    source: tuple[int, ...]
    scale: Floats
    offset: Floats

    @classmethod
    def of(cls, law: Law) -> 'Joints':
        """Return the joints as the law itself names and orders them."""
        count = len(law.command)
        every = tuple(range(count))
        return cls(law.command.names, fields_of(law), every, np.ones(count), np.zeros(count))

    @cached_property
    def plain(self) -> bool:
        """Whether the numbers are those of the command, in its order."""
        in_order = self.source == tuple(range(len(self.source)))
        return bool(in_order and (self.scale == 1).all() and (self.offset == 0).all())

    def values(self, command: Floats) -> Floats:
        """Return the numbers `[n]` for a command `[m]`."""
        if self.plain:
            return command
        return command[list(self.source)] * self.scale + self.offset


class Adapter(Protocol):
    """Makes messages of commands; made with a law, and the joints as the stack names them."""

    # What it takes; a controller that gives none of these is refused.
    kinds: ClassVar[frozenset[Kind]]
    # Whether the stack's names, signs and scales mean anything to it.
    named: ClassVar[bool]
    # The type of message of each topic, in order; the first is the command itself.
    outputs: Mapping[str, type]

    def encode(self, command: Floats, stamp_ns: int) -> tuple[Any, ...]:
        """Return the messages, one for each output, of a command `[n]` in the law's units."""


def open_adapter(name: str, law: Law, joints: Joints | None = None) -> Adapter:
    """Return the adapter of that name; raise a `UserError` where it does not fit the law."""
    found = {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}
    if name not in found:
        raise unknown('command_interface', name, found)
    maker = found[name].load()
    offered = kinds_of(law)
    if not maker.kinds & offered:
        raise UserError(
            f'command_interface {name}: takes {listed(maker.kinds)}, '
            f'but the controller gives {listed(offered)}'
        )
    if joints is not None and not maker.named:
        raise UserError(f'command_interface {name}: has no joints whose names could be mapped')
    adapter: Adapter = maker(law, joints or Joints.of(law))
    return adapter


def listed(kinds: frozenset[Kind]) -> str:
    """Return kinds as words."""
    return ', '.join(sorted(kinds))


def messages_of(package: str, interface: str) -> Any:
    """Return the messages of a package that need not be installed."""
    try:
        return import_module(f'{package}.msg')
    except ImportError:
        raise UserError(
            f'command_interface {interface}: the package {package} is not installed or not sourced'
        ) from None
