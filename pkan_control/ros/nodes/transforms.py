"""Set-points of another frame, by TF where tf2_ros is installed."""

from importlib import import_module
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.time import Time

from pkan_control.common.arrays import Floats
from pkan_control.common.rotations import matrix


class Transforms:
    """Moves points from one frame into another; TF is listened to from the first need on."""

    def __init__(self, node: Node) -> None:
        """Listen to nothing yet."""
        self._node = node
        self._buffer: Any = None
        self._listener: Any = None

    def into(self, wanted: str, given: str, values: Floats) -> Floats | str:
        """Return a set-point `[3]`, `[6]` or `[9]` in the wanted frame, or why that is impossible.

        The first three numbers are a place, the others vectors. An empty frame is any.
        """
        if given in ('', wanted) or not wanted:
            return values
        away = f'it is in {given}, the state in {wanted}'
        if len(values) % 3:
            return f'{away}: only points can be transformed'
        if self._buffer is None and not self._listen():
            return f'{away}, and tf2_ros is not installed'
        try:
            found = self._buffer.lookup_transform(wanted, given, Time())
        except Exception as error:  # the exceptions of tf2 have no common class of their own
            return f'{away}: {error}'
        return moved(found.transform, values)

    def _listen(self) -> bool:
        try:
            tf2_ros = import_module('tf2_ros')
        except ImportError:
            return False
        self._buffer = tf2_ros.Buffer()
        self._listener = tf2_ros.TransformListener(self._buffer, self._node)
        return True

    def close(self) -> None:
        """Stop listening."""
        if self._listener is not None and hasattr(self._listener, 'unregister'):
            self._listener.unregister()
        self._buffer = self._listener = None


def moved(transform: Any, values: Floats) -> Floats:
    """Return a place and vectors `[3 n]` by a geometry_msgs/Transform."""
    q, t = transform.rotation, transform.translation
    turned = matrix(np.array([q.x, q.y, q.z, q.w])) @ values.reshape(-1, 3).T
    turned[:, 0] += (t.x, t.y, t.z)
    return np.ascontiguousarray(turned.T).reshape(-1)
