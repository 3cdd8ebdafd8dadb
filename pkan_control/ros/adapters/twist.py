"""Commands as geometry_msgs/TwistStamped: speed and yaw rate of a steered car."""

from collections.abc import Mapping

from geometry_msgs.msg import TwistStamped

from pkan_control.common.arrays import Floats
from pkan_control.control.action_types import Driving, Kind
from pkan_control.control.laws.law import Law
from pkan_control.ros.adapters.adapter import Joints
from pkan_control.ros.nodes.messages import set_time


class TwistAdapter:
    """Speed along x [m/s] and the yaw rate [rad/s] that the steering angle makes at it.

    A car that stands has no yaw rate, whatever its steering angle.
    """

    kinds = frozenset({Kind.TWIST})
    named = False
    outputs: Mapping[str, type] = {'command': TwistStamped}

    def __init__(self, law: Law, joints: Joints) -> None:
        """Take the geometry of the law's car."""
        if not isinstance(law, Driving):
            raise TypeError(f'law {law.name}: has no car')
        self._car = law.car
        self._message = TwistStamped()
        self._message.header.frame_id = 'base_link'

    def encode(self, command: Floats, stamp_ns: int) -> tuple[TwistStamped]:
        """Return the message; it is the same object each time."""
        message = self._message
        set_time(message.header.stamp, stamp_ns)
        steering, speed = command[0], float(command[1])
        message.twist.linear.x = speed
        message.twist.angular.z = float(speed * self._car.curvature(steering))
        return (message,)
