"""What states and goals travel as: a topic and a type of message for each kind of robot.

Chosen by the names of the numbers in the controller file: what Odometry carries, joints, a point,
a point that moves, or anything else by its names.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, MultiDOFJointTrajectory

from pkan_control.common.arrays import Floats
from pkan_control.common.message_fields import joints_of as joints_of
from pkan_control.control.laws.drone import MOVING_GOAL, STATE
from pkan_control.control.laws.law import Law
from pkan_control.ros.nodes.goal_messages import moving_goal, moving_point, named_goal, named_point
from pkan_control.ros.nodes.joint_messages import JointReader, joint_state
from pkan_control.ros.nodes.messages import drone_state, goal_pose, goal_position, odometry, to_ns
from pkan_control.ros.nodes.serialized import read_odometry

# Frame of the world, and of the robot.
Frames = tuple[str, str]


def header_stamp(message: Any) -> int:
    """Return the stamp of a message's header in nanoseconds."""
    return to_ns(message.header.stamp)


def header_frame(message: Any) -> str:
    """Return the frame of a message's header."""
    return str(message.header.frame_id)


@dataclass(frozen=True)
class Topic:
    """A topic, its type of message, and how numbers become one; `decode` tells why it cannot.

    What is `moving` comes anew for each step, with the stamp of its state.
    """

    name: str
    kind: type
    decode: Callable[[Any], Floats | str]
    encode: Callable[[Floats, int, Frames], Any]
    moving: bool = False
    # Makes of a message's bytes what is read from it, faster than rclpy makes the message.
    unpack: Callable[[bytes], Any] | None = None


def state_topic(law: Law) -> Topic:
    """Return what a law's states travel as; a `UserError` where nothing is known for them."""
    if law.state_names == STATE:
        return Topic(
            'odom',
            Odometry,
            drone_state,
            lambda s, t, f: odometry(s, t, *f),
            unpack=read_odometry,
        )
    names, fields = joints_of(law.state_names)
    reader = JointReader(names, fields, exact=False)

    def encode(state: Floats, stamp_ns: int, frames: Frames) -> JointState:
        # What a world tells beyond its joints, a block that lies there say, no law sees.
        return joint_state(names, fields, state[: len(names)], stamp_ns)

    return Topic('joint_states', JointState, reader, encode)


def goal_topic(law: Law) -> Topic:
    """Return what a law's set-points travel as."""
    names = law.goal_names
    if names == MOVING_GOAL[:3]:
        return Topic(
            'goal_pose', PoseStamped, goal_position, lambda g, t, f: goal_pose(g, t, f[0])
        )
    if names in (MOVING_GOAL[:6], MOVING_GOAL):
        return Topic(
            'goal_trajectory',
            MultiDOFJointTrajectory,
            partial(moving_goal, count=len(names)),
            lambda g, t, f: moving_point(g, t, f[0]),
            moving=True,
        )
    return Topic(
        'goal_trajectory',
        JointTrajectory,
        partial(named_goal, names=names),
        lambda g, t, f: named_point(names, g, t, f[0]),
        moving=True,
    )
