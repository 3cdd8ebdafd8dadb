"""Standard topics: nothing is lost on the way, and joints are found by name."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, MultiDOFJointTrajectory

from pkan_control.control.laws.drone import MOVING_GOAL, STATE, DroneLaw
from pkan_control.ros.nodes.standard_topics import goal_topic, state_topic
from pkan_control.ros.nodes.subscriptions import Transforms
from pkan_control.ros.nodes.topics import Sample, StateInputs, Topic

FINITE = st.floats(allow_nan=False, allow_infinity=False)
FRAMES = ('map', 'base_link')
JOINTS = ('a_position', 'b_position', 'a_velocity', 'b_velocity')
ARM = SimpleNamespace(state_names=JOINTS, goal_names=MOVING_GOAL[:6])
POLE = SimpleNamespace(
    state_names=('cart_m', 'cart_m_s', 'pole_rad', 'pole_rad_s'), goal_names=('cart_m',)
)
CAR = SimpleNamespace(state_names=STATE, goal_names=('x_m', 'yaw_rad', 'speed_m_s'))


@pytest.mark.parametrize(
    ('topic', 'count'),
    [
        (state_topic(ARM), 4),
        (state_topic(POLE), 4),
        (goal_topic(POLE), 1),
        (goal_topic(ARM), 6),
        (goal_topic(CAR), 3),
        (goal_topic(DroneLaw(moving=True)), 9),
        (goal_topic(DroneLaw()), 3),
    ],
    ids=['joints', 'pole', 'cart', 'moving point', 'by name', 'with acceleration', 'position'],
)
def test_every_bit_arrives(topic, count):
    @given(arrays(float, count, elements=FINITE), st.integers(0, 2**31 * 10**9 - 1))
    def check(values, stamp):
        message = topic.encode(values, stamp, FRAMES)
        assert isinstance(message, topic.message_type)
        sample = topic.read(message)
        assert sample.values.tobytes() == values.tobytes()
        assert sample.stamp_ns == stamp

    check()


def test_numbers_of_a_world_beyond_the_joints_are_left_out():
    values = np.array([1.0, 2.0, 3.0, 4.0])
    message = state_topic(ARM).encode(np.append(values, [9.0, 9.0]), 1, FRAMES)
    assert state_topic(ARM).read(message).values.tobytes() == values.tobytes()
    assert list(message.name) == ['a', 'b']


@given(st.permutations(['a', 'b', 'gripper']))
def test_fault_10_joint_states_come_in_any_order_and_with_others_between(order):
    place = {'a': 1.0, 'b': 2.0, 'gripper': 9.0}
    message = JointState(
        name=order, position=[place[n] for n in order], velocity=[-place[n] for n in order]
    )
    np.testing.assert_array_equal(state_topic(ARM).read(message).values, [1.0, 2.0, -1.0, -2.0])


@pytest.mark.parametrize(
    ('message', 'words'),
    [
        (JointState(name=['a'], position=[1.0], velocity=[1.0]), "missing ['b']"),
        (JointState(name=['a', 'b'], position=[1.0, 2.0]), '2 names but 0 velocities'),
        (JointState(name=['a', 'b'], position=[1.0], velocity=[1.0, 2.0]), '2 names but 1 pos'),
        (JointState(name=['a', 'a'], position=[1.0] * 2, velocity=[1.0] * 2), 'twice'),
        (JointState(), "missing ['a', 'b']"),
    ],
)
def test_fault_09_joint_states_that_do_not_fit_are_refused_by_name(message, words):
    assert words in state_topic(ARM).read(message).values


def test_after_other_names_places_are_looked_up_anew():
    read = state_topic(ARM).read
    first = JointState(name=['a', 'b'], position=[1.0, 2.0], velocity=[3.0, 4.0])
    second = JointState(name=['b', 'a'], position=[2.0, 1.0], velocity=[4.0, 3.0])
    for message in (first, second, first):
        np.testing.assert_array_equal(read(message).values, [1.0, 2.0, 3.0, 4.0])


@pytest.mark.parametrize(
    ('law', 'message', 'words'),
    [
        (ARM, MultiDOFJointTrajectory(), 'no point'),
        (CAR, JointTrajectory(), 'no point'),
        (
            CAR,
            goal_topic(SimpleNamespace(goal_names=('x_m', 'yaw'))).encode(np.zeros(2), 1, FRAMES),
            "['speed_m_s', 'x_m', 'yaw_rad']",
        ),
        (
            DroneLaw(moving=True),
            goal_topic(ARM).encode(np.zeros(6), 1, FRAMES),
            'needs a position, a velocity, an acceleration',
        ),
    ],
)
def test_goals_that_do_not_fit_are_refused(law, message, words):
    assert words in goal_topic(law).read(message).values


def test_a_pole_on_a_cart_is_two_joints():
    message = state_topic(POLE).encode(np.array([1.0, 2.0, 3.0, 4.0]), 1, FRAMES)
    assert message.name == ['cart', 'pole']
    assert (list(message.position), list(message.velocity)) == ([1.0, 3.0], [2.0, 4.0])


BEAM = SimpleNamespace(state_names=('ball_m', 'beam_rad', 'ball_m_s', 'motor_effort'))


def test_a_robot_of_ones_own_is_joints_of_which_each_may_lack_a_field():
    values = np.array([1.0, 2.0, 3.0, 4.0])
    topic = state_topic(BEAM)
    message = topic.encode(values, 1, FRAMES)
    assert message.name == ['ball', 'beam', 'motor']
    np.testing.assert_array_equal(message.position, [1.0, 2.0, np.nan])
    np.testing.assert_array_equal(message.velocity, [3.0, np.nan, np.nan])
    np.testing.assert_array_equal(message.effort, [np.nan, np.nan, 4.0])
    np.testing.assert_array_equal(topic.read(message).values, values)


@pytest.mark.parametrize(
    ('names', 'words'),
    [
        (('depth_m', 'salinity'), ('state salinity', '_position', '_rad_s', 'mapping')),
        (STATE[:12], ('state qx', 'mapping')),
        (('_m',), ('state _m',)),
        (('a_m', 'a_position'), ('a_m, a_position', 'the same number')),
    ],
)
def test_states_that_are_no_joints_are_refused(refused, names, words):
    with refused(*words):
        state_topic(SimpleNamespace(state_names=names))


def test_a_state_is_assembled_from_its_topics_in_the_laws_order():
    topics = [Topic(name, JointState, lambda message: Sample(0, '', np.zeros(2))) for name in 'ab']
    inputs = StateInputs(topics, [[2, 0], [1, 3]], lambda state: 10 * state)
    inputs.keep(1, np.array([1.0, 2.0]))
    np.testing.assert_array_equal(inputs.state(np.array([3.0, 4.0])), [40.0, 10.0, 30.0, 20.0])
    np.testing.assert_array_equal(inputs.state(np.array([5.0, 6.0])), [60.0, 10.0, 50.0, 20.0])


def test_numbers_of_one_topic_out_of_order_are_put_in_order():
    topic = Topic('a', JointState, lambda message: Sample(0, '', np.zeros(2)))
    np.testing.assert_array_equal(StateInputs([topic], [[1, 0]]).state(np.array([1, 2])), [2, 1])
    values = np.array([1.0, 2.0])
    assert StateInputs.of(topic, 2).state(values) is values


QUARTER = SimpleNamespace(
    rotation=SimpleNamespace(x=0.0, y=0.0, z=np.sqrt(0.5), w=np.sqrt(0.5)),
    translation=SimpleNamespace(x=1.0, y=2.0, z=3.0),
)


class Buffer:
    """Knows one transform."""

    def lookup_transform(self, target, source, time):
        if (target, source) != ('map', 'odom'):
            raise LookupError(f'no {source}')
        return SimpleNamespace(transform=QUARTER)


@pytest.fixture
def tf(monkeypatch) -> Transforms:
    fake = SimpleNamespace(Buffer=Buffer, TransformListener=lambda buffer, node: None)
    monkeypatch.setattr('pkan_control.ros.nodes.subscriptions.import_module', lambda name: fake)
    return Transforms(None)


def test_a_goal_of_another_frame_is_moved_by_tf(tf):
    goal = np.array([1.0, 0.0, 0.0, 1.0, 0.0, 0.0])
    np.testing.assert_allclose(tf.into('map', 'odom', goal), [1, 3, 3, 0, 1, 0], atol=1e-12)
    assert tf.into('map', 'map', goal) is goal
    assert tf.into('map', '', goal) is goal
    assert 'no mars' in tf.into('map', 'mars', goal)
    assert 'only points' in tf.into('map', 'odom', np.zeros(4))


def test_without_tf2_ros_a_goal_of_another_frame_is_refused():
    reason = Transforms(None).into('map', 'odom', np.zeros(3))
    assert reason == 'it is in odom, the state in map, and tf2_ros is not installed'
