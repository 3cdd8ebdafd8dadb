"""Pick and place: the sequence, the block, the gripper, the score."""

from dataclasses import replace

import numpy as np
import pytest

from pkan_control.evaluation.rollouts.rollout import Plan, run_expert
from pkan_control.robots.arm import load_arm
from pkan_control.robots.kinematics import forward
from pkan_control.tasks.arm_pick_place import ABOVE_M, APART_M, HALF_M, arm_pick_place

ARMS = ('panda', 'xarm6')


@pytest.fixture(params=ARMS, scope='module')
def task(request):
    return arm_pick_place.with_arm(load_arm(request.param))


def test_the_network_is_a_planar_inverse(task):
    law = task.law
    assert len(law.observation) == 3
    assert len(law.output) == 13
    assert law.command.names == (*task.arm.names, task.arm.gripper.joint)
    assert law.goal_names[-2:] == ('yaw_rad', 'opening')


def test_sequences_begin_at_the_tool_go_to_the_block_and_end_over_its_place(task):
    for episode in range(5):
        state, way = task.start(0, episode), task.way(0, episode)
        here = forward(task.arm, state[: len(task.arm.joints)])
        block = state[-7:-4]
        np.testing.assert_allclose(way[0, :3], here[:3, 3], atol=1e-9)
        gripper = task.arm.gripper
        closing = np.flatnonzero(way[:, -1] == gripper.closed)[0]
        np.testing.assert_allclose(way[closing, :3], block, atol=1e-3)
        assert way[0, -1] == way[-1, -1] == gripper.opened
        assert way[-1, 2] == pytest.approx(ABOVE_M)
        assert np.linalg.norm(task.target(way) - block) > APART_M
        # No jump: neither of the place nor of the speed.
        assert np.abs(np.diff(way[:, :3], axis=0)).max() < 0.02
        assert np.abs(np.diff(way[:, 3:6], axis=0)).max() < 0.05


@pytest.mark.slow
def test_the_expert_carries_blocks_with_a_tool_that_points_down(task):
    records = run_expert(Plan(task, 2), lambda done: None)
    for record in records:
        assert record.score.success
        assert record.score.figures['lifted_m'] > 0.1
        pose = forward(task.arm, record.states[:, : len(task.arm.joints)])
        assert pose[90:, 2, 2].max() < -0.995


def test_an_arm_that_does_not_close_its_gripper_moves_no_block():
    task = arm_pick_place
    way = task.way(0, 0)
    states = np.tile(task.start(0, 0), (len(way), 1))
    score = task.score(states, way)
    assert not score.success
    assert score.figures['lifted_m'] == pytest.approx(0)
    states[-20:, -7:-4] = task.target(way) + np.array([0.0, 0.015, 0.0])
    assert task.score(states, way).success
    states[-20:, -5] = HALF_M + 0.02
    assert not task.score(states, way).success


def test_what_cannot_grip_is_refused(refused):
    bare = replace(load_arm('panda'), gripper=None)
    with refused('arm_pick_place', 'panda', 'no gripper'):
        arm_pick_place.with_arm(bare)
    with refused('cylindrical', 'kinematics'):
        arm_pick_place.with_split('cylindrical')
