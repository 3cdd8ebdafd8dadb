"""Commands as trajectory_msgs/JointTrajectory: what a joint trajectory controller takes."""

from array import array
from collections.abc import Mapping

from builtin_interfaces.msg import Duration
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from pkan_control.common.arrays import Floats
from pkan_control.control.action_types import FIELDS
from pkan_control.control.laws.law import Law
from pkan_control.ros.adapters.adapter import Joints
from pkan_control.ros.nodes.messages import set_time


class JointTrajectoryAdapter:
    """One point, to be reached within a control period, of positions, velocities or efforts."""

    kinds = frozenset(kind for kind, _ in FIELDS.values())
    named = True
    outputs: Mapping[str, type] = {'command': JointTrajectory}

    def __init__(self, law: Law, joints: Joints) -> None:
        """Prepare the message: only its stamp and its numbers change."""
        self._joints = joints
        self._field = {'position': 'positions', 'velocity': 'velocities', 'effort': 'effort'}[
            joints.fields[0]
        ]
        period = Duration(sec=0, nanosec=round(1e9 / law.rate_hz))
        point = JointTrajectoryPoint(time_from_start=period)
        self._message = JointTrajectory(joint_names=list(joints.names), points=[point])

    def encode(self, command: Floats, stamp_ns: int) -> tuple[JointTrajectory]:
        """Return the message; it is the same object each time."""
        message = self._message
        set_time(message.header.stamp, stamp_ns)
        values = array('d', self._joints.values(command).tolist())
        setattr(message.points[0], self._field, values)
        return (message,)
