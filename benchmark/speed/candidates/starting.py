"""Starts of processes: how long they take, and how much memory nodes hold."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
from worker import Work

from pkan_control.cli.demo import ros_environment
from pkan_control.evaluation.controllers import shipped_controller

# Libraries that a controller node has no use for.
HEAVY = ('torch', 'pybullet')
# A line with this on standard error says that a node is up.
READY = 'Hz'
BARE_NODE = f"""
import sys
import numpy
import rclpy
rclpy.init()
node = rclpy.create_node('bare')
print('0 {READY}', file=sys.stderr, flush=True)
rclpy.spin(node)
"""


def command(arguments: list[str]) -> Work:
    """Return starts of a command; a name is looked up beside the interpreter."""
    tool = Path(sys.executable).parent / arguments[0]
    first = sys.executable if arguments[0] == 'python' else str(tool)

    def start() -> None:
        subprocess.run([first, *arguments[1:]], stdout=subprocess.DEVNULL, check=True)  # noqa: S603

    start()
    return Work(start)


def resident(arguments: list[str]) -> tuple[float, list[str]]:
    """Return the memory in MB of a node that is up, and which heavy libraries it maps."""
    os.environ.setdefault('HOME', tempfile.gettempdir())
    with tempfile.TemporaryDirectory() as logs:
        process = subprocess.Popen(  # noqa: S603 (the command is one of those below)
            [sys.executable, *arguments], stderr=subprocess.PIPE, text=True,
            env=ros_environment() | {'ROS_LOG_DIR': logs},
        )  # fmt: skip
        try:
            for line in process.stderr or ():
                if READY in line:
                    break
            memory = psutil.Process(process.pid).memory_info().rss / 1e6
            mapped = Path(f'/proc/{process.pid}/maps').read_text()
        finally:
            # DDS may hang as it ends.
            process.kill()
            process.wait()
    return memory, [name for name in HEAVY if name in mapped]


def controller_node() -> Work:
    """Return the memory of a controller node on the shipped controller, once it is active."""
    arguments = ['-m', 'pkan_control.ros.nodes.controller_node', '--ros-args']
    arguments += [
        '-p',
        f'controller:={shipped_controller("drone_hover")}',
        '-p',
        'autostart:=true',
    ]
    facts = {'heavy': resident(arguments)[1]}
    return Work(lambda: resident(arguments)[0], facts=facts, measured=True)


def bare_node() -> Work:
    """Return the memory of a node that imports NumPy and does nothing."""
    return Work(lambda: resident(['-c', BARE_NODE])[0], measured=True)
