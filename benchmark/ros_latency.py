"""Time from a state to its command, and the CPU of it, beside a node that only echoes.

Both nodes run as processes of their own and answer one prober by turns, in rounds of a few
seconds, so that what else the machine does meets both alike. The echo node is the least that rclpy
can do with messages: the same executor, types and QoS profiles, an Odometry in, a JointState with
a stamp and four numbers out. It has no timer, and makes no Python object but the message; the
controller node reads the bytes of an Odometry instead (`ros/nodes/odometry_cdr.py`), which an echo
node could, too. `--rate HZ` is that of the states, `--chip URI` the controller's
chip: the node's own default has no flaws to simulate. `--json FILE` writes the figures.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import rclpy
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from rclpy.experimental.events_executor import EventsExecutor
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState

from pkan_control.common.message_fields import to_ns
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.ros.nodes.messages import goal_pose, odometry

STATE = np.array([0.1, 0, 1.5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
ECHO = """
import rclpy
from nav_msgs.msg import Odometry
from rclpy.experimental.events_executor import EventsExecutor
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
rclpy.init()
import rclpy.executors
node = rclpy.create_node('echo_node')
out = node.create_publisher(JointState, 'echoed', 1)
answer = JointState(name=[f'rotor_{i}' for i in range(1, 5)])
def echo(state):
    p = state.pose.pose.position
    answer.header.stamp = state.header.stamp
    answer.velocity = [p.x, p.y, p.z, 0.0]
    out.publish(answer)
best = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
node.create_subscription(Odometry, 'echo_odom', echo, best)
executor = EventsExecutor()
executor.add_node(node)
try:
    while rclpy.ok():
        executor.spin_once(0.1)
except rclpy.executors.ExternalShutdownException:
    pass
