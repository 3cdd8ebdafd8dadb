"""Recordings hold what the nodes send; other libraries, and rclpy itself, read them."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import rclpy
from domain_coordinator import domain_id
from geometry_msgs.msg import PoseStamped
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from nav_msgs.msg import Odometry
from rclpy.serialization import deserialize_message
from rosbags.rosbag2 import Reader
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Imu, JointState
from trajectory_msgs.msg import JointTrajectory, MultiDOFJointTrajectory

from pkan_control.common.errors import UserError
from pkan_control.common.message_fields import to_ns
from pkan_control.evaluation.bags import messages as bag_messages
from pkan_control.evaluation.bags.demonstrations import read_demonstrations
from pkan_control.evaluation.bags.writer import BagWriter
from pkan_control.evaluation.rollouts.episode import Episode, stamp_ns
from pkan_control.evaluation.rollouts.rollout import Plan, run_expert
from pkan_control.evaluation.rollouts.sensors import specific_force
from pkan_control.ros.nodes import messages
from pkan_control.ros.nodes.messages import joint_state, moving_point, named_point
from pkan_control.ros.nodes.topics import RELIABLE, SENSOR
from pkan_control.sim.world import open_world
from pkan_control.tasks.task import find_task

TYPES = {'/clock': Clock, '/goal_pose': PoseStamped, '/odom': Odometry, '/imu': Imu,
         '/command': JointState}  # fmt: skip
OFFERED = {'/imu': SENSOR}


def seen_in_flight(plan, record) -> list[np.ndarray]:
    """Fly the commands again; return what the simulation node would have published."""
    task = plan.task
    world = open_world(task.world, task.law, task.rate_hz, plan.effects)
    episode = Episode(task, world, plan.seed, record.number, plan.effects)
    seen = []
    for command in record.commands:
        seen.append(episode.seen)
        episode.advance(command, 0)
    world.close()
    return seen


def read_back(path, types) -> dict[str, list]:
    """Return times and messages by topic, as rclpy decodes them; TF's types are not installed."""
    read = {topic: [] for topic in types}
    with Reader(path) as reader:
        for connection, when, data in reader.messages():
            if connection.topic != '/tf':
                message = deserialize_message(bytes(data), types[connection.topic])
                read[connection.topic].append((when, message))
    return read


def test_rclpy_reads_from_a_recording_what_the_simulation_node_sends(plan, records, recorded):
    record, task = records[2], plan.task
    read = read_back(recorded / 'noisy_0002', TYPES)
    seen = seen_in_flight(plan, record)
    times = [stamp_ns(step, task.rate_hz) for step in range(task.steps)]
    assert [when for when, _ in read['/odom']] == times
    for (when, message), state in zip(read['/odom'], seen, strict=True):
        assert message == messages.odometry(state, when, 'map', 'base_link')
    for (when, message), command in zip(read['/command'], record.commands, strict=True):
        assert message == joint_state(task.law.command.names, ['velocity'] * 4, command, when)
    assert [to_ns(message.clock) for _, message in read['/clock']] == times
    goals = [message for _, message in read['/goal_pose']]
    assert goals == [messages.goal_pose(record.goals[0], when, 'map') for when in times[::50]]
    assert not np.array_equal(seen[5], record.states[5])
    felt = read['/imu'][100][1].linear_acceleration
    expected = specific_force(seen[100], seen[99], task.rate_hz)
    assert [felt.x, felt.y, felt.z] == expected.tolist()


@pytest.mark.slow
def test_a_set_point_that_moves_is_recorded_whole(tmp_path):
    task = find_task('drone_track')
    plan = Plan(task, 1, 0)
    (record,) = run_expert(plan, lambda done: None)
    BagWriter(tmp_path).add(plan, record)
    types = {topic: kind for topic, kind in TYPES.items() if topic != '/goal_pose'}
    read = read_back(tmp_path / 'calm_0000', types | {'/goal_trajectory': MultiDOFJointTrajectory})
    assert len(read['/goal_trajectory']) == len(record.commands)
    for (when, message), goal in zip(read['/goal_trajectory'], record.goals, strict=False):
        assert message == moving_point(goal, when, 'map')
    lessons, source = read_demonstrations(tmp_path, task.law, {}, lambda done, total: None)
    assert source.usable_s == len(record.commands) / task.rate_hz
    np.testing.assert_array_equal(lessons.commands, record.commands)


