"""A PyBullet server of one's own: every call goes to it, none to another world's."""

import ctypes
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.errors import UserError

# Of the camera: field of view in degrees, and from where it looks: behind, aside and above.
VIEW_DEG, YAW_DEG, PITCH_DEG = 60.0, 30.0, -25.0


@contextmanager
def silence() -> Iterator[None]:
    """Send what C code prints nowhere: PyBullet tells of itself on both standard streams."""
    flush = ctypes.CDLL(None).fflush
    flush(None)
    kept = [(stream, os.dup(stream)) for stream in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream, _ in kept:
        os.dup2(nowhere, stream)
    try:
        yield
    finally:
        flush(None)
        for stream, copy in kept:
            os.dup2(copy, stream)
            os.close(copy)
        os.close(nowhere)


with silence():
    import pybullet

__all__ = ['Bullet', 'model', 'pybullet', 'silence', 'told']


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
    """A physics server without a window, in this process; its methods are PyBullet's functions.

    `number` is its `physicsClientId`: given to PyBullet's own functions as their last argument, it
    makes a call that takes a microsecond a quarter shorter.
    """

    def __init__(self) -> None:
        """Start the server."""
        self.number: int = pybullet.connect(pybullet.DIRECT)

    def close(self) -> None:
        """Stop the server, if it is still there."""
        if pybullet.isConnected(self.number):
            pybullet.disconnect(self.number)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return PyBullet's function of that name, bound to this server."""
        bound = partial(getattr(pybullet, name), physicsClientId=self.number)
        setattr(self, name, bound)
        return bound


def picture(
    client: Bullet, target: Sequence[float], distance_m: float, width: int, height: int
) -> NDArray[np.uint8]:
    """Return what is around a point in the world, as red, green, blue `[height, width, 3]`."""
    view = client.computeViewMatrixFromYawPitchRoll(
        target, distance_m, YAW_DEG, PITCH_DEG, 0.0, upAxisIndex=2
    )
    lens = client.computeProjectionMatrixFOV(VIEW_DEG, width / height, 0.02, 50.0)
    drawn = client.getCameraImage(width, height, view, lens, renderer=pybullet.ER_TINY_RENDERER)
    pixels = np.reshape(np.asarray(drawn[2], dtype=np.uint8), (height, width, 4))
    return np.ascontiguousarray(pixels[..., :3])
