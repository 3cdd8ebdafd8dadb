"""The adapter protocol, and how an adapter is found by name.

An adapter turns commands into the messages of a stack. The parameter `command_interface`, or a
mapping, names it; it is found under the entry point group `pkan_control.adapters`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, ClassVar, Protocol

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.registry import Registry
from pkan_control.control.action_types import ActionType, action_types_of, fields_of
from pkan_control.control.laws.law import Law


@dataclass(frozen=True)
class Joints:
    """Names, order, signs and scales of a stack's actuators.

    Number `i` of a message is `scale[i] * command[source[i]] + offset[i]`; it belongs to joint
    `names[i]` and to the array `fields[i]` of a JointState.
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
        in_order = tuple(range(count))
        return cls(law.command.names, fields_of(law), in_order, np.ones(count), np.zeros(count))

    @cached_property
    def unchanged(self) -> bool:
        """Whether the numbers are those of the command, in its order."""
        in_order = self.source == tuple(range(len(self.source)))
        return bool(in_order and (self.scale == 1).all() and (self.offset == 0).all())

    def values(self, command: Floats) -> Floats:
        """Return the numbers `[n]` of a message for a command `[m]`."""
        if self.unchanged:
            return command
        return command[list(self.source)] * self.scale + self.offset


class Adapter(Protocol):
    """Turns commands into messages; constructed with a law and the stack's joints."""

    # The action types that it takes; a controller that gives none of them is refused.
    action_types: ClassVar[frozenset[ActionType]]
    # Whether it uses the joints; a mapping that names actuators is refused otherwise.
    named: ClassVar[bool]
    # Message type by topic; the first topic carries the command itself.
    outputs: Mapping[str, type]

    def encode(self, command: Floats, stamp_ns: int) -> tuple[Any, ...]:
        """Return one message per output for a command `[n]` in the law's units."""


class AdapterType(Protocol):
    """What is registered for an adapter: its class."""

    action_types: frozenset[ActionType]
    named: bool

    def __call__(self, law: Law, joints: Joints) -> Adapter:
        """Return the adapter for a law, and the joints as the stack names them."""


ADAPTERS: Registry[AdapterType] = Registry(
    'pkan_control.adapters', 'command_interface', AdapterType
)


def open_adapter(name: str, law: Law, joints: Joints | None = None) -> Adapter:
    """Return the adapter of that name; raise a `UserError` where it does not fit the law."""
    adapter_type = ADAPTERS.find(name)
    offered = action_types_of(law)
    if not adapter_type.action_types & offered:
        raise UserError(
            f'command_interface {name}: takes {listed(adapter_type.action_types)}, '
            f'but the controller gives {listed(offered)}'
        )
    if joints is not None and not adapter_type.named:
        raise UserError(f'command_interface {name}: has no joints whose names could be mapped')
    return adapter_type(law, joints or Joints.of(law))


def listed(action_types: frozenset[ActionType]) -> str:
    """Return action types as text."""
    return ', '.join(sorted(action_types))


def lacks(law: Law, part: str) -> UserError:
    """Return the error for a law without a part that an adapter needs."""
    return UserError(f'law {law.name}: has no {part}, which the command_interface needs')


def optional_messages(package: str, interface: str) -> Any:
    """Return the message module of a package; raise a `UserError` where it is not installed."""
    try:
        return import_module(f'{package}.msg')
    except ImportError:
        raise UserError(
            f'command_interface {interface}: the package {package} is not installed or not sourced'
        ) from None
