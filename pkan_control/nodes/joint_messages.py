"""Between sensor_msgs/JointState and arrays: by name, in whatever order; nothing is filled in."""

from array import array
from collections.abc import Sequence

import numpy as np
from sensor_msgs.msg import JointState

from pkan_control.arrays import Floats
from pkan_control.nodes.messages import to_time


def joint_state(
    joints: Sequence[str], fields: Sequence[str], state: Floats, stamp_ns: int
) -> JointState:
    """Return a state `[n]`, number `i` of which is a field of a joint, as a message."""
    values = dict(zip(zip(joints, fields, strict=True), state.tolist(), strict=True))
    message = JointState(name=list(dict.fromkeys(joints)))
    message.header.stamp = to_time(stamp_ns)
    for field in dict.fromkeys(fields):
        setattr(message, field, array('d', [values[joint, field] for joint in message.name]))
    return message


def commands(
    names: Sequence[str], fields: Sequence[str], values: Floats, stamp_ns: int
) -> JointState:
    """Return a command `[n]` as a message, each number in its array; the others hold NaN there."""
    message = JointState(name=list(names))
    message.header.stamp = to_time(stamp_ns)
    for field in dict.fromkeys(fields):
        mine = np.array([each == field for each in fields])
        setattr(message, field, array('d', np.where(mine, values, np.nan).tolist()))
    return message


class JointReader:
    """Reads numbers of joints by name, each from its array of the message.

    Where `exact`, a joint that is not asked for is refused: a command must be for this robot
    alone, but joint states may tell of more joints than a controller has.
    """

    def __init__(self, names: Sequence[str], fields: Sequence[str], exact: bool) -> None:
        """Ask for `fields[i]` of joint `names[i]`."""
        self._wanted = list(zip(names, fields, strict=True))
        self._names, self._fields = set(names), tuple(dict.fromkeys(fields))
        self._exact = exact
        self._known: list[str] | None = None
        self._places: list[int] = []

    def __call__(self, message: JointState) -> Floats | str:
        """Return the numbers `[n]` in the order asked for, or why the message cannot be used."""
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
        """Note where each joint stands in messages with these names; return what is wrong."""
        if len(set(given)) < len(given):
            return 'a name appears twice'
        missing = sorted(self._names - set(given))
        extra = sorted(set(given) - self._names) if self._exact else []
        if missing or extra:
            return f'missing {missing}, unknown {extra}'
        self._known = list(given)
        self._places = [given.index(name) for name, _ in self._wanted]
        return ''


PLURALS = {'position': 'positions', 'velocity': 'velocities', 'effort': 'efforts'}
