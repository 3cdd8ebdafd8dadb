"""What states and goals travel as: nothing is lost, and joints go by name."""

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
from pkan_control.ros.nodes.transforms import Transforms

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
        (state_topic(ARM), 4), (state_topic(POLE), 4), (goal_topic(POLE), 1),
        (goal_topic(ARM), 6), (goal_topic(CAR), 3),
        (goal_topic(DroneLaw(moving=True)), 9), (goal_topic(DroneLaw()), 3),
    ],
    ids=['joints', 'pole', 'cart', 'moving point', 'by name', 'with acceleration', 'position'],
)  # fmt: skip
def test_every_bit_arrives(topic, count):
    @given(arrays(float, count, elements=FINITE), st.integers(0, 2**31 * 10**9 - 1))
    def check(values, stamp):
        message = topic.encode(values, stamp, FRAMES)
        assert isinstance(message, topic.message_type)
        sample = topic.read(message)
        assert sample.values.tobytes() == values.tobytes()
        assert sample.stamp_ns == stamp

    check()


def test_what_a_world_tells_beyond_the_joints_is_left_out():
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


def test_states_of_an_unknown_kind_are_refused(refused):
    with refused('depth_m', 'neither those of odometry nor of joints'):
        state_topic(SimpleNamespace(state_names=('depth_m',)))


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
    monkeypatch.setattr('pkan_control.ros.nodes.transforms.import_module', lambda name: fake)
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
