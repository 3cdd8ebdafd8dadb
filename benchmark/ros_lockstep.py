"""Start to active, and how much faster than real time a rollout over ROS in lockstep is.

`--episodes N` of drone_hover with the shipped controller, `--starts N`, `--json FILE`.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from lifecycle_msgs.srv import GetState
from rclpy.executors import SingleThreadedExecutor

from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.evaluation.rollouts.record import read_records
from pkan_control.tasks.task import find_task

TASK = 'drone_hover'
PATIENCE_S = 30.0


def start_s() -> float:
    """Return the time in s from the start of a controller's process until it is active."""
    node = rclpy.create_node('waiting')
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    client = node.create_client(GetState, 'controller_node/get_state')
    words = ['-p', f'controller:={shipped_controller(TASK)}', '-p', 'autostart:=true']
    program = str(Path(sys.executable).with_name('controller_node'))
    began = time.monotonic()
    process = subprocess.Popen([program, '--ros-args', '--log-level', 'error', *words])  # noqa: S603
    try:
        while time.monotonic() - began < PATIENCE_S:
            if not client.service_is_ready():
                executor.spin_once(0.005)
                continue
            future = client.call_async(GetState.Request())
            executor.spin_until_future_complete(future, 1.0)
            if future.done() and future.result().current_state.label == 'active':
                return time.monotonic() - began
        raise SystemExit(f'not active within {PATIENCE_S:g} s')
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)
        node.destroy_node()


def real_time_factors(episodes: int) -> list[float]:
    """Return how much faster than real time each episode over ROS was."""
    task = find_task(TASK)
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / 'episodes.jsonl'
        command = [
            *(sys.executable, '-m', 'pkan_control.ros.launch_runner', f'{TASK}.launch.xml'),
            *('lockstep:=true', 'real_time_factor:=0.0'),
            *(f'episodes:={episodes}', f'record:={record}'),
        ]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 (as above)
        records = read_records(record)
    return [task.steps / task.rate_hz / each.wall_s for each in records]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--episodes', type=int, default=20)
    parser.add_argument('--starts', type=int, default=5)
    parser.add_argument('--json', type=Path)
    options = parser.parse_args()
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    rclpy.init()
    starts = [start_s() for _ in range(options.starts)]
    rclpy.shutdown()
    factors = real_time_factors(options.episodes)
    figures: dict[str, Any] = {
        'start_s': float(np.median(starts)),
        'start_longest_s': max(starts),
        'real_time_factor': float(np.median(factors)),
        'real_time_factor_lowest': min(factors),
    }
    print(f'start to active: median {figures["start_s"]:.2f} s, longest {max(starts):.2f} s')
    print(
        f'{TASK} over ROS in lockstep, {options.episodes} episodes: '
        f'{figures["real_time_factor"]:.1f} x real time, slowest {min(factors):.1f} x'
    )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + '\n')


if __name__ == '__main__':
    main()
