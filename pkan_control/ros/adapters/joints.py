"""Adapters for actuators that are addressed one by one: joints, rotors, servos."""

from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np
from builtin_interfaces.msg import Duration
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from pkan_control.common.arrays import Floats
from pkan_control.control.action_types import FIELDS, ActionType
from pkan_control.control.laws.law import Law
from pkan_control.ros.adapters.adapter import Joints, optional_messages
from pkan_control.ros.nodes.messages import set_time


class JointStateAdapter:
    """sensor_msgs/JointState, named and stamped: the command that the simulation node subscribes.

    Each number goes into the array of its unit: position, velocity or effort. Where a command
    mixes them, an array holds NaN for the joints that it does not command.
    """

    action_types = frozenset(ActionType) - {ActionType.WRENCH, ActionType.TWIST}
    named = True
    outputs: Mapping[str, type] = {'command': JointState}

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


class Float64MultiArrayAdapter:
    """std_msgs/Float64MultiArray: the command of ros2_control's forward command controllers.

    The message has no names: its numbers stand in the order of the controller's parameter
    `joints`. Where that differs from the controller file's, a mapping binds them by name.
    """

    action_types = frozenset(
        {
            ActionType.ROTOR_SPEEDS,
            ActionType.JOINT_POSITIONS,
            ActionType.JOINT_VELOCITIES,
            ActionType.JOINT_EFFORTS,
        }
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


class JointTrajectoryAdapter:
    """trajectory_msgs/JointTrajectory: the command of a joint trajectory controller.

    It has one point of positions, velocities or efforts, due one control period from now.
    """

    action_types = frozenset(kind for kind, _ in FIELDS.values())
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


class ActuatorsAdapter:
    """actuator_msgs/Actuators: the command of Gazebo's multicopter motor model.

    Rotor speeds [rad/s], joint velocities [rad/s] or joint positions [rad], in the order of the
    joints. Needs the package actuator_msgs.
    """

    action_types = frozenset(
        {ActionType.ROTOR_SPEEDS, ActionType.JOINT_POSITIONS, ActionType.JOINT_VELOCITIES}
    )
    named = True
    outputs: Mapping[str, type]

    def __init__(self, law: Law, joints: Joints) -> None:
        """Import the message type."""
        actuators = optional_messages('actuator_msgs', 'actuators').Actuators
        self.outputs = {'command': actuators}
        self._message, self._joints = actuators(), joints

    def encode(self, command: Floats, stamp_ns: int) -> tuple[Any]:
        """Return the message; it is the same object each time."""
        message = self._message
        set_time(message.header.stamp, stamp_ns)
        setattr(message, self._joints.fields[0], self._joints.values(command).tolist())
        return (message,)
