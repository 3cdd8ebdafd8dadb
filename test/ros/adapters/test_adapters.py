"""Messages of each adapter, for commands at the ends of their range and for the safe one."""

import math
from importlib.metadata import EntryPoint
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from laws import ARM, CAR, ODD, PUSHED, SERVOS

from pkan_control.common import registry
from pkan_control.control.action_types import ActionType, action_types_of
from pkan_control.control.laws.drone import DroneLaw
from pkan_control.robots.quadrotor import GRAVITY
from pkan_control.ros.adapters.adapter import Joints, open_adapter

DRONE = DroneLaw()
TOP = DRONE.airframe.max_speed
STAMP = 12_345_678_901
NONE = np.zeros(4)
FULL = np.full(4, TOP)
HOVER = np.full(4, DRONE.airframe.hover_speed)


def sent(name: str, law, command, joints: Joints | None = None) -> tuple:
    return open_adapter(name, law, joints).encode(np.asarray(command, dtype=float), STAMP)


def stamp_of(message) -> int:
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


@pytest.mark.parametrize(
    ('law', 'action_types'),
    [
        (DRONE, {ActionType.ROTOR_SPEEDS, ActionType.WRENCH}),
        (ARM, {ActionType.JOINT_VELOCITIES}),
        (SERVOS, {ActionType.JOINT_POSITIONS}),
        (PUSHED, {ActionType.JOINT_EFFORTS}),
        (ODD, {ActionType.MIXED}),
        (CAR, {ActionType.STEERING_AND_SPEED, ActionType.TWIST}),
    ],
)
def test_action_types_follow_from_the_units_of_a_command(law, action_types):
    assert action_types_of(law) == action_types


@pytest.mark.parametrize(
    ('name', 'law', 'words'),
    [
        ('wrench', ARM, ('wrench', 'joint velocities')),
        ('twist', DRONE, ('twist', 'rotor speeds')),
        ('float64_multi_array', CAR, ('joint velocities', 'steering and speed')),
        ('joint_trajectory', DRONE, ('joint positions', 'rotor speeds')),
        ('px4_motors', ARM, ('rotor speeds', 'joint velocities')),
        ('ackermann', SERVOS, ('steering and speed', 'joint positions')),
        ('pigeon', ARM, ("'pigeon'", 'joint_state', 'px4_setpoints')),
    ],
)
def test_an_adapter_refuses_what_it_does_not_take(fakes, refused, name, law, words):
    with refused('command_interface', *words):
        open_adapter(name, law)


@pytest.mark.parametrize(
    ('name', 'law', 'package'),
    [
        ('ackermann', CAR, 'ackermann_msgs'),
        ('actuators', DRONE, 'actuator_msgs'),
        ('px4_motors', DRONE, 'px4_msgs'),
        ('px4_setpoints', DRONE, 'px4_msgs'),
    ],
)
def test_a_package_that_is_missing_is_named(refused, name, law, package):
    with refused(f'command_interface {name}', f'{package} is not installed'):
        open_adapter(name, law)


@pytest.mark.parametrize(
    ('law', 'field'), [(ARM, 'velocity'), (SERVOS, 'position'), (PUSHED, 'effort')]
)
def test_numbers_go_by_name_into_the_array_of_their_unit(law, field):
    values = np.arange(1.0, len(law.command) + 1)
    (message,) = sent('joint_state', law, values)
    assert (tuple(message.name), stamp_of(message)) == (law.command.names, STAMP)
    np.testing.assert_array_equal(getattr(message, field), values)
    others = {'position', 'velocity', 'effort'} - {field}
    assert not any(len(getattr(message, other)) for other in others)


def test_where_action_types_mix_the_other_array_is_nan():
    (message,) = sent('joint_state', CAR, [0.1, 2.0])
    np.testing.assert_array_equal(message.position, [0.1, math.nan])
    np.testing.assert_array_equal(message.velocity, [math.nan, 2.0])


@given(st.permutations(range(3)), arrays(float, 3, elements=st.floats(-9, 9)))
def test_fault_10_names_signs_scales_and_offsets_keep_together_in_any_order(order, command):
    scale, offset = np.array([-1.0, 2.0, 0.5]), np.array([0.0, 0.1, -3.0])
    names = ('a', 'b', 'c')
    place = list(order)
    joints = Joints(
        tuple(names[i] for i in place),
        ('velocity',) * 3,
        tuple(place),
        scale[place],
        offset[place],
    )
    wanted = {n: scale[i] * command[i] + offset[i] for i, n in enumerate(names)}
    (state,) = sent('joint_state', ARM, command, joints)
    assert dict(zip(state.name, state.velocity, strict=True)) == wanted
    (bare,) = sent('float64_multi_array', ARM, command, joints)
    assert list(bare.data) == [wanted[names[i]] for i in place]
    (trajectory,) = sent('joint_trajectory', ARM, command, joints)
    point = trajectory.points[0]
    assert dict(zip(trajectory.joint_names, point.velocities, strict=True)) == wanted


def test_a_trajectory_has_one_point_a_period_ahead():
    (message,) = sent('joint_trajectory', SERVOS, [0.5, -0.5])
    (point,) = message.points
    assert list(point.positions) == [0.5, -0.5]
    assert (len(point.velocities), point.time_from_start.nanosec) == (0, 20_000_000)
    (message,) = sent('joint_trajectory', PUSHED, [3.0])
    assert list(message.points[0].effort) == [3.0]


