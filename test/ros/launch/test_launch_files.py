"""Every shipped launch file: its arguments, its processes, and an episode of its nodes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from nav_msgs.msg import Odometry
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image, Imu, JointState

from pkan_control.common.files import share
from pkan_control.common.message_fields import to_ns
from pkan_control.evaluation.rollouts.record import read_records
from pkan_control.ros.launch_runner.__main__ import additions, declared
from pkan_control.ros.launch_runner.evaluation import evaluate
from pkan_control.ros.nodes.standard_topics import goal_topic, state_topic
from pkan_control.tasks.task import find_task

FILES = sorted(share('launch').glob('*.launch.xml'))
NEEDED = {'task': 'drone_hover', 'controller': str(share('controllers/drone_hover.safetensors'))}


def named(path: Path) -> str:
    return path.name.removesuffix('.launch.xml')


OTHERS = ('controller', 'simulation', 'two_drones')
# The launch files of tasks with a shipped controller.
ROBOTS = [
    path
    for path in FILES
    if named(path) not in OTHERS and share(f'controllers/{named(path)}.safetensors').exists()
]


@pytest.mark.parametrize('path', FILES, ids=named)
def test_every_argument_is_described_and_the_file_can_be_run(path, monkeypatch):
    for name, value in additions(os.environ).items():
        monkeypatch.setenv(name, value)
    arguments = declared(path)
    assert arguments
    for name, text in arguments.items():
        assert 'no description' not in text, name
    given = {name: value for name, value in NEEDED.items() if name in arguments}
    processes = evaluate(path, given)
    assert {Path(str(each.command[0])).name for each in processes} >= {'controller_node'}


@pytest.mark.parametrize('path', [p for p in FILES if named(p) not in OTHERS], ids=named)
def test_a_launch_file_is_named_after_a_task_that_has_topics(path):
    law = find_task(named(path)).law
    assert state_topic(law).name in ('odom', 'joint_states')
    assert goal_topic(law).name in ('goal_pose', 'goal_trajectory')


@pytest.fixture
def bring_up(ros, tmp_path):
    """Return a function that runs a launch file, which ends with the test."""
    started = []

    def start(name: str, **arguments: object) -> subprocess.Popen:
        words = [f'{key}:={value}' for key, value in arguments.items()]
        command = [
            sys.executable,
            '-m',
            'pkan_control.ros.launch_runner',
            f'{name}.launch.xml',
            *words,
        ]
        with (tmp_path / 'launch.log').open('w') as out:
            process = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            # SIGKILL would leave its nodes running, each in a session of its own.
            process.send_signal(signal.SIGINT)
            process.wait(40)


@pytest.mark.slow
@pytest.mark.parametrize('path', ROBOTS, ids=named)
def test_one_episode_of_each_task_succeeds_over_ros(bring_up, tmp_path, path):
    record = tmp_path / 'episode.jsonl'
    arguments = {'lockstep': 'true', 'real_time_factor': 0.0, 'episodes': 1, 'chip': 'ideal:'}
    process = bring_up(named(path), record=record, **arguments)
    assert process.wait(60) == 0, (tmp_path / 'launch.log').read_text()
    (episode,) = read_records(record)
    assert episode.score.success


@pytest.mark.slow
def test_two_drones_share_a_graph_and_a_clock(bring_up, probe, tmp_path):
    clocks, states, commands = probe.record(Clock, '/clock'), {}, {}
    for name in ('drone_1', 'drone_2'):
        states[name] = probe.record(Odometry, f'/{name}/odom')
        commands[name] = probe.record(JointState, f'/{name}/command')
    process = bring_up('two_drones')
    probe.wait(
        lambda: all(len(each) > 20 and any(each[-1].velocity) for each in commands.values()),
        'commands for both',
    )
    probe.wait(lambda: clocks and all(states.values()), 'the clock and both states')
    assert probe.node.count_publishers('/clock') == 1
    now = to_ns(clocks[-1].clock)
    for name, received in states.items():
        assert abs(to_ns(received[-1].header.stamp) - now) < 300_000_000
        assert received[-1].child_frame_id == f'{name}/base_link'
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0, (tmp_path / 'launch.log').read_text()


def test_lockstep_needs_a_clock_of_its_own(start):
    simulation = start('simulation_node', lockstep='true', publish_clock='false')
    assert simulation.ends() == 2
    assert simulation.text == (
        'error: parameter publish_clock: must be true with lockstep, '
        "whose time is the simulation's\n"
    )


# Cart and pole stand before a plain sky.
@pytest.mark.slow
@pytest.mark.parametrize(
    ('task', 'colours'),
    [('drone_hover', 20), ('arm_reach', 20), ('vehicle_track', 20), ('cartpole', 3)],
)
def test_a_camera_shows_the_robot(start, probe, task, colours):
    images = probe.record(Image, 'image_raw')
    simulation = start('simulation_node', task=task, camera_rate=5.0)
    probe.wait(lambda: images, 'a picture')
    assert (images[0].width, images[0].height, images[0].encoding) == (320, 240, 'rgb8')
    assert len(set(bytes(images[0].data))) > colours
    simulation.send(signal.SIGINT)
    assert simulation.ends() == 0


def test_the_imu_of_a_drone_is_published(start, probe):
    imus = probe.record(Imu, 'imu')
    simulation = start('simulation_node')
    probe.wait(lambda: imus, 'an imu')
    assert all(np.isfinite([i.linear_acceleration.z, i.orientation.w]).all() for i in imus)
    simulation.send(signal.SIGINT)
    assert simulation.ends() == 0
