"""Messages made of arrays, with nothing lost; `common/message_fields.py` reads them.

Stamps are integer nanoseconds. Units and axes follow REP-103; the twist of an Odometry is in its
child frame, the body.
"""

import math
from array import array
from collections.abc import Sequence

from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseStamped, Transform, Twist
from nav_msgs.msg import Odometry
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import (
    JointTrajectory,
    JointTrajectoryPoint,
    MultiDOFJointTrajectory,
    MultiDOFJointTrajectoryPoint,
)

from pkan_control.common.arrays import Floats
from pkan_control.common.message_fields import NANOSECONDS


def to_time(stamp_ns: int) -> Time:
    """Return a stamp as a message."""
    seconds, rest = divmod(stamp_ns, NANOSECONDS)
    return Time(sec=seconds, nanosec=rest)


def set_time(stamp: Time, stamp_ns: int) -> None:
    """Write a stamp [ns] into a message's stamp."""
    stamp.sec, stamp.nanosec = divmod(stamp_ns, NANOSECONDS)


def odometry(state: Floats, stamp_ns: int, world_frame: str, body_frame: str) -> Odometry:
    """Return the state `[13]` of a rigid body: position, attitude, velocity, rate."""
    message = Odometry(child_frame_id=body_frame)
    message.header.stamp, message.header.frame_id = to_time(stamp_ns), world_frame
    pose, twist = message.pose.pose, message.twist.twist
    values = state.tolist()
    pose.position.x, pose.position.y, pose.position.z = values[0:3]
    q = pose.orientation
    q.x, q.y, q.z, q.w = values[3:7]
    twist.linear.x, twist.linear.y, twist.linear.z = values[7:10]
    twist.angular.x, twist.angular.y, twist.angular.z = values[10:13]
    return message


def joint_state(
    joints: Sequence[str], fields: Sequence[str], values: Floats, stamp_ns: int
) -> JointState:
    """Return numbers `[n]`, of which number `i` is the field `fields[i]` of joint `joints[i]`.

    A field that one joint has and another has not is NaN for the other.
    """
    numbers = dict(zip(zip(joints, fields, strict=True), values.tolist(), strict=True))
    message = JointState(name=list(dict.fromkeys(joints)))
    message.header.stamp = to_time(stamp_ns)
    for field in dict.fromkeys(fields):
        column = [numbers.get((joint, field), math.nan) for joint in message.name]
        setattr(message, field, array('d', column))
    return message


def goal_pose(goal: Floats, stamp_ns: int, world_frame: str) -> PoseStamped:
    """Return a position `[3]`."""
    message = PoseStamped()
    message.header.stamp, message.header.frame_id = to_time(stamp_ns), world_frame
    position = message.pose.position
    position.x, position.y, position.z = goal.tolist()
    message.pose.orientation.w = 1.0
    return message


def moving_point(goal: Floats, stamp_ns: int, world_frame: str) -> MultiDOFJointTrajectory:
    """Return position and velocity `[6]`, or with acceleration `[9]`, as the only point."""
    transform, velocity, acceleration = Transform(), Twist(), Twist()
    transform.rotation.w = 1.0
    for vector, part in (
        (transform.translation, goal[0:3]),
        (velocity.linear, goal[3:6]),
        (acceleration.linear, goal[6:9]),
    ):
        if len(part):
            vector.x, vector.y, vector.z = part.tolist()
    point = MultiDOFJointTrajectoryPoint(transforms=[transform], velocities=[velocity])
    if len(goal) > 6:
        point.accelerations = [acceleration]
    message = MultiDOFJointTrajectory(points=[point])
    message.header.stamp, message.header.frame_id = to_time(stamp_ns), world_frame
    return message


def named_point(
    names: Sequence[str], goal: Floats, stamp_ns: int, world_frame: str
) -> JointTrajectory:
    """Return a set-point `[n]` by the names of its numbers, as positions of the only point."""
    point = JointTrajectoryPoint(positions=array('d', goal.tolist()))
    message = JointTrajectory(joint_names=list(names), points=[point])
    message.header.stamp, message.header.frame_id = to_time(stamp_ns), world_frame
    return message
