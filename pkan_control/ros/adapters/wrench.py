"""Commands as geometry_msgs/WrenchStamped: thrust and torque in the body frame."""

from collections.abc import Mapping

from geometry_msgs.msg import WrenchStamped

from pkan_control.common.arrays import Floats
from pkan_control.control.action_types import Flying, Kind
from pkan_control.control.laws.law import Law
from pkan_control.ros.adapters.adapter import Joints
from pkan_control.ros.nodes.messages import set_time


class WrenchAdapter:
    """What the rotors do to the body: force along z [N], torque [N m]; base_link, FLU.

    Rotors at rest are a wrench of zeros.
    """

    kinds = frozenset({Kind.WRENCH})
    named = False
    outputs: Mapping[str, type] = {'command': WrenchStamped}

    def __init__(self, law: Law, joints: Joints) -> None:
        """Take the airframe of the law."""
        if not isinstance(law, Flying):
            raise TypeError(f'law {law.name}: has no airframe')
        self._frame = law.airframe
        self._message = WrenchStamped()
        self._message.header.frame_id = 'base_link'

    def encode(self, command: Floats, stamp_ns: int) -> tuple[WrenchStamped]:
        """Return the message; it is the same object each time."""
        message = self._message
        set_time(message.header.stamp, stamp_ns)
        wrench = message.wrench
        thrust, *torque = self._frame.wrench(command).tolist()
        wrench.force.z = thrust
        wrench.torque.x, wrench.torque.y, wrench.torque.z = torque
        return (message,)
