"""What a recorded flight holds: topics, types and qualities of service of the running nodes."""

from functools import cache
from typing import Any

from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.typesys import Stores, get_typestore

# Names of the nodes' topics, without a leading slash, and their types.
CLOCK, STATE, GOAL, COMMAND = 'clock', 'odom', 'goal_pose', 'command'
TYPES = {
    CLOCK: 'rosgraph_msgs/msg/Clock',
    GOAL: 'geometry_msgs/msg/PoseStamped',
    STATE: 'nav_msgs/msg/Odometry',
    COMMAND: 'sensor_msgs/msg/JointState',
}
# Frames of the simulation node, by default.
WORLD_FRAME, BODY_FRAME = 'map', 'base_link'
FOREVER = QosTime(9223372036, 854775807)
# What `nodes/qos.py` calls RELIABLE.
RELIABLE = Qos(
    history=QosHistory.KEEP_LAST,
    depth=1,
    reliability=QosReliability.RELIABLE,
    durability=QosDurability.VOLATILE,
    deadline=FOREVER,
    lifespan=FOREVER,
    liveliness=QosLiveliness.AUTOMATIC,
    liveliness_lease_duration=FOREVER,
    avoid_ros_namespace_conventions=False,
)


@cache
def typestore() -> Any:
    """Return the definitions of ROS 2's own messages."""
    return get_typestore(Stores.ROS2_JAZZY)
