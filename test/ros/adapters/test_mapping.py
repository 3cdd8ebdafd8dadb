"""Mappings: bindings, refusals, and the examples on synthetic messages."""

import numpy as np
import pytest
import yaml
from geometry_msgs.msg import PoseStamped, Twist
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from laws import ARM
from nav_msgs.msg import Odometry
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import Imu, JointState
from trajectory_msgs.msg import MultiDOFJointTrajectory, MultiDOFJointTrajectoryPoint

from pkan_control.common.rotations import matrix, to_world
from pkan_control.common.yaml_files import shipped_files
from pkan_control.control.laws.drone import STATE, DroneLaw
from pkan_control.control.mapping import load_mapping
from pkan_control.ros.adapters.px4 import frd_from_flu, ned_from_enu, px4_from_ros, ros_from_px4
from pkan_control.ros.nodes.mapped_topics import mapped_goal, mapped_states
from pkan_control.ros.nodes.wiring import make_wiring

DRONE = DroneLaw()
NUMBERS = st.floats(-100, 100)


def random_state(seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    state = draw.normal(size=13)
    state[3:7] /= np.linalg.norm(state[3:7])
    return state


def values(mapping: str) -> dict[str, str]:
    return {'mapping': mapping, 'command_interface': 'joint_state'}


@pytest.mark.parametrize('seed', range(5))
def test_attitudes_of_px4_turn_the_same_vectors(seed):
    state = random_state(seed)
    w, x, y, z = px4_from_ros(state[3:7])
    theirs = Rotation.from_quat([x, y, z, w])
    ours = Rotation.from_quat(state[3:7])
    vector = np.random.default_rng(seed).normal(size=3)
    np.testing.assert_allclose(
        theirs.apply(frd_from_flu(vector)), ned_from_enu(ours.apply(vector)), atol=1e-12
    )
    np.testing.assert_allclose(ros_from_px4(px4_from_ros(state[3:7])), state[3:7])


@given(arrays(float, 3, elements=NUMBERS))
def test_conversions_of_vectors_are_their_own_inverses(vector):
    for convert in (frd_from_flu, ned_from_enu):
        np.testing.assert_array_equal(convert(convert(vector)), vector)


@pytest.mark.parametrize('seed', range(3))
def test_the_px4_example_gives_the_state_that_px4_publishes(fakes, seed):
    state, mapping = random_state(seed), load_mapping('px4')
    inputs = mapped_states(mapping, DRONE)
    (source,) = inputs.topics
    message = source.message_type()
    message.timestamp = 1_234_567
    message.position = ned_from_enu(state[:3])
    message.q = px4_from_ros(state[3:7])
    message.velocity = ned_from_enu(to_world(matrix(state[3:7]), state[7:10]))
    message.angular_velocity = frd_from_flu(state[10:13])
    assert source.read(message).stamp_ns == 1_234_567_000
    np.testing.assert_allclose(inputs.state(source.read(message).values), state, atol=1e-12)
    wiring = make_wiring(DRONE, values('px4'))
    assert list(wiring.adapter.outputs) == [
        '/fmu/in/actuator_motors',
        '/fmu/in/offboard_control_mode',
    ]
    assert wiring.goal.name == 'goal_pose'


def write(message, names: str, numbers) -> None:
    for name, number in zip(names, numbers.tolist(), strict=True):
        setattr(message, name, number)


def test_the_ros2_control_example_puts_a_state_together_and_orders_the_rotors():
    state, wiring = random_state(1), make_wiring(DRONE, values('ros2_control'))
    first, second = wiring.states.topics
    imu, odometry = Imu(), Odometry()
    write(imu.orientation, 'xyzw', state[3:7])
    write(imu.angular_velocity, 'xyz', state[10:13])
    write(odometry.pose.pose.position, 'xyz', state[:3])
    write(odometry.twist.twist.linear, 'xyz', state[7:10])
    wiring.states.keep(1, second.read(odometry).values)
    found = wiring.states.state(first.read(imu).values)
    np.testing.assert_array_equal(found, state)
    assert (first.max_age_s, second.max_age_s) == (None, 0.1)
    # The state's frame is that of the position, not of the sensor.
    imu.header.frame_id, odometry.header.frame_id = 'imu_link', 'map'
    assert (first.read(imu).frame, second.read(odometry).frame) == ('', 'map')
    (message,) = wiring.adapter.encode(np.array([1.0, 2.0, 3.0, 4.0]), 1)
    assert list(message.data) == [4.0, -1.0, -3.0, 2.0]
    assert wiring.command_topic == 'rotor_velocity_controller/commands'
    goal = PoseStamped()
    write(goal.pose.position, 'xyz', np.array([7.0, 8.0, 9.0]))
    np.testing.assert_array_equal(wiring.goal.read(goal).values, [7, 8, 9])


def test_every_example_ships_with_a_description():
    examples = shipped_files('examples')
    assert set(examples) == {'px4', 'ros2_control'}
    for path in examples.values():
        assert len(yaml.safe_load(path.read_text())['text']) > 20


JOINTS = """
inputs:
  - topic: joint_states
    type: sensor_msgs/msg/JointState
    terms:
      a_position: {joint: left, field: position, scale: -2.0, offset: 0.5}
      a_velocity: {joint: left, field: velocity, scale: -2.0}
goal:
  topic: target
  type: geometry_msgs/msg/PointStamped
  terms: {x_m: point.y, y_m: {field: point.x, scale: -1.0}, z_m: {field: point.z, offset: 1.0}}
"""
A = '    terms:\n      a'


class Joint:
    """A law of one joint."""

    name, rate_hz = 'one joint', 50.0
    state_names = ('a_position', 'a_velocity')
    goal_names = ('x_m', 'y_m', 'z_m')
    command = ARM.command


@pytest.fixture
def mapping(tmp_path):
    """Return a function that loads a mapping of a text."""

    def load(text: str):
        path = tmp_path / 'mine.yaml'
        path.write_text(text)
        return load_mapping(str(path))

    return load


def test_joints_are_read_by_name_with_sign_and_offset(mapping):
    loaded = mapping(JOINTS)
    loaded.check(Joint)
    inputs = mapped_states(loaded, Joint)
    (source,) = inputs.topics
    message = JointState(name=['right', 'left'], position=[9.0, 1.0], velocity=[9.0, -3.0])
    np.testing.assert_array_equal(inputs.state(source.read(message).values), [-1.5, 6.0])
    goal = mapped_goal(loaded, Joint)
    point = goal.message_type()
    write(point.point, 'xyz', np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(goal.read(point).values, [2.0, -1.0, 4.0])


@pytest.mark.parametrize(
    'message',
    [
        JointState(name=['right'], position=[1.0], velocity=[1.0]),
        JointState(name=['left'], position=[1.0]),
        JointState(name=['left', 'left'], position=[1.0, 2.0], velocity=[1.0, 2.0]),
        JointState(),
    ],
)
def test_fault_09_a_joint_that_is_missing_is_named_and_never_zero(mapping, message):
    (source,) = mapped_states(mapping(JOINTS), Joint).topics
    assert 'joint left' in source.read(message).values


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (('a_velocity: {', 'b_velocity: {'), ("missing ['a_velocity']", "unknown ['b_velocity']")),
        (('      a_velocity', '      extra: x\n      a_velocity'), ("unknown ['extra']",)),
        (
            ('scale: -2.0}', 'scale: 0}'),
            ("inputs[0].terms['a_velocity'].scale: 0.0 must not be 0",),
        ),
        (('scale: -2.0}', 'scale: .inf}'), ('scale: must be finite, not inf',)),
        (('scale: -2.0}', 'sclae: 1}'), ("'sclae'", 'scale')),
        (('sensor_msgs/msg/JointState', 'sensor_msgs/JointState'), ('PACKAGE/msg/NAME',)),
        (('sensor_msgs/msg/JointState', 'other_msgs/msg/Odd'), ('other_msgs is not installed',)),
        (('sensor_msgs/msg/JointState', 'sensor_msgs/msg/Odd'), ('no message Odd',)),
        (('point.x', 'point.w'), ('target', 'w')),
        (('point.x', '__class__'), ('__class__',)),
        (('inputs:', 'inptus:'), ("'inptus'", 'inputs')),
        (('goal:', 'goal: 5\nx:'), ('goal',)),
        ((A, f'    vectors: {{speed: {{field: v, frame: flu}}}}\n{A}'), ("'speed'", 'velocity')),
        ((A, f'    vectors: {{rate: {{field: v, frame: ned}}}}\n{A}'), ("'ned'", 'flu')),
        ((A, f'    stamp: {{field: t, unit: h}}\n{A}'), ("'h'",)),
        (('field: position, scale', 'field: positoin, scale'), ('joint_states', 'positoin')),
        (('field: position, scale', 'field: header, scale'), ('joint_states', 'Header')),
        (('point.x', 'header'), ('target', 'Header')),
        (('PointStamped', 'PoseStamped'), ('target', "'point'")),
        ((A, f'    max_age: 0.1\n{A}'), ('joint_states', 'state_timeout')),
        (('  topic: target', '  topic: target\n  max_age: 1'), ('target', 'setpoint_timeout')),
    ],
)
def test_what_does_not_fit_is_refused_and_named(mapping, refused, change, words):
    text = JOINTS.replace(*change)
    assert text != JOINTS
    with refused(*words):
        loaded = mapping(text)
        loaded.check(Joint)
        mapped_states(loaded, Joint)
        mapped_goal(loaded, Joint)


