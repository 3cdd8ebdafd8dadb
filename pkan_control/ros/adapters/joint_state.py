"""Commands as sensor_msgs/JointState: named and stamped, what the simulation takes."""

from array import array
from collections.abc import Mapping

import numpy as np
from sensor_msgs.msg import JointState

from pkan_control.common.arrays import Floats
from pkan_control.control.action_types import Kind
from pkan_control.control.laws.law import Law
from pkan_control.ros.adapters.adapter import Joints
from pkan_control.ros.nodes.messages import set_time

COMMAND = 'command'


class JointStateAdapter:
    """Positions, velocities or efforts by name.

    Where a command mixes them, each array has NaN for the joints whose number is in another one.
    """

    kinds = frozenset(Kind) - {Kind.WRENCH, Kind.TWIST}
    named = True
    outputs: Mapping[str, type] = {COMMAND: JointState}

    def __init__(self, law: Law, joints: Joints) -> None:
        """Prepare the message: only its stamp and its numbers change."""
        self._joints = joints
        self._message = JointState(name=list(joints.names))
        self._parts = {
            field: np.array([each == field for each in joints.fields])
            for field in dict.fromkeys(joints.fields)
        }

    def encode(self, command: Floats, stamp_ns: int) -> tuple[JointState]:
        """Return the message; it is the same object each time."""
        values, message = self._joints.values(command), self._message
        set_time(message.header.stamp, stamp_ns)
        if len(self._parts) == 1:
            setattr(message, next(iter(self._parts)), array('d', values.tolist()))
        else:
            for field, mine in self._parts.items():
                setattr(message, field, array('d', np.where(mine, values, np.nan).tolist()))
        return (message,)
