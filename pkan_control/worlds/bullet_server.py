"""A PyBullet server of one's own: every call goes to it, none to another world's."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any


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

__all__ = ['Bullet', 'pybullet']


class Bullet:
    """A physics server without a window, in this process; its methods are PyBullet's functions."""

    def __init__(self) -> None:
        """Start the server."""
        self._server = pybullet.connect(pybullet.DIRECT)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return PyBullet's function of that name, bound to this server."""
        bound = partial(getattr(pybullet, name), physicsClientId=self._server)
        setattr(self, name, bound)
        return bound
