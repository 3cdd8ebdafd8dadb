"""Between set-points that are more than a position, and messages; nothing is lost on the way.

A point that moves is a trajectory_msgs/MultiDOFJointTrajectory with one point. Any other set-point
is a trajectory_msgs/JointTrajectory with one point, its numbers named as the controller file does.
"""

from array import array
from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import Transform, Twist
from trajectory_msgs.msg import (
    JointTrajectory,
    JointTrajectoryPoint,
    MultiDOFJointTrajectory,
    MultiDOFJointTrajectoryPoint,
)

from pkan_control.arrays import Floats
from pkan_control.nodes.messages import to_time

PARTS = ('a position', 'a velocity', 'an acceleration')


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


def moving_goal(message: MultiDOFJointTrajectory, count: int) -> Floats | str:
    """Return the first point of a message `[count]`, 6 or 9, or why it cannot be used."""
    if not message.points:
        return 'no point'
    point = message.points[0]
    parts = [point.transforms, point.velocities, point.accelerations][: count // 3]
    if not all(parts):
        return f'the first point needs {", ".join(PARTS[: count // 3])}'
    vectors = [parts[0][0].translation, *(part[0].linear for part in parts[1:])]
    return np.array([number for v in vectors for number in (v.x, v.y, v.z)])


def named_point(
    names: Sequence[str], goal: Floats, stamp_ns: int, world_frame: str
) -> JointTrajectory:
    """Return a set-point `[n]` as a message."""
    point = JointTrajectoryPoint(positions=array('d', goal.tolist()))
    message = JointTrajectory(joint_names=list(names), points=[point])
    message.header.stamp, message.header.frame_id = to_time(stamp_ns), world_frame
    return message


def named_goal(message: JointTrajectory, names: Sequence[str]) -> Floats | str:
    """Return the set-point `[n]` in the order of `names`, or why the message cannot be used."""
    if not message.points:
        return 'no point'
    given, values = list(message.joint_names), message.points[0].positions
    if len(values) != len(given):
        return f'{len(given)} names but {len(values)} positions'
    if sorted(given) != sorted(names):
        return f'it names {sorted(given)}, wanted are {sorted(names)}'
    return np.array([values[given.index(name)] for name in names])