ROVER = """
inputs:
  - topic: fix
    type: nav_msgs/msg/Odometry
    stamp: {field: twist.twist.angular.x, unit: s}
    vectors:
      velocity: {field: twist.twist.linear, frame: enu}
      attitude: {field: pose.pose.orientation, frame: enu_flu}
"""


class Rover(Joint):
    """A law of a user's own whose state has the vectors of a drone elsewhere."""

    state_names = (*STATE[7:10], *STATE[3:7])
    goal_names = ()


def test_a_velocity_in_the_world_is_rotated_wherever_it_stands_in_the_state(mapping):
    loaded, state = mapping(ROVER), random_state(3)
    loaded.check(Rover)
    inputs = mapped_states(loaded, Rover)
    (topic,) = inputs.topics
    message = Odometry()
    write(message.pose.pose.orientation, 'xyzw', state[3:7])
    write(message.twist.twist.linear, 'xyz', to_world(matrix(state[3:7]), state[7:10]))
    message.twist.twist.angular.x = 2.5
    sample = topic.read(message)
    assert sample.stamp_ns == 2_500_000_000
    expected = np.concatenate([state[7:10], state[3:7]])
    np.testing.assert_allclose(inputs.state(sample.values), expected, atol=1e-12)


@pytest.mark.parametrize(
    ('field', 'words'),
    [
        ('twist.twist', ('fix', 'Twist')),
        ('child_frame_id.x', ('fix', "'x'")),
        ('pose.pose.nothing', ('fix', "'nothing'")),
    ],
)
def test_a_field_that_is_no_vector_is_refused_at_configure(mapping, refused, field, words):
    text = ROVER.replace('twist.twist.linear', field)
    with refused(*words):
        mapped_states(mapping(text), Rover)


