"""Transforms of set-points into the frame of the state, by TF where tf2_ros is installed."""

from importlib import import_module
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.time import Time

from pkan_control.common.arrays import Floats
from pkan_control.common.rotations import matrix


class Transforms:
    """Transforms set-points between frames; TF is subscribed when the first one needs it."""

    def __init__(self, node: Node) -> None:
        """Subscribe nothing yet."""
        self._node = node
        self._buffer: Any = None
        self._listener: Any = None

    def into(self, target: str, source: str, values: Floats) -> Floats | str:
        """Return a set-point `[3 n]` in the target frame, or the reason why that is impossible.

        The first three numbers are a position, the others vectors. An empty frame fits any.
        """
        if source in ('', target) or not target:
            return values
        mismatch = f'it is in {source}, the state in {target}'
        if len(values) % 3:
            return f'{mismatch}: only points can be transformed'
        if self._buffer is None and not self._subscribe():
            return f'{mismatch}, and tf2_ros is not installed'
        try:
            found = self._buffer.lookup_transform(target, source, Time())
        except Exception as error:  # the exceptions of tf2 have no base class of their own
            return f'{mismatch}: {error}'
        return transformed(found.transform, values)

    def _subscribe(self) -> bool:
        try:
            tf2_ros = import_module('tf2_ros')
        except ImportError:
            return False
        self._buffer = tf2_ros.Buffer()
        self._listener = tf2_ros.TransformListener(self._buffer, self._node)
        return True

    def close(self) -> None:
        """End the subscription of TF."""
        if self._listener is not None and hasattr(self._listener, 'unregister'):
            self._listener.unregister()
        self._buffer = self._listener = None


def transformed(transform: Any, values: Floats) -> Floats:
    """Return a position and vectors `[3 n]` transformed by a geometry_msgs/Transform."""
    q, t = transform.rotation, transform.translation
    rotated = matrix(np.array([q.x, q.y, q.z, q.w])) @ values.reshape(-1, 3).T
    rotated[:, 0] += (t.x, t.y, t.z)
    return np.ascontiguousarray(rotated.T).reshape(-1)
