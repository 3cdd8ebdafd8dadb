"""Recordings as users have them: other names and orders, jitter, gaps, wall-clock times."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer

from pkan_control.evaluation.bags import messages
from pkan_control.evaluation.bags.messages import JOINT_STATE, typestore

KINDS = {
    'odom': 'nav_msgs/msg/Odometry',
    'goal_pose': 'geometry_msgs/msg/PoseStamped',
    'command': JOINT_STATE,
}
JOINTS = ('rotor_1', 'rotor_2', 'rotor_3', 'rotor_4')
# A recording begins at some time of the day, not at 0.
BEGIN_NS = 1_790_000_000_123_456_789


def write(
    path: Path,
    sent: list[tuple[int, str, Any]],
    *,
    storage: StoragePlugin = StoragePlugin.MCAP,
    name: Callable[[str], str] = '/{}'.format,
    kinds: dict[str, str] = KINDS,
) -> Path:
    """Write messages: time of arrival in ns, our name of the topic, message."""
    with Writer(path, version=9, storage_plugin=storage) as writer:
        store = typestore()
        topics = {topic for _, topic, _ in sent}
        outlets = {
            topic: writer.add_connection(name(topic), kinds[topic], typestore=store)
            for topic in sorted(topics)
        }
        for when, topic, message in sent:
            writer.write(outlets[topic], when, store.serialize_cdr(message, kinds[topic]))
    return path


def flown(
    record: Any,
    *,
    joints: tuple[str, ...] = JOINTS,
    latency_ns: int = 2_000_000,
    jitter: Callable[[int], int] = lambda step: 0,
    stamped: bool = True,
    begin_ns: int = BEGIN_NS,
) -> list[tuple[int, str, Any]]:
    """Return what a stack sends in a flight: states with jitter, the answer some time later."""
    order = [JOINTS.index(joint) for joint in joints] if set(joints) == set(JOINTS) else range(4)
    period = round(1e9 / record.rate_hz)
    sent: list[tuple[int, str, Any]] = [
        (begin_ns - period, 'goal_pose', messages.goal_pose(record.goals[0], 0))
    ]
    for step, command in enumerate(record.commands):
        now = begin_ns + step * period + jitter(step)
        answer = now + latency_ns
        state = messages.odometry(record.states[step], now if stamped else 0)
        velocities = command[list(order)]
        answered = messages.joint_command(
            joints, ['velocity'] * 4, velocities, answer if stamped else 0
        )
        sent += [(now, 'odom', state), (answer, 'command', answered)]
    return sent


def jittered(seed: int, spread_ns: int = 4_000_000) -> Callable[[int], int]:
    """Return a jitter of stamps within +-spread."""
    draws = np.random.default_rng(seed).integers(-spread_ns, spread_ns, 1000)
    return lambda step: int(draws[step])
