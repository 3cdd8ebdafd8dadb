"""A PyBullet server of one's own: every call goes to it, none to another world's."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from pkan_control.errors import UserError


@contextmanager
def _silence() -> Iterator[None]:
    """Send what C code prints nowhere: PyBullet greets on standard error when it is imported."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


with _silence():
    import pybullet

__all__ = ['Bullet', 'model', 'pybullet', 'told']


Call = TypeVar('Call', bound=Callable[..., Any])


def told(call: Call) -> Call:
    """Make what PyBullet raises, in what calls it, a `UserError` of one line."""

    @wraps(call)
    def telling(*values: Any) -> Any:
        try:
            return call(*values)
        except pybullet.error as error:
            raise UserError(f'physics: {error}') from None

    return cast('Call', telling)


def model(path: Path) -> str:
    """Return the path of a model; raise a `UserError` where it is missing."""
    if not path.exists():
        raise UserError(f'model {path}: no such file')
    return str(path)


class Bullet:
    """A physics server without a window, in this process; its methods are PyBullet's functions."""

    def __init__(self) -> None:
        """Start the server."""
        self._server = pybullet.connect(pybullet.DIRECT)

    def close(self) -> None:
        """Stop the server, if it is still there."""
        if pybullet.isConnected(self._server):
            pybullet.disconnect(self._server)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return PyBullet's function of that name, bound to this server."""
        bound = partial(getattr(pybullet, name), physicsClientId=self._server)
        setattr(self, name, bound)
        return bound
