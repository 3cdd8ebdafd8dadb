"""Adapters for vehicles as a whole: wrench, twist, and Ackermann steering; all in base_link."""

from collections.abc import Mapping
from typing import Any

from geometry_msgs.msg import TwistStamped, WrenchStamped

from pkan_control.common.arrays import Floats
from pkan_control.control.action_types import ActionType
from pkan_control.control.laws.law import HasAirframe, HasCar, Law
from pkan_control.ros.adapters.adapter import Joints, lacks, optional_messages
from pkan_control.ros.nodes.messages import set_time

BODY_FRAME = 'base_link'


class WrenchAdapter:
    """geometry_msgs/WrenchStamped: force along z [N] and torque [N m] of the rotors, FLU.

    Rotors at rest give a wrench of zeros.
    """

    action_types = frozenset({ActionType.WRENCH})
    named = False
    outputs: Mapping[str, type] = {'command': WrenchStamped}

    def __init__(self, law: Law, joints: Joints) -> None:
        """Take the law's airframe."""
        if not isinstance(law, HasAirframe):
            raise lacks(law, 'airframe')
        self._airframe = law.airframe
        self._message = WrenchStamped()
        self._message.header.frame_id = BODY_FRAME

    def encode(self, command: Floats, stamp_ns: int) -> tuple[WrenchStamped]:
        """Return the message; it is the same object each time."""
        message = self._message
        set_time(message.header.stamp, stamp_ns)
        wrench = message.wrench
        thrust, *torque = self._airframe.wrench(command).tolist()
        wrench.force.z = thrust
        wrench.torque.x, wrench.torque.y, wrench.torque.z = torque
        return (message,)


class TwistAdapter:
    """geometry_msgs/TwistStamped: a car's speed along x [m/s] and yaw rate [rad/s].

    The yaw rate is speed times the curvature of the steering angle: zero for a car at rest.
    """

    action_types = frozenset({ActionType.TWIST})
    named = False
    outputs: Mapping[str, type] = {'command': TwistStamped}

    def __init__(self, law: Law, joints: Joints) -> None:
        """Take the geometry of the law's car."""
        if not isinstance(law, HasCar):
            raise lacks(law, 'car')
        self._car = law.car
        self._message = TwistStamped()
        self._message.header.frame_id = BODY_FRAME

    def encode(self, command: Floats, stamp_ns: int) -> tuple[TwistStamped]:
        """Return the message; it is the same object each time."""
        message = self._message
        set_time(message.header.stamp, stamp_ns)
        steering, speed = command[0], float(command[1])
        message.twist.linear.x = speed
        message.twist.angular.z = float(speed * self._car.curvature(steering))
        return (message,)


class AckermannAdapter:
    """ackermann_msgs/AckermannDriveStamped: steering angle [rad], left positive, and speed [m/s].

    Rates and acceleration stay 0, which means as fast as possible. Needs the package
    ackermann_msgs.
    """

    action_types = frozenset({ActionType.STEERING_AND_SPEED})
    named = False
    outputs: Mapping[str, type]

    def __init__(self, law: Law, joints: Joints) -> None:
        """Import the message type."""
        drive_type = optional_messages('ackermann_msgs', 'ackermann').AckermannDriveStamped
        self.outputs = {'command': drive_type}
        self._message = drive_type()
        self._message.header.frame_id = BODY_FRAME

    def encode(self, command: Floats, stamp_ns: int) -> tuple[Any]:
        """Return the message; it is the same object each time."""
        message = self._message
        set_time(message.header.stamp, stamp_ns)
        message.drive.steering_angle, message.drive.speed = command.tolist()
        return (message,)
