"""Names of nodes and namespaces."""

import re

from pkan_control.common.errors import UserError

_NODE_NAME = re.compile(r'[A-Za-z_][A-Za-z0-9_]{0,254}')
_NAMESPACE = re.compile(r'/|(/[A-Za-z_][A-Za-z0-9_]*)+')


def node_name(name: str) -> str:
    """Return a node's name, or refuse it."""
    if not _NODE_NAME.fullmatch(name):
        raise UserError(f'{name!r} is not a node name: letters, digits, underscores')
    return name


def namespace(base: str | None, name: str | None) -> str | None:
    """Return the namespace `name` below `base`, or itself where it is absolute.

    None if there is neither.
    """
    if name is None:
        name = base
    elif base and not name.startswith('/'):
        name = f'{base.rstrip("/")}/{name}'
    return None if name is None else _checked(name)


def _checked(name: str) -> str:
    whole = name if name.startswith('/') else f'/{name}'
    whole = whole.rstrip('/') or '/'
    if not _NAMESPACE.fullmatch(whole):
        raise UserError(f'{name!r} is not a namespace: letters, digits, underscores')
    return whole


def full_name(name: str | None, within: str | None) -> str:
    """Return a node's full name, `/**` (any node) where either part is left to the node."""
    return '/**' if name is None or within is None else f'{within.rstrip("/")}/{name}'
