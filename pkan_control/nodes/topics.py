"""What states and goals travel as: a topic and a type of message for each kind of robot.

Chosen by the names of the numbers in the controller file: what Odometry carries, joints, a point,
a point that moves, or anything else by its names.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, MultiDOFJointTrajectory

from pkan_control.arrays import Floats
from pkan_control.controller.laws.drone import MOVING_GOAL, STATE
from pkan_control.controller.laws.law import Law
from pkan_control.errors import UserError
from pkan_control.nodes.goal_messages import moving_goal, moving_point, named_goal, named_point
from pkan_control.nodes.joint_messages import JointReader, joint_state
from pkan_control.nodes.messages import drone_state, goal_pose, goal_position, odometry, to_ns

# Frame of the world, and of the robot.
Frames = tuple[str, str]
# How the numbers of a joint are named, longer endings first.
SUFFIXES = {
    **dict.fromkeys(('_velocity', '_m_s', '_rad_s'), 'velocity'),
    **dict.fromkeys(('_position', '_m', '_rad'), 'position'),
}


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


def state_topic(law: Law) -> Topic:
    """Return what a law's states travel as; a `UserError` where nothing is known for them."""
    if law.state_names == STATE:
        return Topic('odom', Odometry, drone_state, lambda s, t, f: odometry(s, t, *f))
    names, fields = joints_of(law.state_names)
    reader = JointReader(names, fields, exact=False)
    return Topic(
        'joint_states', JointState, reader, lambda s, t, frames: joint_state(names, fields, s, t)
    )


def joints_of(state_names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the joint and the field of each number of a state; a `UserError` for other states."""
    joints, fields = [], []
    for name in state_names:
        suffix = next((each for each in SUFFIXES if name.endswith(each)), '')
        joints.append(name.removesuffix(suffix))
        fields.append(SUFFIXES.get(suffix, ''))
    told = set(zip(joints, fields, strict=True))
    if told != {(joint, field) for joint in joints for field in ('position', 'velocity')}:
        raise UserError(
            f'states of {", ".join(state_names)} are neither those of odometry nor of joints'
        )
    return joints, fields


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
