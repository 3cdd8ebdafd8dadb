"""Plug-ins by entry point: one group for each kind, and the shipped ones registered like others'.

A package adds a device, say, by naming it in its `pyproject.toml`:

    [project.entry-points.'pkan_control.devices']
    my_device = 'my_package.my_device:my_device'
"""

import inspect
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, Protocol, TypeVar

from pkan_control.common.errors import UserError, unknown

PlugIn = TypeVar('PlugIn')
_NO_MEMBERS = (object, Protocol, Generic)


@dataclass(frozen=True)
class Registry(Generic[PlugIn]):
    """The plug-ins of one kind, each an object with the members of a protocol.

    `group` is that of their entry points, `kind` what one of them is called in messages.
    """

    group: str
    kind: str
    protocol: type

    def names(self) -> tuple[str, ...]:
        """Return the names of all that are installed, in order."""
        return tuple(sorted({entry.name for entry in entry_points(group=self.group)}))

    def find(self, name: str) -> PlugIn:
        """Return the plug-in of a name.

        Raises a `UserError` for an unknown name, for one that two packages register, and for an
        object that cannot be loaded or lacks a member.
        """
        return _load(self, name)  # type: ignore[no-any-return]


@lru_cache(maxsize=256)
def _load(registry: Registry[PlugIn], name: str) -> PlugIn:
    found = [entry for entry in entry_points(group=registry.group) if entry.name == name]
    if not found:
        raise unknown(registry.kind, name, registry.names())
    if len({entry.value for entry in found}) > 1:
        packages = ' and '.join(sorted(_package(entry) for entry in found))
        raise UserError(f'{registry.kind} {name!r} is registered twice, by {packages}')
    where = f'{registry.kind} {name!r} of {_package(found[0])} ({found[0].value})'
    try:
        plug_in: PlugIn = found[0].load()
    except Exception as error:
        problem = ' '.join(f'{type(error).__name__}: {error}'.split())
        raise UserError(f'{where}: cannot be loaded ({problem})') from error
    if missing := [each for each in members(registry.protocol) if not _has(plug_in, each)]:
        raise UserError(f'{where}: has no {", ".join(missing)}')
    return plug_in


def members(protocol: type) -> list[str]:
    """Return the names of the public members of a protocol, of those that it extends, too."""
    bases = [base for base in protocol.__mro__ if base not in _NO_MEMBERS]
    names = {name for base in bases for name in (*vars(base), *inspect.get_annotations(base))}
    return sorted(name for name in names if not name.startswith('_'))


def _has(plug_in: object, name: str) -> bool:
    # No property is computed for this: it may take long.
    try:
        inspect.getattr_static(plug_in, name)
    except AttributeError:
        return False
    return True


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else 'an unknown package'
