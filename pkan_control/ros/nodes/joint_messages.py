"""Between sensor_msgs/JointState and arrays: by name, in whatever order; nothing is filled in."""

from array import array
from collections.abc import Sequence

import numpy as np
from sensor_msgs.msg import JointState

from pkan_control.common.arrays import Floats
from pkan_control.common.message_fields import JointReader as JointReader
from pkan_control.ros.nodes.messages import to_time


def joint_state(
    joints: Sequence[str], fields: Sequence[str], state: Floats, stamp_ns: int
) -> JointState:
    """Return a state `[n]`, number `i` of which is a field of a joint, as a message."""
    values = dict(zip(zip(joints, fields, strict=True), state.tolist(), strict=True))
    message = JointState(name=list(dict.fromkeys(joints)))
    message.header.stamp = to_time(stamp_ns)
    for field in dict.fromkeys(fields):
        setattr(message, field, array('d', [values[joint, field] for joint in message.name]))
    return message


def commands(
    names: Sequence[str], fields: Sequence[str], values: Floats, stamp_ns: int
) -> JointState:
    """Return a command `[n]` as a message, each number in its array; the others hold NaN there."""
    message = JointState(name=list(names))
    message.header.stamp = to_time(stamp_ns)
    for field in dict.fromkeys(fields):
        mine = np.array([each == field for each in fields])
        setattr(message, field, array('d', np.where(mine, values, np.nan).tolist()))
    return message
