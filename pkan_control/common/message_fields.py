"""The numbers of ROS messages, whichever library made these: rclpy, or one that reads bags.

Units and axes are REP-103's. The twist of an Odometry is in its child frame, the body.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError

NANOSECONDS = 1_000_000_000
# A quaternion whose length differs from 1 by more than this is no attitude.
UNIT_TOLERANCE = 1e-3
PARTS = ('a position', 'a velocity', 'an acceleration')
# Endings of the names of a joint's numbers, longer ones first.
SUFFIXES = {
    **dict.fromkeys(('_velocity', '_m_s', '_rad_s'), 'velocity'),
    **dict.fromkeys(('_position', '_m', '_rad'), 'position'),
    '_effort': 'effort',
}
PLURALS = {'position': 'positions', 'velocity': 'velocities', 'effort': 'efforts'}


def to_ns(stamp: Any) -> int:
    """Return a message's stamp in nanoseconds."""
    return int(stamp.sec) * NANOSECONDS + int(stamp.nanosec)


def is_unit(x: float, y: float, z: float, w: float) -> bool:
    """Return whether a quaternion is an attitude: its length is 1, within a tolerance."""
    return abs(math.hypot(x, y, z, w) - 1) < UNIT_TOLERANCE


def drone_state(message: Any) -> Floats:
    """Return the state `[13]` of a message; NaN throughout where the attitude is no rotation."""
    pose, twist = message.pose.pose, message.twist.twist
    p, q, v, w = pose.position, pose.orientation, twist.linear, twist.angular
    if not is_unit(q.x, q.y, q.z, q.w):
        return np.full(13, math.nan)
    return np.array([p.x, p.y, p.z, q.x, q.y, q.z, q.w, v.x, v.y, v.z, w.x, w.y, w.z])


def goal_position(message: Any) -> Floats:
    """Return the position `[3]` of a goal."""
    position = message.pose.position
    return np.array([position.x, position.y, position.z])


def moving_goal(message: Any, count: int) -> Floats | str:
    """Return the first point of a message `[count]`, 6 or 9, or why it cannot be used."""
    if not message.points:
        return 'no point'
    point = message.points[0]
    parts = [point.transforms, point.velocities, point.accelerations][: count // 3]
    if not all(parts):
        return f'the first point needs {", ".join(PARTS[: count // 3])}'
    vectors = [parts[0][0].translation, *(part[0].linear for part in parts[1:])]
    return np.array([number for v in vectors for number in (v.x, v.y, v.z)])


def named_goal(message: Any, names: Sequence[str]) -> Floats | str:
    """Return the set-point `[n]` in the order of `names`, or why the message cannot be used."""
    if not message.points:
        return 'no point'
    given, values = list(message.joint_names), message.points[0].positions
    if len(values) != len(given):
        return f'{len(given)} names but {len(values)} positions'
    if sorted(given) != sorted(names):
        return f'it names {sorted(given)}, wanted are {sorted(names)}'
    return np.array([values[given.index(name)] for name in names])


def joints_of(state_names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the joint and the JointState field of each number of a state.

    The names end in `SUFFIXES`: `elbow_position` is the position of the joint `elbow`, `cart_m_s`
    the velocity of `cart`. Raise a `UserError` for other names, and for two of the same number.
    """
    joints, fields = [], []
    for name in state_names:
        suffix = next((each for each in SUFFIXES if name.endswith(each)), '')
        if not suffix or name == suffix:
            raise UserError(
                f'state {name}: is neither of odometry nor of a joint, whose numbers end in '
                f'{", ".join(SUFFIXES)}; a mapping can bind any state'
            )
        joints.append(name.removesuffix(suffix))
        fields.append(SUFFIXES[suffix])
    if len(set(zip(joints, fields, strict=True))) < len(joints):
        raise UserError(f'state {", ".join(state_names)}: two names mean the same number')
    return joints, fields


class JointReader:
    """Reads numbers of joints by name, in whatever order a message holds them.

    `exact` refuses joints that are not wanted: a command must be for this robot alone, while
    joint states may hold more joints than a controller uses.
    """

    def __init__(self, names: Sequence[str], fields: Sequence[str], exact: bool) -> None:
        """Read `fields[i]` of joint `names[i]`."""
        self._wanted = list(zip(names, fields, strict=True))
        self._names, self._fields = set(names), tuple(dict.fromkeys(fields))
        self._exact = exact
        self._known: list[str] | None = None
        self._places: list[int] = []

    def __call__(self, message: Any) -> Floats | str:
        """Return the numbers `[n]` in the wanted order, or why the message cannot be used."""
        given: list[str] = message.name
        for field in self._fields:
            count = len(getattr(message, field))
            if count != len(given):
                return f'{len(given)} names but {count} {PLURALS[field]}'
        if given != self._known:
            fault = self._learn(given)
            if fault:
                return fault
        arrays = {field: getattr(message, field) for field in self._fields}
        return np.array(
            [
                arrays[field][place]
                for (_, field), place in zip(self._wanted, self._places, strict=True)
            ]
        )

    def _learn(self, given: list[str]) -> str:
        """Find the places of the joints in messages with these names; return what is wrong."""
        if len(set(given)) < len(given):
            return 'a name appears twice'
        missing = sorted(self._names - set(given))
        extra = sorted(set(given) - self._names) if self._exact else []
        if missing or extra:
            return f'missing {missing}, unknown {extra}'
        self._known = list(given)
        self._places = [given.index(name) for name, _ in self._wanted]
        return ''
