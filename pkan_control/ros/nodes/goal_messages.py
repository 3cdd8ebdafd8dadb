"""Between set-points that are more than a position, and messages; nothing is lost on the way.

A point that moves is a trajectory_msgs/MultiDOFJointTrajectory with one point. Any other set-point
is a trajectory_msgs/JointTrajectory with one point, its numbers named as the controller file does.
"""

from array import array
from collections.abc import Sequence

from geometry_msgs.msg import Transform, Twist
from trajectory_msgs.msg import (
    JointTrajectory,
    JointTrajectoryPoint,
    MultiDOFJointTrajectory,
    MultiDOFJointTrajectoryPoint,
)

from pkan_control.common.arrays import Floats
from pkan_control.common.message_fields import moving_goal as moving_goal
from pkan_control.common.message_fields import named_goal as named_goal
from pkan_control.ros.nodes.messages import to_time


def moving_point(goal: Floats, stamp_ns: int, world_frame: str) -> MultiDOFJointTrajectory:
    """Return position, velocity and, where it is there, acceleration `[6 or 9]` as a message."""
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
    """Return a set-point `[n]` as a message."""
    point = JointTrajectoryPoint(positions=array('d', goal.tolist()))
    message = JointTrajectory(joint_names=list(names), points=[point])
    message.header.stamp, message.header.frame_id = to_time(stamp_ns), world_frame
    return message
