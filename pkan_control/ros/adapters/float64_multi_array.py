"""Commands as std_msgs/Float64MultiArray: what ros2_control's forward controllers take.

The numbers stand in the order of the controller's parameter `joints`, which the message does not
repeat: bind them by name in a mapping where that order is not the one of the controller file.
"""

from array import array
from collections.abc import Mapping

from std_msgs.msg import Float64MultiArray

from pkan_control.common.arrays import Floats
from pkan_control.control.action_types import Kind
from pkan_control.control.laws.law import Law
from pkan_control.ros.adapters.adapter import Joints


class Float64MultiArrayAdapter:
    """Numbers of one kind, in the order of the joints."""

    kinds = frozenset(
        {Kind.ROTOR_SPEEDS, Kind.JOINT_POSITIONS, Kind.JOINT_VELOCITIES, Kind.JOINT_EFFORTS}
    )
    named = True
    outputs: Mapping[str, type] = {'command': Float64MultiArray}

    def __init__(self, law: Law, joints: Joints) -> None:
        """Keep the joints."""
        self._joints = joints

    def encode(self, command: Floats, stamp_ns: int) -> tuple[Float64MultiArray]:
        """Return the message; it has no stamp."""
        values = self._joints.values(command)
        return (Float64MultiArray(data=array('d', values.tolist())),)
