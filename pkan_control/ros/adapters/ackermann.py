"""Commands as ackermann_msgs/AckermannDriveStamped, where that package is installed."""

from collections.abc import Mapping
from typing import Any

from pkan_control.common.arrays import Floats
from pkan_control.control.action_types import Kind
from pkan_control.control.laws.law import Law
from pkan_control.ros.adapters.adapter import Joints, messages_of
from pkan_control.ros.nodes.messages import set_time


class AckermannAdapter:
    """Steering angle [rad], positive to the left, and speed [m/s], each as fast as it goes."""

    kinds = frozenset({Kind.STEERING_AND_SPEED})
    named = False
    outputs: Mapping[str, type]

    def __init__(self, law: Law, joints: Joints) -> None:
        """Import the messages."""
        kind = messages_of('ackermann_msgs', 'ackermann').AckermannDriveStamped
        self.outputs = {'command': kind}
        self._message = kind()
        self._message.header.frame_id = 'base_link'

    def encode(self, command: Floats, stamp_ns: int) -> tuple[Any]:
        """Return the message; it is the same object each time."""
        message = self._message
        set_time(message.header.stamp, stamp_ns)
        message.drive.steering_angle, message.drive.speed = command.tolist()
        return (message,)
