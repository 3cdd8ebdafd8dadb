"""What a recorded flight holds: topics, types and qualities of service of the running nodes.

`ros/nodes/standard_topics.py` defines the same for rclpy's messages.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)

from pkan_control.common.arrays import Floats
from pkan_control.common.message_fields import (
    JointReader,
    drone_state,
    goal_position,
    joints_of,
    moving_goal,
    named_goal,
)
from pkan_control.control.laws.drone import MOVING_GOAL, STATE
from pkan_control.control.laws.law import Law
from pkan_control.evaluation.bags import messages

COMMAND, CLOCK, IMU, TF = 'command', 'clock', 'imu', 'tf'
TYPES = {
    COMMAND: messages.JOINT_STATE,
    CLOCK: 'rosgraph_msgs/msg/Clock',
    IMU: 'sensor_msgs/msg/Imu',
    TF: 'tf2_msgs/msg/TFMessage',
}
FOREVER = QosTime(9223372036, 854775807)


def qos_profile(depth: int, reliability: QosReliability) -> Qos:
    """Return a qos_profile of service that nodes offer."""
    return Qos(
        history=QosHistory.KEEP_LAST,
        depth=depth,
        reliability=reliability,
        durability=QosDurability.VOLATILE,
        deadline=FOREVER,
        lifespan=FOREVER,
        liveliness=QosLiveliness.AUTOMATIC,
        liveliness_lease_duration=FOREVER,
        avoid_ros_namespace_conventions=False,
    )


# What `ros/nodes/qos.py` calls RELIABLE and SENSOR, and what TF has.
RELIABLE = qos_profile(1, QosReliability.RELIABLE)
QOS_PROFILES = {
    IMU: qos_profile(1, QosReliability.BEST_EFFORT),
    TF: qos_profile(100, QosReliability.RELIABLE),
}


@dataclass(frozen=True)
class Topic:
    """A topic, its type, and the conversions between numbers and messages.

    `decode` returns an array, or the reason why a message has none. A `moving` topic is published
    at each step.
    """

    name: str
    kind: str
    decode: Callable[[Any], Floats | str]
    encode: Callable[[Floats, int], Any]
    moving: bool = False


def state_topic(law: Law) -> Topic:
    """Return the topic of a law's states."""
    if law.state_names == STATE:
        return Topic('odom', 'nav_msgs/msg/Odometry', drone_state, messages.odometry)
    names, fields = joints_of(law.state_names)
    reader = JointReader(names, fields, exact=False)
    encode = partial(messages.joint_state, names, fields)
    return Topic('joint_states', messages.JOINT_STATE, reader, encode)


def goal_topic(law: Law) -> Topic:
    """Return the topic of a law's set-points."""
    names = law.goal_names
    if names == MOVING_GOAL[:3]:
        kind = 'geometry_msgs/msg/PoseStamped'
        return Topic('goal_pose', kind, goal_position, messages.goal_pose)
    if names in (MOVING_GOAL[:6], MOVING_GOAL):
        kind, decode = messages.MOVING_POINT, partial(moving_goal, count=len(names))
        return Topic('goal_trajectory', kind, decode, messages.moving_point, moving=True)
    kind, decode = messages.NAMED_POINT, partial(named_goal, names=names)
    return Topic(
        'goal_trajectory', kind, decode, partial(messages.named_point, names), moving=True
    )
