"""Nodes as real processes, and a probe that communicates with them over DDS."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from domain_coordinator import domain_id
from geometry_msgs.msg import PoseStamped
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from nav_msgs.msg import Odometry
from programs import program
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import JointState

from pkan_control.control.controller_file import ControllerFile, save_controller_file
from pkan_control.ros.nodes.messages import goal_pose, odometry
from pkan_control.tasks.task import find_task

PATIENCE_S = 20.0
# A state near the set-point, for the drone of the random controller.
STATE = np.array([0.1, 0, 1.5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
GOAL = np.array([0, 0, 1.5])
# Few announcements: each is a chance for a deadlock inside Fast DDS 3.2 (its announcement timer
# against the removal of a writer, both of which want the list of participants).
PROFILE = """<profiles xmlns="http://www.eprosima.com">
<participant profile_name="quick" is_default_profile="true"><rtps><builtin><discovery_config>
<initialAnnouncements><count>6</count><period><sec>0</sec><nanosec>100000000</nanosec></period>
</initialAnnouncements></discovery_config></builtin></rtps></participant></profiles>"""


class Running:
    """A node in a process group of its own, whose output goes to a file.

    It is the installed program, or, with a patch, what that program runs, after those lines.
    """

    def __init__(
        self, name: str, parameters: dict[str, object], folder: Path, patch: str = ''
    ) -> None:
        self.log = folder / f'{name}.log'
        words = [w for key, value in parameters.items() for w in ('-p', f'{key}:={value}')]
        command = [str(program(name))]
        if patch:
            run = f'from pkan_control.ros.nodes import {name}\n{dedent(patch)}\n{name}.main()'
            command = [sys.executable, '-c', run]
        command += ['--ros-args', *words]
        with self.log.open('w') as out:
            self.process = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def text(self) -> str:
        """The output so far."""
        return self.log.read_text()

    def send(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.process.pid, number)

    def ends(self) -> int:
        """Wait for the end and return the exit code."""
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End the whole group, whatever state it is in."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE_S)


class Probe:
    """A node of the test: it records commands and diagnostics, and publishes states and goals."""

    def __init__(self, domain: int) -> None:
        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=domain)
        self.node = rclpy.create_node('probe', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.commands = self.record(JointState, 'command')
        self.shadows = self.record(JointState, 'controller_node/shadow_command')
        self.odometry = self.record(Odometry, 'odom')
        self.diagnostics = self.record(DiagnosticArray, '/diagnostics')
        self._goals = self.node.create_publisher(PoseStamped, 'goal_pose', 1)
        self._states = self.node.create_publisher(Odometry, 'odom', 1)
        # By default rclpy warns of a subscriber with an incompatible QoS profile.
        silent = PublisherEventCallbacks(use_default_callbacks=False)
        self.orders = self.node.create_publisher(JointState, 'command', 1, event_callbacks=silent)

    def record(self, kind: type, topic: str) -> list:
        """Return a list to which the messages of a topic are appended."""
        received: list = []
        self.node.create_subscription(kind, topic, received.append, 10)
        return received

    def wait(self, condition: Callable[[], object], what: str = '') -> None:
        """Serve callbacks until a condition holds; fail after a while."""
        assert self.spin(condition, PATIENCE_S), f'waited in vain for {what or condition}'

    def spin(self, condition: Callable[[], object], seconds: float) -> bool:
        """Serve callbacks until a condition holds, or time is up; return whether it holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.executor.spin_once(timeout_sec=0.02)
        return True

    def drain(self) -> None:
        """Serve what has come already."""
        for _ in range(50):
            self.executor.spin_once(timeout_sec=0.0)

    def call(self, kind: type, name: str, **fields: object):
        """Call a service and return the response."""
        client = self.node.create_client(kind, name)
        self.wait(client.service_is_ready, name)
        future = client.call_async(kind.Request(**fields))
        self.wait(future.done, name)
        self.node.destroy_client(client)
        return future.result()

    def change(self, transition: str) -> bool:
        """Request a transition of the controller node; return whether it succeeded."""
        number = getattr(Transition, f'TRANSITION_{transition.upper()}')
        request = Transition(id=number)
        return self.call(ChangeState, 'controller_node/change_state', transition=request).success

    def state_of(self) -> str:
        """Return the controller node's state."""
        return self.call(GetState, 'controller_node/get_state').current_state.label

    def send_state(self, state=STATE, goal=GOAL) -> int:
        """Publish a state, after a goal if there is one; return their stamp, which is now."""
        now = time.time_ns()
        if goal is not None:
            self._goals.publish(goal_pose(goal, now, 'map'))
        self._states.publish(odometry(state, now, 'map', 'base_link'))
        return now

    def exchange(self, received: list, count: int) -> list[int]:
        """Publish states until so many messages were received; return the stamps of the states.

        Each state waits for the response to the one before. A state may get lost while the node is
        not there yet: then the next one is due.
        """
        sent: list[int] = []
        while len(received) < count:
            before = len(received)
            sent.append(self.send_state())
            self.spin(lambda before=before: len(received) > before, 0.05)
            assert len(sent) < 1000
        return sent

    def send_until(self, condition: Callable[[], object], what: str) -> None:
        """Publish states, 50 a second, until a condition holds."""
        for _ in range(1000):
            if condition():
                return
            self.send_state()
            self.spin(condition, 0.02)
        pytest.fail(f'waited in vain for {what}')

    def close(self) -> None:
        """Leave the graph."""
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@pytest.fixture(scope='session')
def domain() -> Iterator[int]:
    """Return a ROS domain that no other test process uses."""
    with domain_id() as number:
        yield number


@pytest.fixture(scope='session')
def profile(tmp_path_factory) -> Path:
    """Return a Fast DDS profile with quick discovery."""
    path = tmp_path_factory.mktemp('dds') / 'profile.xml'
    path.write_text(PROFILE)
    return path


@pytest.fixture(autouse=True)
def ros(domain, profile, tmp_path, monkeypatch) -> None:
    """Keep traffic on this machine and in our domain, and logs in the temporary folder."""
    monkeypatch.setenv('FASTDDS_DEFAULT_PROFILES_FILE', str(profile))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain))
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'ros_log'))
    monkeypatch.setenv('HOME', str(tmp_path))


@pytest.fixture
def start(ros, tmp_path) -> Iterator[Callable[..., Running]]:
    """Return a function that starts a node by its module's name; all are ended with the test."""
    started: list[Running] = []

    def start(name: str, patch: str = '', **parameters: object) -> Running:
        started.append(Running(name, parameters, tmp_path, patch))
        return started[-1]

    try:
        yield start
    finally:
        for running in started:
            running.kill()


@pytest.fixture
def probe(ros, domain) -> Iterator[Probe]:
    probe = Probe(domain)
    try:
        yield probe
    finally:
        probe.close()


@pytest.fixture(scope='session')
def controller_file(make_program) -> ControllerFile:
    """Return an untrained controller: its commands are repeatable, though useless."""
    law = find_task('drone_hover').law
    return ControllerFile('drone_hover', law, 50.0, make_program((12, 16, 4)))


@pytest.fixture(scope='session')
def controller(tmp_path_factory, controller_file) -> Path:
    path = tmp_path_factory.mktemp('controllers') / 'random.safetensors'
    save_controller_file(path, controller_file)
    return path
