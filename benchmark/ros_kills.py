"""Kill the controller's or the simulation's process at random moments, again and again.

Both run in real time as a launch file starts them. When the controller is killed, the simulation
must stop the rotors within its command timeout; when the simulation is killed, the controller must
send one safe command within its state timeout and then be silent. The one that was killed is then
started again, and both must fly on. `--kills N`, `--json FILE`.

Times are from the kill to what is heard of its effect, so more than the limit is in them: where
the controller is killed, one control period until the simulation looks and one until its IMU
tells, in simulated time; where the simulation is killed, the way of the command over DDS. On a
machine that does other work give `--beyond S` for what that adds.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import rclpy
from nav_msgs.msg import Odometry
from rclpy.experimental.events_executor import EventsExecutor
from sensor_msgs.msg import Imu, JointState
from std_srvs.srv import Trigger

from pkan_control.common.seeding import stream
from pkan_control.evaluation.controllers import shipped_controller

PATIENCE_S = 30.0
PERIOD_S = 0.02
# Time limits of the two nodes in s, and what is allowed beyond for all that is said above.
COMMAND_S, STATE_S, BEYOND_S = 0.2, 0.5, 0.05
SHARED = Path('/dev/shm')  # noqa: S108 (where Fast DDS has its shared memory)
# A body feels less than this in m/s^2 when its rotors rest: the drag of a fall.
RESTING = 3.0
GIVEN = {
    'simulation_node': {'command_timeout': COMMAND_S},
    'controller_node': {
        'controller': shipped_controller('drone_hover'), 'chip': 'sim:?seed=1',
        'autostart': 'true', 'enable': 'true', 'use_sim_time': 'true', 'state_timeout': STATE_S,
    },
}  # fmt: skip


def start(name: str, log: Any) -> subprocess.Popen[bytes]:
    """Start a node."""
    words = [word for key, value in GIVEN[name].items() for word in ('-p', f'{key}:={value!s}')]
    command = [str(Path(sys.executable).with_name(name)), '--ros-args', *words]
    return subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 (the installed nodes)


class Witness:
    """Hears commands and what the drone feels."""

    def __init__(self) -> None:
        """Subscribe."""
        self.node = rclpy.create_node('witness')
        self.executor = EventsExecutor()
        self.executor.add_node(self.node)
        self.commands: list[tuple[float, bool]] = []
        self.felt: list[float] = []
        self.finite = True
        self.node.create_subscription(JointState, 'command', self._on_command, 10)
        self.node.create_subscription(Imu, 'imu', self._on_imu, 10)
        self.node.create_subscription(Odometry, 'odom', self._on_odometry, 10)
        self._reset = self.node.create_client(Trigger, 'simulation_node/reset')
        self.height_m = 0.0

    def _on_command(self, message: JointState) -> None:
        self.finite &= bool(np.isfinite(message.velocity).all())
        self.commands.append((time.monotonic(), any(message.velocity)))

    def _on_imu(self, message: Imu) -> None:
        force = message.linear_acceleration
        strength = float(np.hypot(np.hypot(force.x, force.y), force.z))
        self.felt.append(strength)

    def _on_odometry(self, message: Odometry) -> None:
        self.height_m = float(message.pose.pose.position.z)

    def restart(self) -> None:
        """Begin a new episode: what fell lies on the floor until then."""
        if self.wait(self._reset.service_is_ready):
            future = self._reset.call_async(Trigger.Request())
            self.wait(future.done)

    def wait(self, condition: Callable[[], bool], seconds: float = PATIENCE_S) -> bool:
        """Serve callbacks until a condition holds or time is up; return whether it holds."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            self.executor.spin_once(0.02)
        return True

    def flying(self) -> bool:
        """Return whether commands that turn the rotors come, and states."""
        now = time.monotonic()
        recent = [moving for at, moving in self.commands[-20:] if now - at < 1]
        return sum(recent) > 10 and len(self.felt) > 10 and self.height_m > 0.5

    def forget(self) -> None:
        """Forget what was heard."""
        self.commands.clear()
        self.felt.clear()


