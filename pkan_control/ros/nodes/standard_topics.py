"""The package's own topics of states and set-points, which both nodes use without a mapping.

The names of a law's numbers choose them: the 13 numbers of an odometry travel as Odometry, numbers
of joints as JointState, a point as PoseStamped, a moving point as MultiDOFJointTrajectory, and any
other set-point by its names as JointTrajectory.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, MultiDOFJointTrajectory

from pkan_control.common.arrays import Floats
from pkan_control.common.message_fields import (
    NANOSECONDS,
    JointReader,
    drone_state,
    goal_position,
    is_unit,
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
from pkan_control.ros.nodes.topics import Sample, Topic, with_header

# The head of a message for each byte order, as `struct` writes it.
BYTE_ORDERS = {b'\x00\x00\x00\x00': '>', b'\x00\x01\x00\x00': '<'}
HEAD = 4
# Pose (7 numbers) and twist (6), each followed by its covariance (36).
NUMBERS_SIZE = 8 * (7 + 36 + 6 + 36)
STAMPS = {order: struct.Struct(f'{order}iII') for order in BYTE_ORDERS.values()}
LENGTHS = {order: struct.Struct(f'{order}I') for order in BYTE_ORDERS.values()}
STATES = {order: struct.Struct(f'{order}7d{8 * 36}x6d') for order in BYTE_ORDERS.values()}

read_message = with_header(drone_state)


def read_odometry(data: bytes) -> Sample:
    """Return the state `[13]` of a serialised nav_msgs/Odometry, in its units and frames.

    An attitude that is not a unit quaternion makes all numbers NaN.
    """
    order = BYTE_ORDERS.get(data[:HEAD])
    sample = None if order is None else _unpack(data, order)
    return read_message(deserialize_message(data, Odometry)) if sample is None else sample


def _unpack(data: bytes, order: str) -> Sample | None:
    """Return the sample, or None where the lengths in the bytes do not add up to their number."""
    try:
        seconds, nanoseconds, length = STAMPS[order].unpack_from(data, HEAD)
        frame = HEAD + STAMPS[order].size
        child = _aligned(frame + length, 4)
        (child_length,) = LENGTHS[order].unpack_from(data, child)
        numbers = _aligned(child + 4 + child_length, 8)
        if len(data) != numbers + NUMBERS_SIZE:
            return None
        state = STATES[order].unpack_from(data, numbers)
        name = data[frame : frame + length - 1].decode()
    except (struct.error, UnicodeDecodeError):
        return None
    values = np.array(state) if is_unit(*state[3:7]) else np.full(len(state), np.nan)
    return Sample(seconds * NANOSECONDS + nanoseconds, name, values)


def _aligned(place: int, size: int) -> int:
    """Return the next multiple of a size, counted from the end of the head."""
    return place + (HEAD - place) % size


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
