"""Send a controller node sequences of messages: types are right, contents hostile.

The node runs as it does in its own process, with its publishers on DDS; messages are handed to its
subscriptions' callbacks, states as bytes, so that none gets lost. Between them its clock jumps and
its watchdog looks. A sequence passes where nothing is raised and every command is finite and
within its range. `--sequences N`, `--json FILE`.
"""

import argparse
import json
import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from rclpy.serialization import serialize_message

from pkan_control.common.arrays import Floats
from pkan_control.common.seeding import stream
from pkan_control.control.controller_file import load_controller_file
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.ros.nodes.controller_node import ControllerNode
from pkan_control.ros.nodes.publishers import CommandPublishers
from pkan_control.ros.nodes.standard_topics import goal_topic, read_odometry

LENGTH = 8
ODD = (
    *(0.0, -0.0, 1.0, -1.0, math.nan, math.inf, -math.inf, 5e-324, 1.8e308, -1.8e308),
    *(1e308, 1e-300, 1e16, 1e6, -1e6),
)
FRAMES = ('map', '', 'odom', '\u00e9\u4e16', 'x' * 1000, '../../map', 'map\n')
HALF = 2**31 - 1


class Hostile:
    """Draws messages; some are good, so that the others meet a node that flies."""

    def __init__(self, seed: int) -> None:
        """Draw from a seed."""
        self._draw = stream(seed, 'hostile messages')

    def number(self) -> float:
        """Return a number, as often odd as not."""
        if self._draw.random() < 0.08:
            return float(ODD[self._draw.integers(len(ODD))])
        return float(self._draw.normal())

    def stamp(self) -> Time:
        """Return a stamp: now, about now, zero, the end of time, before it."""
        now = time.time_ns() + int(self._draw.choice((0, 0, 0, -(10**9), 10**7, 10**9)))
        kind = self._draw.integers(8)
        if kind == 0:
            return Time()
        if kind == 1:
            return Time(sec=int(self._draw.choice((HALF, -HALF, -1, 0))), nanosec=2**32 - 1)
        return Time(sec=now // 10**9, nanosec=now % 10**9)

    def fill(self, message: Any, names: str, unit: bool = False) -> None:
        """Write numbers into a message; a unit vector where that is asked for."""
        values = np.array([self.number() for _ in names])
        if unit and self._draw.random() < 0.6:
            values = self._draw.normal(size=len(names))
            values /= np.linalg.norm(values)
        for name, value in zip(names, values.tolist(), strict=True):
            setattr(message, name, value)

    def head(self, message: Any) -> Any:
        """Give a message a stamp and a frame."""
        message.header.stamp = self.stamp()
        message.header.frame_id = str(self._draw.choice(FRAMES)) if self.rare() else 'map'
        return message

    def rare(self) -> bool:
        """Return whether something rare happens."""
        return bool(self._draw.random() < 0.2)

    def odometry(self) -> Odometry:
        """Return a state."""
        message = self.head(Odometry())
        self.fill(message.pose.pose.position, 'xyz')
        self.fill(message.pose.pose.orientation, 'xyzw', unit=True)
        self.fill(message.twist.twist.linear, 'xyz')
        self.fill(message.twist.twist.angular, 'xyz')
        return message

    def goal(self) -> PoseStamped:
        """Return a set-point."""
        message = self.head(PoseStamped())
        self.fill(message.pose.position, 'xyz')
        return message


class RecordingPublishers(CommandPublishers):
    """Publishers that also record the commands."""

    commands: list[Floats]

    def publish(self, command: Floats, stamp_ns: int) -> None:
        """Record a command and publish it."""
        self.commands.append(np.array(command))
        super().publish(command, stamp_ns)


def make_node(path: Path) -> ControllerNode:
    """Return an active, live node."""
    given = {
        'controller': str(path), 'autostart': True, 'enable': True,
        'chip': 'sim:?seed=1&preset=typical',
    }  # fmt: skip
    words = [word for name, value in given.items() for word in ('-p', f'{name}:={value!s}')]
    rclpy.init(args=['--ros-args', '--log-level', 'fatal', *words])
    node = ControllerNode()
    node._commands.__class__ = RecordingPublishers
    node._commands.commands = []  # type: ignore[attr-defined]
    return node


def run(sequences: int, seed: int) -> dict[str, Any]:
    """Send all sequences; return what was counted."""
    path = shipped_controller('drone_hover')
    law = load_controller_file(path).law
    half = np.array([signal.scale for signal in law.command.signals])
    middle = np.array([signal.offset for signal in law.command.signals])
    node, hostile = make_node(path), Hostile(seed)
    raised, wrong, sent, commands = 0, 0, 0, 0
    began = time.monotonic()
    publishers: Any = node._commands
    read_goal = goal_topic(law).read
    draw = stream(seed, 'what comes next')
    for _ in range(sequences):
        try:
            for kind in draw.integers(10, size=LENGTH):
                sent += 1
                if kind < 6:
                    node._inputs._on_state(read_odometry(serialize_message(hostile.odometry())))
                elif kind < 9:
                    node._inputs._on_goal(read_goal(hostile.goal()))
                else:
                    node._poll_watchdog()
                    node._report()
        except Exception as error:
            raised += 1
            print(f'raised: {error!r}')
        for command in publishers.commands:
            inside = np.abs(command - middle) <= half * (1 + 1e-12)
            wrong += not (np.isfinite(command).all() and inside.all())
        commands += len(publishers.commands)
        publishers.commands.clear()
    counters = node._supervisor.counters
    node.leave()
    node.destroy_node()
    rclpy.shutdown()
    return {
        'sequences': sequences, 'messages': sent, 'commands': commands, 'raised': raised,
        'wrong': wrong, 'not finite, made safe': counters.not_finite,
        'refused': counters.refused, 'wall_s': time.monotonic() - began,
    }  # fmt: skip


def main() -> None:
    """Send and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--sequences', type=int, default=10_000)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--json', type=Path)
    options = parser.parse_args()
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    np.seterr(all='ignore')
    figures = run(options.sequences, options.seed)
    for name, value in figures.items():
        print(f'{name:24} {value:10.0f}')
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + '\n')
    if figures['raised'] or figures['wrong']:
        raise SystemExit(1)


if __name__ == '__main__':
    main()
