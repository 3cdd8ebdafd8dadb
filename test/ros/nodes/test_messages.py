"""Between messages and arrays nothing is lost, mixed up, or guessed."""

import math

import numpy as np
import pytest
from geometry_msgs.msg import PoseStamped
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sensor_msgs.msg import JointState

from pkan_control.common.message_fields import JointReader, drone_state, goal_position, to_ns
from pkan_control.ros.nodes.messages import goal_pose, joint_state, odometry, to_time

FINITE = st.floats(allow_nan=False, allow_infinity=False)
STAMPS = st.integers(0, 2**31 * 10**9 - 1)
ROTORS = ('rotor_1', 'rotor_2', 'rotor_3', 'rotor_4')
SPEEDS = ('velocity',) * 4
UNIT = np.array([0.1, -0.5, 0.7, 0.5])


@given(STAMPS)
def test_stamps_keep_every_nanosecond(stamp):
    time = to_time(stamp)
    assert 0 <= time.nanosec < 10**9
    assert to_ns(time) == stamp


@given(arrays(np.float64, 13, elements=FINITE), STAMPS)
def test_states_keep_every_bit(state, stamp):
    state[3:7] = UNIT
    message = odometry(state, stamp, 'map', 'base_link')
    assert drone_state(message).tobytes() == state.tobytes()
    assert to_ns(message.header.stamp) == stamp


def test_every_number_of_a_state_has_its_place():
    state = np.arange(13.0)
    message = odometry(state, 1, 'map', 'base_link')
    assert (message.header.frame_id, message.child_frame_id) == ('map', 'base_link')
    pose, twist = message.pose.pose, message.twist.twist
    assert (pose.position.z, pose.orientation.x, pose.orientation.w) == (2, 3, 6)
    assert (twist.linear.x, twist.angular.z) == (7, 12)


@pytest.mark.parametrize(
    'quaternion',
    [(0, 0, 0, 0), (0, 0, 0, 1.0011), (0, 0, 0, 0.9989), (math.nan, 0, 0, 1), (0, 0, math.inf, 1)],
)
def test_an_attitude_that_is_no_rotation_is_not_a_number(quaternion):
    state = np.zeros(13)
    state[3:7] = quaternion
    assert np.isnan(drone_state(odometry(state, 1, '', ''))).all()


def test_a_quaternion_that_was_rounded_is_taken():
    state = np.zeros(13)
    state[3:7] = 0, 0, 0, 1.0009
    assert drone_state(odometry(state, 1, '', ''))[6] == 1.0009


@given(arrays(np.float64, 3, elements=FINITE), STAMPS)
def test_goals_keep_every_bit(goal, stamp):
    message = goal_pose(goal, stamp, 'map')
    assert goal_position(message).tobytes() == goal.tobytes()
    assert (message.header.frame_id, message.pose.orientation.w) == ('map', 1)
    assert to_ns(message.header.stamp) == stamp


def test_the_position_of_a_goal_may_be_anything():
    assert goal_position(PoseStamped()).tolist() == [0, 0, 0]


@given(arrays(np.float64, 4, elements=FINITE), st.permutations(range(4)))
def test_fault_10_commands_go_by_name_in_whatever_order(command, order):
    message = joint_state([ROTORS[i] for i in order], SPEEDS, command[list(order)], 5)
    assert JointReader(ROTORS, SPEEDS, exact=True)(message).tobytes() == command.tobytes()
    assert to_ns(message.header.stamp) == 5


@pytest.mark.parametrize(
    ('names', 'velocities', 'reason'),
    [
        (ROTORS[:3], [1, 2, 3], "missing ['rotor_4'], unknown []"),
        ((*ROTORS, 'wing'), [1, 2, 3, 4, 5], "missing [], unknown ['wing']"),
        ((*ROTORS[:3], 'wing'), [1, 2, 3, 4], "missing ['rotor_4'], unknown ['wing']"),
        ((*ROTORS[:3], 'rotor_1'), [1, 2, 3, 4], 'a name appears twice'),
        (ROTORS, [1, 2, 3], '4 names but 3 velocities'),
        (ROTORS[:3], [1, 2, 3, 4], '3 names but 4 velocities'),
        ((), [], f'missing {sorted(ROTORS)}, unknown []'),
    ],
)
def test_fault_09_names_that_do_not_fit_are_refused_and_named(names, velocities, reason):
    message = JointState(name=list(names), velocity=[float(v) for v in velocities])
    assert JointReader(ROTORS, SPEEDS, exact=True)(message) == reason
