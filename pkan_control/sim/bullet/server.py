"""A PyBullet server of its own for each simulation."""

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

# Field of view, yaw and pitch of the camera in degrees.
VIEW_DEG, YAW_DEG, PITCH_DEG = 60.0, 30.0, -25.0


@contextmanager
def silence() -> Iterator[None]:
    """Discard the output of C code: PyBullet prints to both standard streams."""
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

__all__ = ['Bullet', 'model', 'one_line_errors', 'pybullet', 'silence']


Call = TypeVar('Call', bound=Callable[..., Any])


def one_line_errors(call: Call) -> Call:
    """Turn the errors of PyBullet in a method into a `UserError`."""

    @wraps(call)
    def checked(*values: Any) -> Any:
        try:
            return call(*values)
        except pybullet.error as error:
            raise UserError(f'physics: {error}') from None

    return cast('Call', checked)


def model(path: Path) -> str:
    """Return the path of a model; raise a `UserError` for a missing file."""
    if not path.exists():
        raise UserError(f'model {path}: no such file')
    return str(path)


class Bullet:
    """A physics server in this process, without a window; its methods are PyBullet's functions.

    `number` is its `physicsClientId`. Passed to PyBullet's functions directly, as the last
    argument, it saves a quarter of the time of a short call.
    """

    def __init__(self) -> None:
        """Start the server."""
        self.number: int = pybullet.connect(pybullet.DIRECT)

    def close(self) -> None:
        """Stop the server, if it is running."""
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
    """Return a picture around a point in the world, red, green and blue `[height, width, 3]`."""
    view = client.computeViewMatrixFromYawPitchRoll(
        target, distance_m, YAW_DEG, PITCH_DEG, 0.0, upAxisIndex=2
    )
    lens = client.computeProjectionMatrixFOV(VIEW_DEG, width / height, 0.02, 50.0)
    drawn = client.getCameraImage(width, height, view, lens, renderer=pybullet.ER_TINY_RENDERER)
    pixels = np.reshape(np.asarray(drawn[2], dtype=np.uint8), (height, width, 4))
    return np.ascontiguousarray(pixels[..., :3])
