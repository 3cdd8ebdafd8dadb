"""Between arrays and the messages of a bag; `nodes/messages.py` does the same for rclpy's."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pkan_control.arrays import Floats
from pkan_control.bags.topics import BODY_FRAME, TYPES, WORLD_FRAME, typestore
from pkan_control.controller.guard import NANOSECONDS

NOTHING = np.empty(0)
UNKNOWN = np.zeros(36)


def make(kind: str, *values: Any) -> Any:
    """Return a message of a type of ROS 2, its fields in order."""
    return typestore().types[kind](*values)


def stamp(stamp_ns: int) -> Any:
    """Return a time."""
    return make('builtin_interfaces/msg/Time', *divmod(stamp_ns, NANOSECONDS))


def header(stamp_ns: int, frame: str) -> Any:
    """Return a header."""
    return make('std_msgs/msg/Header', stamp(stamp_ns), frame)


def vector(values: Floats) -> Any:
    """Return three numbers as a vector."""
    return make('geometry_msgs/msg/Vector3', *values.tolist())


def pose(position: Floats, attitude: Sequence[float]) -> Any:
    """Return a position `[3]` in m and an attitude (x, y, z, w)."""
    point = make('geometry_msgs/msg/Point', *position.tolist())
    return make('geometry_msgs/msg/Pose', point, make('geometry_msgs/msg/Quaternion', *attitude))


def clock(stamp_ns: int) -> Any:
    """Return simulated time."""
    return make('rosgraph_msgs/msg/Clock', stamp(stamp_ns))


def odometry(state: Floats, stamp_ns: int) -> Any:
    """Return a drone's state `[13]`, the twist in the body frame."""
    place = pose(state[0:3], state[3:7].tolist())
    twist = make('geometry_msgs/msg/Twist', vector(state[7:10]), vector(state[10:13]))
    return make(
        'nav_msgs/msg/Odometry',
        header(stamp_ns, WORLD_FRAME),
        BODY_FRAME,
        make('geometry_msgs/msg/PoseWithCovariance', place, UNKNOWN),
        make('geometry_msgs/msg/TwistWithCovariance', twist, UNKNOWN),
    )


def goal_pose(goal: Floats, stamp_ns: int) -> Any:
    """Return a set-point, of which a pose carries the position alone."""
    level = (0.0, 0.0, 0.0, 1.0)
    return make(TYPES['goal_pose'], header(stamp_ns, WORLD_FRAME), pose(goal[:3], level))


def joint_velocities(names: Sequence[str], command: Floats, stamp_ns: int) -> Any:
    """Return a command `[n]` as named velocities."""
    kind = TYPES['command']
    return make(kind, header(stamp_ns, ''), list(names), NOTHING, command, NOTHING)