PATH = """
inputs:
  - topic: plan
    type: trajectory_msgs/msg/MultiDOFJointTrajectory
    vectors:
      velocity: {field: 'points[0].velocities[0].linear', frame: flu}
      attitude: {field: 'points[0].nothing', frame: enu_flu}
"""


def test_a_field_that_no_empty_message_has_is_refused_with_each_message(mapping):
    (topic,) = mapped_states(mapping(PATH), Rover).topics
    message = MultiDOFJointTrajectory()
    assert isinstance(topic.read(message).values, str)
    message.points = [MultiDOFJointTrajectoryPoint(velocities=[Twist()])]
    assert "'nothing'" in topic.read(message).values


@pytest.mark.parametrize('stamp', [np.nan, np.inf])
def test_a_stamp_that_is_no_time_makes_a_message_useless_and_stops_nothing(mapping, stamp):
    (topic,) = mapped_states(mapping(ROVER), Rover).topics
    message = Odometry()
    message.twist.twist.angular.x = stamp
    assert isinstance(topic.read(message).values, str)


def test_a_velocity_in_the_world_needs_an_attitude(mapping, refused):
    text = ROVER[: ROVER.index('      attitude')]
    law = type('Law', (Rover,), {'state_names': STATE[7:10]})
    with refused('world frame', 'attitude'):
        mapped_states(mapping(text), law)


@pytest.mark.parametrize('text', ['', '5', '- a', 'inputs: 5', 'inputs: [5]', 'command: []'])
def test_what_is_no_mapping_is_refused(mapping, refused, text):
    with refused('mapping'):
        mapping(text)


def test_an_example_for_another_robot_is_refused(refused):
    with refused('mapping ros2_control', "missing ['a_position', 'a_velocity']"):
        make_wiring(Joint, values('ros2_control'))
