"""Let things happen to a board in mid-flight, under the real controller node.

The node runs as a process and flies on an emulated board over TCP and a pty; states come to it at
50 Hz over DDS. Each time it is measured how soon its command is the safe one, whether it flies
again before that is asked for, what it said, and how soon it flies again on request. `--json FILE`
writes the figures; the exit code is 1 where something armed itself.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from nav_msgs.msg import Odometry
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from pkan_control.boards.emulator.chip_model import ChipModel
from pkan_control.boards.emulator.endpoint import Endpoint, PtyEndpoint, TcpEndpoint, serve
from pkan_control.boards.emulator.firmware import Firmware
from pkan_control.bridge.codes import BoardState
from pkan_control.cli.demo import ros_environment
from pkan_control.common.message_fields import to_ns
from pkan_control.devices.deviations import find_deviations
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.ros.nodes.messages import goal_pose, odometry

PERIOD_S, FLIGHTS = 0.02, 5
# Whoever else uses the same domain is none of ours.
NAMESPACE = f'mid_flight_{os.getpid()}'
# A flight before the fault, and the time after it in which nothing may arm itself.
BEFORE_S, AFTER_S, PATIENCE_S = 0.4, 2.5, 20.0
# How long the cable is out.
PULLED_S = 0.5
HERE = np.array([0.1, 0, 1.5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
GOAL = np.array([0, 0, 1.5])
LINKS, FAULTS = ('tcp', 'pty'), ('board rebooted', 'cable pulled', 'program swapped')


class Board:
    """An emulated board in a thread; what happens to it, happens there."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Power on."""
        self.endpoint, self.firmware = endpoint, Firmware(7, find_deviations('typical'))
        self.stopped = threading.Event()
        self.struck_s = self.safe_s = 0.0
        self.struck_ns = 0
        self._other: ChipModel | None = None
        self._fault = ''
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def strike(self, fault: str) -> None:
        """Let a fault happen, at once."""
        # It takes a while to emulate another program; to swap it takes none.
        self._other = self.firmware.board.memory.other_program()
        self.struck_s = self.safe_s = 0.0
        self._fault = fault

    def close(self) -> None:
        """Power off."""
        self.stopped.set()
        self._thread.join()
        self.endpoint.close()

    def _run(self) -> None:
        serve(self.firmware, self.endpoint, self.stopped.is_set, self._pass)

    def _pass(self, firmware: Firmware, now_us: int) -> None:
        now_s = time.monotonic()
        fault, self._fault = self._fault, ''
        if fault == 'cable pulled':
            self.endpoint.unplug()
        elif fault == 'program swapped':
            firmware.board.memory.model = self._other
        elif fault:
            firmware.reboot(now_us)
        if fault:
            self.struck_s, self.struck_ns = time.monotonic(), time.time_ns()
        if not self.endpoint.plugged and now_s - self.struck_s > PULLED_S:
            self.endpoint.plug()
        if self.struck_s and not self.safe_s and firmware.board.state != BoardState.ARMED:
            self.safe_s = time.monotonic()


