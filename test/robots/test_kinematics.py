"""Forward maps and Jacobians, against PyBullet and against each other."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.robots.arm import load_arm, urdf_arm
from pkan_control.robots.kinematics import damped_inverse, first_joint_frame, forward, jacobian
from pkan_control.sim.bullet.arm_model import ArmModel
from pkan_control.sim.bullet.server import Bullet

ARMS = ('panda', 'xarm6')


def postures(arm, count: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(arm.low, arm.high, (count, len(arm.joints)))


@pytest.fixture(params=ARMS)
def arm(request):
    return load_arm(request.param)


def test_the_forward_map_and_the_jacobian_are_those_of_pybullet(arm):
    client = Bullet()
    model = ArmModel(client, arm)
    drawn = postures(arm, 50)
    # PyBullet knows the link, not the tool that may stand away from it.
    bare = urdf_arm(arm.name, arm.model, arm.link)
    poses, jacobians = forward(bare, drawn), jacobian(bare, drawn)
    moving = list(model.joints.values())
    for q, pose, rows in zip(drawn, poses, jacobians, strict=True):
        for name, value in zip(arm.names, q, strict=True):
            client.resetJointState(model.body, model.joints[name], value)
        link = client.getLinkState(model.body, model.tool, computeForwardKinematics=1)
        np.testing.assert_allclose(pose[:3, 3], link[4], atol=1e-6)
        turned = np.reshape(client.getMatrixFromQuaternion(link[5]), (3, 3))
        np.testing.assert_allclose(pose[:3, :3], turned, atol=1e-6)
        still = [0.0] * len(moving)
        there = [state[0] for state in client.getJointStates(model.body, moving)]
        found = np.vstack(
            client.calculateJacobian(model.body, model.tool, [0.0] * 3, there, still, still)
        )
        np.testing.assert_allclose(rows, found[:, : len(q)], atol=1e-6)
    client.disconnect()


def test_a_tool_stands_away_from_its_link_as_told():
    arm = load_arm('xarm6')
    drawn = postures(arm, 20)
    away = np.linalg.inv(forward(urdf_arm('bare', arm.model, arm.link), drawn))
    expected = np.eye(4)
    expected[2, 3] = 0.15
    np.testing.assert_allclose(
        away @ forward(arm, drawn), np.tile(expected, (20, 1, 1)), atol=1e-9
    )


def test_torch_computes_the_same(arm):
    q = postures(arm, 20)
    for function in (forward, jacobian, first_joint_frame):
        found = function(arm, torch.asarray(q))
        np.testing.assert_allclose(found.numpy(), function(arm, q), atol=1e-12)
        single = np.array([function(arm, each) for each in q])
        np.testing.assert_allclose(single, function(arm, q), atol=1e-12)


def test_the_jacobian_is_the_derivative_of_the_forward_map(tmp_path):
    path = tmp_path / 'mixed.urdf'
    limit = '<limit lower="-1" upper="1" velocity="1" effort="1"/>'
    joints = [
        f'<joint name="j{i}" type="{kind}"><parent link="l{i}"/><child link="l{i + 1}"/>'
        f'<origin xyz="0.1 0.2 {i}" rpy="0.3 {i} 0.1"/><axis xyz="0 {i} 1"/>{limit}</joint>'
        for i, kind in enumerate(('prismatic', 'revolute', 'prismatic', 'revolute'))
    ]
    path.write_text(f'<robot>{"".join(joints)}</robot>')
    arm, step = urdf_arm('mixed', str(path), 'l4'), 1e-6
    for q in postures(arm, 10):
        ahead, back = (forward(arm, q + sign * step * np.eye(4)) for sign in (1, -1))
        change = (ahead - back) / (2 * step)
        rows = jacobian(arm, q)
        np.testing.assert_allclose(rows[:3], change[:, :3, 3].T, atol=1e-8)
        spin = change[:, :3, :3] @ forward(arm, q)[:3, :3].T
        about = np.stack([spin[:, 2, 1], spin[:, 0, 2], spin[:, 1, 0]])
        np.testing.assert_allclose(rows[3:], about, atol=1e-8)


def test_the_jacobian_turns_with_the_first_joint(arm):
    q = postures(arm, 20)
    still = q * (np.arange(q.shape[1]) > 0)
    turned = first_joint_frame(arm, q)
    np.testing.assert_allclose(
        np.swapaxes(turned, -1, -2) @ jacobian(arm, q)[:, :3],
        jacobian(arm, still)[:, :3],
        atol=1e-12,
    )


@given(st.integers(0, 2**31), st.floats(1e-3, 0.5))
def test_a_damped_inverse_stays_small_and_is_exact_far_from_singularities(seed, damping):
    matrix = np.random.default_rng(seed).normal(size=(5, 3, 6))
    matrix[0, 1] = matrix[0, 0]
    inverse = damped_inverse(matrix, damping)
    assert np.linalg.norm(inverse, 2, axis=(1, 2)).max() <= 1 / (2 * damping) + 1e-9
    exact = damped_inverse(matrix[1:], 1e-9)
    np.testing.assert_allclose(
        matrix[1:] @ exact, np.broadcast_to(np.eye(3), (4, 3, 3)), atol=1e-6
    )
