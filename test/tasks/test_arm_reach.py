"""The reaching task: starts, goals, score, expert, other arms and splits."""

import numpy as np
import pytest

from pkan_control.evaluation.rollouts.rollout import Plan, run_expert
from pkan_control.robots.arm import load_arm, urdf_arm
from pkan_control.sim.scenarios import scenario_from
from pkan_control.tasks.arm_reach import TOLERANCE_M, arm_reach
from pkan_control.tasks.arm_task import LOWEST_M
from pkan_control.tasks.options import ArmChoice, configured
from pkan_control.tasks.task import find_task

TASKS = [
    arm_reach,
    arm_reach.with_split('cylindrical'),
    arm_reach.with_arm(load_arm('xarm6')),
    arm_reach.with_arm(load_arm('panda_torque')),
]


def silent(done: int) -> None:
    """Say nothing."""


def test_it_is_found_and_its_episodes_depend_on_the_seed_alone():
    task = find_task('arm_reach')
    np.testing.assert_array_equal(task.start(3, 4), arm_reach.start(3, 4))
    assert (task.start(3, 4) != task.start(3, 5)).any()
    assert (task.goal(3, 4, 0) == task.goal(3, 4, 200)).all()
    assert (task.goal(3, 4, 0) != task.goal(4, 4, 0)).any()


@pytest.mark.parametrize('task', TASKS)
def test_starts_are_within_limits_and_goals_above_the_floor(task):
    starts = np.array([task.start(0, i) for i in range(100)])
    count = len(task.arm.joints)
    assert ((starts[:, :count] > task.arm.low) & (starts[:, :count] < task.arm.high)).all()
    assert (starts[:, count:] == 0).all()
    goals = np.array([task.goal(0, i, 0) for i in range(100)])
    assert goals[:, 2].min() > LOWEST_M
    # Wide: half a metre and more from side to side, and a fifth up and down.
    assert np.ptp(goals[:, 1]) > 0.5
    assert np.ptp(goals[:, 2]) > 0.2


@pytest.mark.parametrize('task', TASKS)
@pytest.mark.parametrize('effects', [{}, {'payload_kg': 1.0, 'joint_noise_rad': 0.005}])
def test_the_expert_reaches_every_goal(task, effects):
    scenario = scenario_from('test', {'text': 'test', 'arm': effects})
    records = run_expert(Plan(task, 3, 0, scenario), silent)
    assert all(record.score.success for record in records)
    assert max(record.score.figures['tool_error_m'] for record in records) < 0.003


def test_the_score_is_the_true_distance_of_the_tool_over_the_last_half_second():
    states = np.tile(arm_reach.start(0, 0), (241, 1))
    goal = arm_reach.position(states[0]) + np.array([0.0, 0.0, 0.004])
    goals = np.tile(goal, (241, 1))
    score = arm_reach.score(states, goals)
    assert score.success
    assert score.figures['tool_error_m'] == pytest.approx(0.004)
    assert score.figures['settling_time_s'] == 0
    assert arm_reach.reward(states[0], goal) == pytest.approx(0.996)
    goals[-30:] += [0.0, TOLERANCE_M, 0.0]
    score = arm_reach.score(states, goals)
    assert not score.success
    assert score.figures['settling_time_s'] == np.inf
    goals[:-30] += 1.0
    goals[-30:] = goal
    assert arm_reach.score(states, goals).figures['settling_time_s'] == pytest.approx(211 / 60)


def test_options_choose_arm_and_split(refused):
    task = configured('arm_reach', arm=ArmChoice('xarm6'), split='cylindrical')
    assert (task.arm.name, task.law.name) == ('xarm6', 'cylindrical')
    again = configured('arm_reach', law=task.law)
    assert again.law == task.law
    torque = configured('arm_reach', law=arm_reach.law, arm=ArmChoice('panda_torque'))
    assert torque.law.arm.drive == 'torque'
    with refused('made for arm panda', 'xarm6'):
        configured('arm_reach', law=arm_reach.law, arm=ArmChoice('xarm6'))
    with refused('drone_hover', 'not a task of an arm'):
        configured('drone_hover', arm=ArmChoice('panda'))
    with refused('drone_hover', 'no split'):
        configured('drone_hover', split='kinematics')
    with refused("'polar'", 'cylindrical, kinematics'):
        configured('arm_reach', split='polar')
    with refused('--tip'):
        ArmChoice(urdf='x.urdf')
    with refused('--robot', '--urdf'):
        ArmChoice('panda', 'x.urdf', 'tip')


def test_an_arm_that_hardly_leaves_the_floor_is_refused(tmp_path, refused):
    path = tmp_path / 'flat.urdf'
    limit = '<limit lower="-1" upper="1" velocity="1" effort="1"/>'
    joints = [
        f'<joint name="j{i}" type="revolute"><parent link="l{i}"/><child link="l{i + 1}"/>'
        f'<origin xyz="0.3 0 0"/><axis xyz="0 0 1"/>{limit}</joint>'
        for i in range(3)
    ]
    path.write_text(f'<robot>{"".join(joints)}</robot>')
    task = arm_reach.with_arm(urdf_arm('flat', str(path), 'l3'))
    with refused('flat', 'above 0.1 m'):
        task.goal(0, 0, 0)