def test_joints_and_points_by_name_are_recorded_as_the_nodes_send_them():
    names, values = ('a', 'b'), np.array([1.0, 2.0, 3.0, 4.0])
    state = (names * 2, ('position', 'velocity', 'velocity', 'position'), values)
    partial = (('a', 'b', 'b'), ('position', 'velocity', 'position'), values[:3])
    store = bag_messages.typestore()
    for ours, kind, theirs in (
        (bag_messages.joint_state(*partial, 7), JointState, joint_state(*partial, 7)),
        (bag_messages.joint_state(*state, 7), JointState, joint_state(*state, 7)),
        (
            bag_messages.joint_command(names, ('position', 'effort'), values[:2], 7),
            JointState,
            joint_state(names, ('position', 'effort'), values[:2], 7),
        ),
        (
            bag_messages.named_point(names, values[:2], 7),
            JointTrajectory,
            named_point(names, values[:2], 7, 'map'),
        ),
    ):
        data = bytes(store.serialize_cdr(ours, ours.__msgtype__))
        assert str(deserialize_message(data, kind)) == str(theirs)


def test_types_and_qualities_are_those_of_live_topics(recorded):
    with domain_id() as domain, Reader(recorded / 'noisy_0000') as reader:
        context = rclpy.Context()
        rclpy.init(context=context, domain_id=domain)
        node = rclpy.create_node('live', context=context)
        for connection in reader.connections:
            if connection.topic == '/tf':
                continue
            quality = OFFERED.get(connection.topic, RELIABLE)
            node.create_publisher(TYPES[connection.topic], connection.topic, quality)
            (live,) = node.get_publishers_info_by_topic(connection.topic)
            (offered,) = connection.ext.offered_qos_profiles
            assert connection.msgtype == live.topic_type
            assert connection.digest == str(live.topic_type_hash)
            for name in ('history', 'reliability', 'durability', 'liveliness'):
                ours, theirs = getattr(offered, name), getattr(live.qos_profile, name)
                assert ours.value == theirs.value or name == 'history', name
            assert offered.deadline == (9223372036, 854775807)
        node.destroy_node()
        context.shutdown()


def test_the_reader_of_the_format_itself_decodes_it(recorded, records):
    path = recorded / 'noisy_0000' / 'noisy_0000.mcap'
    with path.open('rb') as file:
        reader = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory()])
        assert reader.get_header().profile == 'ros2'
        summary = reader.get_summary()
        channels = {each.topic: each for each in summary.channels.values()}
        assert set(channels) == {*TYPES, '/tf'}
        for topic, channel in channels.items():
            policy = 'best_effort' if topic == '/imu' else 'reliable'
            assert f'reliability: {policy}' in channel.metadata['offered_qos_profiles']
        assert {s.encoding for s in summary.schemas.values()} == {'ros2msg'}
        assert summary.statistics.message_count == 5 * 300 + 6
        sent = [m.velocity for *_, m in reader.iter_decoded_messages('/command')]
    np.testing.assert_array_equal(sent, records[0].commands)


def test_a_whole_recording_is_kept_a_broken_one_written_anew_another_refused(
    plan, records, tmp_path
):
    bags, path = BagWriter(tmp_path), tmp_path / 'noisy_0001'
    bags.add(plan, records[1])
    (mcap,) = path.glob('*.mcap')
    whole, when = mcap.read_bytes(), mcap.stat().st_mtime_ns
    bags.add(plan, records[1])
    assert mcap.stat().st_mtime_ns == when
    (path / 'metadata.yaml').unlink()
    mcap.write_bytes(whole[:1000])
    bags.add(plan, records[1])
    assert mcap.read_bytes() == whole
    with pytest.raises(UserError, match=r'noisy_0001: is the recording of another episode'):
        bags.add(plan, replace(records[2], number=1))


@pytest.mark.slow
def test_rollout_writes_recordings_without_rclpy(tmp_path):
    code = (
        "import sys; sys.modules['rclpy'] = None; from pkan_control.cli.main import app; "
        "app(['rollout', 'drone_hover', '--episodes', '2', '--alone', '--bag', 'b'])"
    )
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / 'b').iterdir()) == ['calm_0000', 'calm_0001']