class Robot:
    """What is around the controller node: sends states and a goal, and hears commands."""

    def __init__(self) -> None:
        """Join the graph."""
        rclpy.init()
        self.node = rclpy.create_node('robot', namespace=NAMESPACE)
        self.diagnostic = ''
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        # When each command came, the stamp of the state that it answers, whether it is safe.
        self.commands: list[tuple[float, int, bool]] = []
        self._states = self.node.create_publisher(Odometry, 'odom', 1)
        self._goals = self.node.create_publisher(PoseStamped, 'goal_pose', 1)
        self.node.create_subscription(JointState, 'command', self._hear, 10)
        self.node.create_subscription(DiagnosticArray, '/diagnostics', self._read, 10)
        self.node.create_timer(PERIOD_S, self._send)

    def _hear(self, message: JointState) -> None:
        stamp_ns = to_ns(message.header.stamp)
        self.commands.append((time.monotonic(), stamp_ns, not any(message.velocity)))

    def _read(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.startswith(f'/{NAMESPACE}/'):
                self.diagnostic = status.message

    def _send(self) -> None:
        now = self.node.get_clock().now().nanoseconds
        self._goals.publish(goal_pose(GOAL, now, 'map'))
        self._states.publish(odometry(HERE, now, 'map', 'base_link'))

    def live(self, seconds: float, until: Callable[[], object] = lambda: False) -> None:
        """Let time pass, or until something holds."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s and not until():
            self.executor.spin_once(0.005)

    def call(self, kind: Any, name: str, **fields: Any) -> Any:
        """Call a service of the controller node; return its response."""
        client = self.node.create_client(kind, f'controller_node/{name}')
        self.live(PATIENCE_S, client.service_is_ready)
        future = client.call_async(kind.Request(**fields))
        self.live(PATIENCE_S, future.done)
        self.node.destroy_client(client)
        if not future.done():
            raise SystemExit(f'controller_node does not answer {name}')
        return future.result()

    def change(self, *transitions: str) -> None:
        """Take the node through transitions."""
        for name in transitions:
            number = getattr(Transition, f'TRANSITION_{name.upper()}')
            if not self.call(
                ChangeState, 'change_state', transition=Transition(id=number)
            ).success:
                raise SystemExit(f'controller_node: {name} failed')

    def flies(self) -> bool:
        """Return whether the last command was not the safe one."""
        return bool(self.commands) and not self.commands[-1][2]

    def close(self) -> None:
        """Leave the graph."""
        self.node.destroy_node()
        rclpy.shutdown()


@contextmanager
def controller(uri: str, log: Path) -> Iterator[None]:
    """Run the controller node on a board."""
    parameters = {
        'controller': shipped_controller('drone_hover'),
        'chip': f"'{uri}'",
        'enable': 'true',
    }
    words = [word for key, value in parameters.items() for word in ('-p', f'{key}:={value}')]
    command = [sys.executable, '-m', 'pkan_control.ros.nodes.controller_node', '--ros-args']
    command += ['-r', f'__ns:=/{NAMESPACE}', *words]
    with log.open('w') as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)  # noqa: S603
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)


def flight(robot: Robot, board: Board, fault: str, log: Path) -> dict[str, Any]:
    """Fly, let a fault happen, and watch; then ask for arming."""
    robot.change('configure', 'activate')
    robot.commands.clear()
    robot.live(PATIENCE_S, robot.flies)
    robot.live(BEFORE_S)
    said = len(log.read_text())
    board.strike(fault)
    robot.live(1.0, lambda: board.struck_s)
    robot.live(AFTER_S)
    after = [(when, safe) for when, stamp, safe in robot.commands if stamp > board.struck_ns]
    first = next((when for when, safe in after if safe), float('inf'))
    lines = [line for line in log.read_text()[said:].splitlines() if 'WARN' in line]
    asked_s = time.monotonic()
    answer = robot.call(Trigger, 'reset')
    robot.live(1.0 if answer.success else 0.0, robot.flies)
    found = {
        'command_s': first - board.struck_s,
        'board_s': board.safe_s - board.struck_s,
        'flew_unasked': sum(not safe for when, safe in after if when > first),
        'diagnostic': robot.diagnostic,
        'said': [line.partition('controller_node]: ')[2] for line in lines],
        'reset': answer.message or 'armed',
        'again_s': time.monotonic() - asked_s if robot.flies() else None,
    }
    robot.change('deactivate', 'cleanup')
    return found


def measure(flights: int) -> dict[str, Any]:
    """Fly all faults over all links."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= ros_environment() | {'ROS_LOG_DIR': folder}
        for link in LINKS:
            # A new one for each node: a client may still hold the last node's service for alive.
            robot = Robot()
            pty = Path(folder) / 'board'
            board = Board(TcpEndpoint('127.0.0.1', 0) if link == 'tcp' else PtyEndpoint(pty))
            log = Path(folder) / f'{link}.log'
            try:
                with controller(board.endpoint.name, log):
                    for fault in FAULTS:
                        each = [flight(robot, board, fault, log) for _ in range(flights)]
                        found[f'{fault}, {link}'] = summary(each)
            except RuntimeError as error:
                raise SystemExit(f'{error}\n{log.read_text()}') from None
            finally:
                board.close()
                robot.close()
        # Where the board lay says nothing to a reader.
        return cast('dict[str, Any]', json.loads(json.dumps(found).replace(f'{folder}/', '')))


def summary(flights: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the worst of some flights, and what was said in the first."""
    again = [each['again_s'] for each in flights if each['again_s'] is not None]
    return {
        'flights': len(flights),
        'command_s': max(each['command_s'] for each in flights),
        'board_s': max(each['board_s'] for each in flights),
        'flew_unasked': sum(each['flew_unasked'] for each in flights),
        'most_lines': max(len(each['said']) for each in flights),
        'said': flights[0]['said'],
        'diagnostic': flights[0]['diagnostic'],
        'reset': flights[0]['reset'],
        'again_s': max(again, default=None),
    }


def table(figures: dict[str, Any]) -> str:
    """Return the figures as lines."""
    heads = ('flights', 'safe command', 'board safe', 'flew unasked', 'log lines', 'again')
    lines = [f'{"fault":22}' + ''.join(f'{head:>14}' for head in heads)]
    for name, row in figures.items():
        times = [row[key] for key in ('command_s', 'board_s', 'again_s')]
        command, board, again = ('-' if t is None else f'{1e3 * t:.0f} ms' for t in times)
        cells = (row['flights'], command, board, row['flew_unasked'], row['most_lines'], again)
        lines.append(f'{name:22}' + ''.join(f'{cell!s:>14}' for cell in cells))
    lines += ['', 'The longest of all flights. What was said in the first of each:']
    for name, row in figures.items():
        lines += [f'{name}:', *(f'  log          {line}' for line in row['said'])]
        lines += [f'  diagnostics  {row["diagnostic"]}', f'  reset        {row["reset"]}']
    return '\n'.join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').splitlines()[0])
    parser.add_argument('--flights', type=int, default=FLIGHTS)
    parser.add_argument('--json', type=Path)
    options = parser.parse_args()
    figures = measure(options.flights)
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + '\n')
    raise SystemExit(any(row['flew_unasked'] for row in figures.values()))


if __name__ == '__main__':
    main()
