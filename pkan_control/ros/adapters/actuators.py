"""Commands as actuator_msgs/Actuators, where that is installed: what Gazebo's motors take."""

from collections.abc import Mapping
from typing import Any

from pkan_control.common.arrays import Floats
from pkan_control.control.action_types import Kind
from pkan_control.control.laws.law import Law
from pkan_control.ros.adapters.adapter import Joints, messages_of
from pkan_control.ros.nodes.messages import set_time


class ActuatorsAdapter:
    """Rotor speeds [rad/s], or joint positions [rad], in the order of the joints."""

    kinds = frozenset({Kind.ROTOR_SPEEDS, Kind.JOINT_POSITIONS, Kind.JOINT_VELOCITIES})
    named = True
    outputs: Mapping[str, type]

    def __init__(self, law: Law, joints: Joints) -> None:
        """Import the messages."""
        kind = messages_of('actuator_msgs', 'actuators').Actuators
        self.outputs = {'command': kind}
        self._message, self._joints = kind(), joints

    def encode(self, command: Floats, stamp_ns: int) -> tuple[Any]:
        """Return the message; it is the same object each time."""
        message = self._message
        set_time(message.header.stamp, stamp_ns)
        setattr(message, self._joints.fields[0], self._joints.values(command).tolist())
        return (message,)
