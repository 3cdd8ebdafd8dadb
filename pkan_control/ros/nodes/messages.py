"""Between ROS messages and arrays; the stamp of a message is integer nanoseconds.

What is read from messages is in `common/message_fields.py`. Units and axes are REP-103's, and the
twist of an Odometry is in its child frame, the body.
"""

from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry

from pkan_control.common.arrays import Floats
from pkan_control.common.message_fields import UNIT_TOLERANCE as UNIT_TOLERANCE
from pkan_control.common.message_fields import drone_state as drone_state
from pkan_control.common.message_fields import goal_position as goal_position
from pkan_control.common.message_fields import to_ns as to_ns
from pkan_control.control.guard import NANOSECONDS


def to_time(stamp_ns: int) -> Time:
    """Return a stamp as a message."""
    seconds, rest = divmod(stamp_ns, NANOSECONDS)
    return Time(sec=seconds, nanosec=rest)


def set_time(stamp: Time, stamp_ns: int) -> None:
    """Write a stamp in nanoseconds into a message's."""
    stamp.sec, stamp.nanosec = divmod(stamp_ns, NANOSECONDS)


def odometry(state: Floats, stamp_ns: int, world_frame: str, body_frame: str) -> Odometry:
    """Return a drone's state `[13]` as a message."""
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


def goal_pose(goal: Floats, stamp_ns: int, world_frame: str) -> PoseStamped:
    """Return a position `[3]` as a message."""
    message = PoseStamped()
    message.header.stamp, message.header.frame_id = to_time(stamp_ns), world_frame
    position = message.pose.position
    position.x, position.y, position.z = goal.tolist()
    message.pose.orientation.w = 1.0
    return message