def test_a_hovering_drone_is_a_wrench_that_carries_it():
    (message,) = sent('wrench', DRONE, HOVER)
    wrench = message.wrench
    assert wrench.force.z == pytest.approx(DRONE.airframe.mass * GRAVITY)
    torques = [wrench.torque.x, wrench.torque.y, wrench.torque.z, wrench.force.x, wrench.force.y]
    np.testing.assert_allclose(torques, 0, atol=1e-12)
    assert (message.header.frame_id, stamp_of(message)) == ('base_link', STAMP)


def test_a_car_turns_as_its_steering_makes_it():
    (message,) = sent('twist', CAR, [0.3, 2.0])
    assert message.twist.linear.x == 2.0
    assert message.twist.angular.z == pytest.approx(2.0 * math.tan(0.3) / 0.325)


def test_ackermann_and_actuators(fakes):
    (message,) = sent('ackermann', CAR, [-0.2, 1.5])
    assert (message.drive.steering_angle, message.drive.speed) == (-0.2, 1.5)
    (message,) = sent('actuators', DRONE, HOVER)
    assert message.velocity == HOVER.tolist()
    (message,) = sent('actuators', SERVOS, [0.1, 0.2])
    assert (message.position, message.velocity) == ([0.1, 0.2], [])


@pytest.mark.parametrize(
    ('command', 'share'),
    [(NONE, 0.0), (FULL, 1.0), (FULL / 2, 0.25)],
    ids=['rest', 'full', 'half'],
)
def test_fault_32_px4_motors_are_shares_of_thrust_and_never_disarmed(fakes, command, share):
    motors, mode = sent('px4_motors', DRONE, command)
    np.testing.assert_allclose(motors.control[:4], share, rtol=1e-6)
    assert np.isnan(motors.control[4:]).all()
    assert motors.timestamp == mode.timestamp == STAMP // 1000
    assert mode.direct_actuator
    assert not any((mode.position, mode.velocity, mode.attitude, mode.body_rate))


def test_fault_32_px4_setpoints_go_from_none_to_all(fakes):
    thrust, torque, mode = sent('px4_setpoints', DRONE, FULL)
    np.testing.assert_allclose(thrust.xyz, [0, 0, -1], atol=1e-6)
    np.testing.assert_allclose(torque.xyz, 0, atol=1e-6)
    assert mode.thrust_and_torque
    # Rotors on the left alone push the body to the right: it rolls about +x in both frames.
    thrust, torque, _ = sent('px4_setpoints', DRONE, [0, 0, TOP, TOP])
    np.testing.assert_allclose(thrust.xyz, [0, 0, -0.5], atol=1e-6)
    assert torque.xyz[0] == pytest.approx(1.0)
    # Rotors in front alone lift the nose: -y in FLU, +y in FRD.
    _, torque, _ = sent('px4_setpoints', DRONE, [TOP, 0, 0, TOP])
    assert torque.xyz[1] == pytest.approx(1.0)


SAFE = [
    ('joint_state', DRONE, lambda m: list(m[0].velocity), [0.0] * 4),
    ('float64_multi_array', DRONE, lambda m: list(m[0].data), [0.0] * 4),
    ('float64_multi_array', ARM, lambda m: list(m[0].data), [0.0] * 3),
    ('joint_state', ARM, lambda m: list(m[0].velocity), [0.0] * 3),
    ('joint_trajectory', ARM, lambda m: list(m[0].points[0].velocities), [0.0] * 3),
    ('wrench', DRONE, lambda m: [m[0].wrench.force.z, m[0].wrench.torque.x], [0.0, 0.0]),
    ('twist', CAR, lambda m: [m[0].twist.linear.x, m[0].twist.angular.z], [0.0, 0.0]),
    ('ackermann', CAR, lambda m: [m[0].drive.speed], [0.0]),
    ('actuators', DRONE, lambda m: m[0].velocity, [0.0] * 4),
    ('px4_motors', DRONE, lambda m: m[0].control[:4].tolist(), [0.0] * 4),
    ('px4_setpoints', DRONE, lambda m: [*m[0].xyz, *m[1].xyz], [0.0] * 6),
]


@pytest.mark.parametrize(('name', 'law', 'read', 'safe'), SAFE)
def test_fault_33_the_safe_command_of_each_interface(fakes, name, law, read, safe):
    command = law.safe_command() if law is DRONE else np.zeros(len(law.command))
    np.testing.assert_allclose(read(sent(name, law, command)), safe, atol=0)


@pytest.mark.parametrize('name', ['wrench', 'px4_motors', 'px4_setpoints'])
def test_what_has_no_joints_refuses_their_names(fakes, refused, name):
    with refused('no joints whose names could be mapped'):
        open_adapter(name, DRONE, Joints.of(DRONE))


def test_an_adapter_of_a_users_own_is_found(monkeypatch):
    class Own:
        action_types = frozenset({ActionType.ROTOR_SPEEDS})
        named = False
        outputs: ClassVar = {'command': object}

        def __init__(self, law, joints):
            self.law = law

    entry = EntryPoint('own', 'nowhere:Own', 'pkan_control.adapters')
    monkeypatch.setattr(EntryPoint, 'load', lambda self: Own)
    monkeypatch.setattr(registry, 'entry_points', lambda group: [entry])
    assert open_adapter('own', DRONE).law is DRONE
