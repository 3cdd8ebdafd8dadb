"""The package's own topics of states and set-points, which both nodes use without a mapping.

The names of a law's numbers choose them: the 13 numbers of an odometry travel as Odometry, numbers
of joints as JointState, a point as PoseStamped, a moving point as MultiDOFJointTrajectory, and any
other set-point by its names as JointTrajectory.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, MultiDOFJointTrajectory

from pkan_control.common.arrays import Floats
from pkan_control.common.message_fields import (
    JointReader,
    goal_position,
    joints_of,
    moving_goal,
    named_goal,
)
from pkan_control.control.laws.drone import MOVING_GOAL, STATE
from pkan_control.control.laws.law import Law
from pkan_control.ros.nodes.messages import (
    goal_pose,
    joint_state,
    moving_point,
    named_point,
    odometry,
)
from pkan_control.ros.nodes.odometry_cdr import read_odometry
from pkan_control.ros.nodes.topics import Topic, with_header

# World frame and body frame.
Frames = tuple[str, str]


@dataclass(frozen=True)
class StandardTopic(Topic):
    """A topic that is published, too: `encode` makes a message of numbers, stamp [ns], frames."""

    encode: Callable[[Floats, int, Frames], Any] = field(kw_only=True)


def state_topic(law: Law) -> StandardTopic:
    """Return the topic of a law's states; raise a `UserError` for states that need a mapping."""
    if law.state_names == STATE:
        return StandardTopic(
            'odom',
            Odometry,
            read_odometry,
            raw=True,
            encode=lambda state, stamp_ns, frames: odometry(state, stamp_ns, *frames),
        )
    joints, fields = joints_of(law.state_names)

    def encode(state: Floats, stamp_ns: int, frames: Frames) -> JointState:
        # A world's state may hold more than the law sees, the pose of an object say.
        return joint_state(joints, fields, state[: len(joints)], stamp_ns)

    reader = JointReader(joints, fields, exact=False)
    return StandardTopic('joint_states', JointState, with_header(reader), encode=encode)


def goal_topic(law: Law) -> StandardTopic:
    """Return the topic of a law's set-points."""
    names = law.goal_names
    if names == MOVING_GOAL[:3]:
        return StandardTopic(
            'goal_pose',
            PoseStamped,
            with_header(goal_position),
            encode=lambda goal, stamp_ns, frames: goal_pose(goal, stamp_ns, frames[0]),
        )
    if names in (MOVING_GOAL[:6], MOVING_GOAL):
        return StandardTopic(
            'goal_trajectory',
            MultiDOFJointTrajectory,
            with_header(partial(moving_goal, count=len(names))),
            moving=True,
            encode=lambda goal, stamp_ns, frames: moving_point(goal, stamp_ns, frames[0]),
        )
    return StandardTopic(
        'goal_trajectory',
        JointTrajectory,
        with_header(partial(named_goal, names=names)),
        moving=True,
        encode=lambda goal, stamp_ns, frames: named_point(names, goal, stamp_ns, frames[0]),
    )