def without_controller(witness: Witness) -> float:
    """Return after how many s of simulated time the rotors rested; infinite if they did not."""
    before = len(witness.felt)

    def resting() -> bool:
        return any(felt < RESTING for felt in witness.felt[before:])

    if not witness.wait(resting, 5):
        return float('inf')
    after = [felt < RESTING for felt in witness.felt[before:]]
    return (after.index(True) + 1) * PERIOD_S


def without_simulation(witness: Witness, killed_s: float) -> float:
    """Return after how many s the one safe command came; infinite if another one followed."""
    witness.wait(lambda: any(at > killed_s and not moving for at, moving in witness.commands), 5)
    witness.wait(lambda: False, 0.3)
    after = [(at, moving) for at, moving in witness.commands if at > killed_s]
    safe = [at for at, moving in after if not moving]
    if len(safe) != 1 or after[-1][1]:
        return float('inf')
    return safe[0] - killed_s


def shared_memory() -> dict[Path, int]:
    """Return Fast DDS's files of shared memory and their sizes in bytes."""
    return {path: path.stat().st_size for path in SHARED.glob('fastdds_*')}


def run(kills: int, seed: int, beyond_s: float) -> dict[str, Any]:
    """Kill and start again; return how long it took to be safe, and what went wrong."""
    before = shared_memory()
    rclpy.init()
    witness, draw = Witness(), stream(seed, 'kills')
    figures: dict[str, Any] = {'kills': kills, 'not safe': 0, 'not restarted': 0}
    took: dict[str, list[float]] = {name: [] for name in GIVEN}
    with tempfile.TemporaryFile() as log:
        nodes = {name: start(name, log) for name in GIVEN}
        for number in range(kills):
            witness.forget()
            witness.restart()
            figures['not restarted'] += not witness.wait(witness.flying)
            witness.wait(lambda: False, float(draw.uniform(0, 0.5)))
            victim = ('controller_node', 'simulation_node')[number % 2]
            killed = time.monotonic()
            nodes[victim].send_signal(signal.SIGKILL)
            nodes[victim].wait()
            if victim == 'controller_node':
                seconds, limit = without_controller(witness), COMMAND_S
            else:
                seconds, limit = without_simulation(witness, killed), STATE_S
            took[victim].append(seconds)
            figures['not safe'] += seconds > limit + beyond_s
            nodes[victim] = start(victim, log)
            if sys.stderr.isatty():
                print(f'\r{number + 1} of {kills}', end='', file=sys.stderr, flush=True)
        witness.forget()
        witness.restart()
        figures['not restarted'] += not witness.wait(witness.flying)
        for node in nodes.values():
            node.send_signal(signal.SIGINT)
        codes = [node.wait(PATIENCE_S) for node in nodes.values()]
    rclpy.shutdown()
    figures['exit codes not 0'] = sum(code != 0 for code in codes)
    figures['commands not finite'] = int(not witness.finite)
    figures['processes left'] = len(psutil.Process().children(recursive=True))
    left = sum(size for path, size in shared_memory().items() if path not in before)
    figures['shared memory left by the killed [MB]'] = left / 1e6
    for name, seconds in took.items():
        median = float(np.median(seconds)) if seconds else 0.0
        figures[f'{name} killed: safe after, median [s]'] = median
        figures[f'{name} killed: safe after, longest [s]'] = max(seconds, default=0.0)
    return figures


def main() -> None:
    """Kill and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--kills', type=int, default=50)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--beyond', type=float, default=BEYOND_S)
    parser.add_argument('--json', type=Path)
    options = parser.parse_args()
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    figures = run(options.kills, options.seed, options.beyond)
    print(f'limits: {COMMAND_S} s without a command, {STATE_S} s without a state')
    for name, value in figures.items():
        print(f'{name:48} {value:8.2f}' if isinstance(value, float) else f'{name:48} {value:8}')
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + '\n')


if __name__ == '__main__':
    main()
