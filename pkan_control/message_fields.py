"""The numbers of ROS messages, whichever library made these: rclpy, or one that reads bags.

Units and axes are REP-103's. The twist of an Odometry is in its child frame, the body.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pkan_control.arrays import Floats

NANOSECONDS = 1_000_000_000
# A quaternion whose length differs from 1 by more than this is no attitude.
UNIT_TOLERANCE = 1e-3


def to_ns(stamp: Any) -> int:
    """Return a message's stamp in nanoseconds."""
    return int(stamp.sec) * NANOSECONDS + int(stamp.nanosec)


def drone_state(message: Any) -> Floats:
    """Return the state `[13]` of a message; NaN throughout where the attitude is no rotation."""
    pose, twist = message.pose.pose, message.twist.twist
    p, q, v, w = pose.position, pose.orientation, twist.linear, twist.angular
    length = math.hypot(q.x, q.y, q.z, q.w)
    if not abs(length - 1) < UNIT_TOLERANCE:
        return np.full(13, math.nan)
    return np.array([p.x, p.y, p.z, q.x, q.y, q.z, q.w, v.x, v.y, v.z, w.x, w.y, w.z])


def goal_position(message: Any) -> Floats:
    """Return the position `[3]` of a goal."""
    position = message.pose.position
    return np.array([position.x, position.y, position.z])


def named_velocities(message: Any, names: Sequence[str]) -> Floats | str:
    """Return the velocities `[n]` in the order of `names`, or why the message cannot be used."""
    if len(message.name) != len(message.velocity):
        return f'{len(message.name)} names but {len(message.velocity)} velocities'
    given = dict(zip(message.name, message.velocity, strict=True))
    if len(given) < len(message.name):
        return 'a name appears twice'
    missing, extra = set(names) - set(given), set(given) - set(names)
    if missing or extra:
        return f'missing {sorted(missing)}, unknown {sorted(extra)}'
    return np.array([given[name] for name in names])
