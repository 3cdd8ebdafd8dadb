"""Messages of a recording, made of arrays; `ros/nodes/messages.py` makes those of rclpy."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from rosbags.typesys import Stores, get_typestore

from pkan_control.common.arrays import Floats
from pkan_control.common.message_fields import NANOSECONDS

JOINT_STATE = 'sensor_msgs/msg/JointState'
MOVING_POINT = 'trajectory_msgs/msg/MultiDOFJointTrajectory'
NAMED_POINT = 'trajectory_msgs/msg/JointTrajectory'
# Frames of the simulation node, by default.
WORLD_FRAME, BODY_FRAME = 'map', 'base_link'
NONE = np.empty(0)
LEVEL = np.array([0.0, 0.0, 0.0, 1.0])


@cache
def typestore() -> Any:
    """Return the definitions of ROS 2's own messages."""
    return get_typestore(Stores.ROS2_JAZZY)


def make(kind: str, *values: Any) -> Any:
    """Return a message of a type of ROS 2, its fields in order."""
    return typestore().types[kind](*values)


def numbers(kind: str, values: Floats) -> Any:
    """Return a geometry_msgs message that is made of numbers: Vector3, Point, Quaternion."""
    return make(f'geometry_msgs/msg/{kind}', *values.tolist())


def time(stamp_ns: int) -> Any:
    """Return a time."""
    return make('builtin_interfaces/msg/Time', *divmod(stamp_ns, NANOSECONDS))


def header(stamp_ns: int, frame: str) -> Any:
    """Return a header."""
    return make('std_msgs/msg/Header', time(stamp_ns), frame)


def twist(linear: Floats, angular: Floats) -> Any:
    """Return a velocity `[3]` in m/s and an angular one in rad/s."""
    return make('geometry_msgs/msg/Twist', numbers('Vector3', linear), numbers('Vector3', angular))


def pose(position: Floats, attitude: Floats) -> Any:
    """Return a position `[3]` in m and an attitude (x, y, z, w)."""
    parts = numbers('Point', position), numbers('Quaternion', attitude)
    return make('geometry_msgs/msg/Pose', *parts)


def transform(position: Floats, attitude: Floats) -> Any:
    """Return a position `[3]` in m and an attitude (x, y, z, w) as a transform."""
    parts = numbers('Vector3', position), numbers('Quaternion', attitude)
    return make('geometry_msgs/msg/Transform', *parts)


def clock(stamp_ns: int) -> Any:
    """Return simulated time."""
    return make('rosgraph_msgs/msg/Clock', time(stamp_ns))


def odometry(state: Floats, stamp_ns: int) -> Any:
    """Return a drone's state `[13]`, the twist in the body frame."""
    unknown = np.zeros(36)
    place = make('geometry_msgs/msg/PoseWithCovariance', pose(state[:3], state[3:7]), unknown)
    moves = twist(state[7:10], state[10:13])
    motion = make('geometry_msgs/msg/TwistWithCovariance', moves, unknown)
    return make('nav_msgs/msg/Odometry', header(stamp_ns, WORLD_FRAME), BODY_FRAME, place, motion)


def imu(state: Floats, force: Floats, stamp_ns: int) -> Any:
    """Return the reading of an ideal IMU in a drone's state `[13]`; force `[3]` in m/s^2."""
    unknown = np.zeros(9)
    parts = []
    for kind, values in (
        ('Quaternion', state[3:7]),
        ('Vector3', state[10:13]),
        ('Vector3', force),
    ):
        parts += [numbers(kind, values), unknown]
    return make('sensor_msgs/msg/Imu', header(stamp_ns, BODY_FRAME), *parts)


def transforms(state: Floats, stamp_ns: int) -> Any:
    """Return the pose of a drone of state `[13]`, for TF."""
    place = make(
        'geometry_msgs/msg/TransformStamped',
        header(stamp_ns, WORLD_FRAME),
        BODY_FRAME,
        transform(state[:3], state[3:7]),
    )
    return make('tf2_msgs/msg/TFMessage', [place])


def goal_pose(goal: Floats, stamp_ns: int) -> Any:
    """Return a position `[3]` in m as a message."""
    place = pose(goal, LEVEL)
    return make('geometry_msgs/msg/PoseStamped', header(stamp_ns, WORLD_FRAME), place)


def moving_point(goal: Floats, stamp_ns: int) -> Any:
    """Return position and velocity `[6]`, or acceleration as well `[9]`, as a message."""
    still, moment = np.zeros(3), make('builtin_interfaces/msg/Duration', 0, 0)
    parts = [twist(goal[i : i + 3], still) for i in range(3, len(goal), 3)]
    kind = 'trajectory_msgs/msg/MultiDOFJointTrajectoryPoint'
    point = make(kind, [transform(goal[:3], LEVEL)], parts[:1], parts[1:], moment)
    return make(MOVING_POINT, header(stamp_ns, WORLD_FRAME), [], [point])


def named_point(names: Sequence[str], goal: Floats, stamp_ns: int) -> Any:
    """Return a set-point `[n]` as a message."""
    moment = make('builtin_interfaces/msg/Duration', 0, 0)
    point = make('trajectory_msgs/msg/JointTrajectoryPoint', goal, NONE, NONE, NONE, moment)
    return make(NAMED_POINT, header(stamp_ns, WORLD_FRAME), list(names), [point])


def joint_state(joints: Sequence[str], fields: Sequence[str], state: Floats, stamp_ns: int) -> Any:
    """Return a state `[n]`: number `i` is a field of a joint; a field that it lacks is NaN."""
    values = dict(zip(zip(joints, fields, strict=True), state.tolist(), strict=True))
    names = list(dict.fromkeys(joints))
    arrays = dict.fromkeys(('position', 'velocity', 'effort'), NONE)
    for field in dict.fromkeys(fields):
        arrays[field] = np.array([values.get((joint, field), np.nan) for joint in names])
    return make(JOINT_STATE, header(stamp_ns, ''), names, *arrays.values())


def joint_command(
    names: Sequence[str], fields: Sequence[str], values: Floats, stamp_ns: int
) -> Any:
    """Return a command `[n]` as a message, each number in its array; the others hold NaN there."""
    arrays = dict.fromkeys(('position', 'velocity', 'effort'), NONE)
    for field in set(fields):
        arrays[field] = np.where([each == field for each in fields], values, np.nan)
    return make(JOINT_STATE, header(stamp_ns, ''), list(names), *arrays.values())