"""
SETTLE_S, START_S = 1.0, 20.0
NAMES = ('echo', 'controller')


def start_echo() -> subprocess.Popen[bytes]:
    """Start the echo node."""
    return subprocess.Popen([sys.executable, '-c', ECHO])  # noqa: S603 (its own text)


def start_controller(chip: str) -> subprocess.Popen[bytes]:
    """Start the controller node on the shipped drone controller, live, all else as usual."""
    given = {
        'controller': shipped_controller('drone_hover'), 'chip': f"'{chip}'",
        'autostart': 'true', 'enable': 'true',
    }  # fmt: skip
    words = [word for name, value in given.items() for word in ('-p', f'{name}:={value!s}')]
    program = Path(sys.executable).with_name('controller_node')
    command = [program, '--ros-args', '--log-level', 'error', *words]
    return subprocess.Popen(command)  # noqa: S603 (the installed node)


class Prober:
    """Sends states to one of two nodes and notes when the answer to each comes."""

    def __init__(self) -> None:
        """Open publishers and subscriptions for both."""
        self.node = rclpy.create_node('prober')
        self.executor = EventsExecutor()
        self.executor.add_node(self.node)
        best = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        self._goal = self.node.create_publisher(PoseStamped, 'goal_pose', 1)
        self._out = {
            'echo': self.node.create_publisher(Odometry, 'echo_odom', best),
            'controller': self.node.create_publisher(Odometry, 'odom', best),
        }
        self.heard: dict[int, int] = {}
        for topic in ('echoed', 'command'):
            self.node.create_subscription(JointState, topic, self._on_answer, 1)

    def _on_answer(self, answer: JointState) -> None:
        self.heard.setdefault(to_ns(answer.header.stamp), time.perf_counter_ns())

    def send(self, name: str) -> int:
        """Send a state and return its stamp."""
        now = time.time_ns()
        self._out[name].publish(odometry(STATE, now, 'map', 'base_link'))
        return now

    def aim(self) -> None:
        """Send the set-point."""
        self._goal.publish(goal_pose(STATE[:3], time.time_ns(), 'map'))

    def round(self, name: str, rate_hz: float, seconds: float) -> tuple[list[float], int]:
        """Send states for a while; return the times to the answers in us, and how many missed."""
        sent: dict[int, int] = {}
        due = time.perf_counter()
        for _ in range(round(seconds * rate_hz)):
            before = time.perf_counter_ns()
            sent[self.send(name)] = before
            due += 1 / rate_hz
            while (left := due - time.perf_counter()) > 0:
                self.executor.spin_once(left)
        self.executor.spin_once(0.05)
        took = [(self.heard[s] - b) / 1e3 for s, b in sent.items() if s in self.heard]
        self.heard.clear()
        return took, len(sent) - len(took)

    def wait(self, name: str) -> float:
        """Send states until an answer comes; return how long that took in s."""
        began = time.monotonic()
        while not self.heard:
            if time.monotonic() - began > START_S:
                raise SystemExit(f'{name}: no answer within {START_S:g} s')
            self.aim()
            self.send(name)
            self.executor.spin_once(0.02)
        self.heard.clear()
        return time.monotonic() - began


def cpu_s(process: subprocess.Popen[bytes]) -> float:
    """Return the CPU time of a process in s."""
    times = psutil.Process(process.pid).cpu_times()
    return float(times.user + times.system)


def measure(rate_hz: float, rounds: int, seconds: float, chip: str) -> dict[str, Any]:
    """Probe both by turns; return times in us and CPU shares."""
    rclpy.init()
    prober, began = Prober(), time.monotonic()
    processes = {'echo': start_echo(), 'controller': start_controller(chip)}
    try:
        started = {'controller': prober.wait('controller') and time.monotonic() - began}
        prober.wait('echo')
        took: dict[str, list[float]] = {name: [] for name in NAMES}
        missed, used = dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES, 0.0)
        quantiles: dict[str, list[Any]] = {name: [] for name in NAMES}
        for _ in range(rounds):
            for name in NAMES:
                before = cpu_s(processes[name])
                times, lost = prober.round(name, rate_hz, seconds)
                used[name] += cpu_s(processes[name]) - before
                missed[name] += lost
                took[name] += times
                quantiles[name].append(np.quantile(times, (0.5, 0.99)))
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.wait(10)
        rclpy.shutdown()
    total = rounds * seconds
    rows = {
        name: {
            'p50_us': float(np.quantile(took[name], 0.5)),
            'p99_us': float(np.quantile(took[name], 0.99)),
            'cpu_percent': 100 * used[name] / total,
            'missed': missed[name],
        }
        for name in NAMES
    }
    pairs = np.array(quantiles['controller']) / np.array(quantiles['echo'])
    ratio = dict(zip(('p50', 'p99'), np.median(pairs, axis=0).tolist(), strict=True))
    ratio['cpu'] = used['controller'] / used['echo']
    return {
        'rate_hz': rate_hz,
        'chip': chip,
        **rows,
        'ratio': ratio,
        'start_s': started['controller'],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rate', type=float, default=250.0)
    parser.add_argument('--rounds', type=int, default=10)
    parser.add_argument('--seconds', type=float, default=4.0)
    parser.add_argument('--chip', default='ideal:')
    parser.add_argument('--json', type=Path)
    options = parser.parse_args()
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    figures = measure(options.rate, options.rounds, options.seconds, options.chip)
    each = f'{options.rounds} rounds of {options.seconds:g} s each'
    print(f'chip {options.chip}, states at {options.rate:g} Hz, {each}')
    print(f'{"":12} {"p50 us":>8} {"p99 us":>8} {"CPU %":>7} {"missed":>7}')
    for name in NAMES:
        row = figures[name]
        print(
            f'{name:12} {row["p50_us"]:8.0f} {row["p99_us"]:8.0f} {row["cpu_percent"]:7.1f} '
            f'{row["missed"]:7}'
        )
    ratio = figures['ratio']
    print(f'{"ratio":12} {ratio["p50"]:8.2f} {ratio["p99"]:8.2f} {ratio["cpu"]:7.2f}')
    print(f'from start to the first command: {figures["start_s"]:.2f} s')
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + '\n')


if __name__ == '__main__':
    main()
