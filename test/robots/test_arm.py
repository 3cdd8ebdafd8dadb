"""Arms: those that ship, those of a file, and what is refused."""

import json
import math
from dataclasses import asdict, replace

import pytest

from pkan_control.common.yaml_files import shipped_files
from pkan_control.robots.arm import arm_from, load_arm


@pytest.mark.parametrize('name', sorted(shipped_files('arms')))
def test_an_arm_that_ships_is_the_same_after_json(name):
    arm = load_arm(name)
    assert arm_from(json.loads(json.dumps(asdict(arm)))) == arm
    assert arm.file.exists()
    assert ((arm.low < arm.home) & (arm.home < arm.high)).all()
    assert (arm.velocity > 0).all()


def test_the_panda_has_the_limits_of_its_file():
    arm = load_arm('panda')
    assert len(arm.joints) == 7
    assert arm.velocity.tolist() == [2.175] * 4 + [2.61] * 3
    assert arm.low[3] == -3.1416
    assert arm.acceleration[1] == 7.5


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('[]', ['must be a mapping of model, tip, offset']),
        ('model: x.urdf', ['tip: is missing']),
        ('{model: nowhere.urdf, tip: t}', ['nowhere.urdf', 'No such file']),
        ('{model: pybullet_data/franka_panda/panda.urdf, tip: hand}', ["'hand'", 'panda_hand']),
        (
            '{model: pybullet_data/xarm/xarm6_robot.urdf, tip: link6, home: [0]}',
            ['home'],
        ),
        (
            '{model: pybullet_data/xarm/xarm6_robot.urdf, tip: link6, colour: red}',
            ['colour'],
        ),
        (
            '{model: pybullet_data/xarm/xarm6_robot.urdf, tip: link6, drive: hand}',
            ['drive'],
        ),
        (
            '{model: pybullet_data/xarm/xarm6_robot.urdf, tip: link6, acceleration: [1, 2]}',
            ['2 numbers for 6 joints'],
        ),
    ],
)
def test_files_that_are_no_arm_are_refused(tmp_path, refused, text, words):
    path = tmp_path / 'mine.yaml'
    path.write_text(text)
    with refused('robot', *words):
        load_arm(str(path))


def test_an_unknown_name_lists_those_that_ship(refused):
    with refused("'puma'", 'panda', 'xarm6', 'FILE.yaml'):
        load_arm('puma')


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        (
            {'home': (9.0,) * 7},
            'home: 9.0 is outside of the limits of joint panda_joint1, -2.9671',
        ),
        ({'home': (0.0,) * 6}, 'home: 6 numbers for 7 joints'),
        ({'drive': 'muscle'}, "drive: must be one of velocity, torque, not 'muscle'"),
        ({'joints': (), 'home': ()}, 'joints: an arm needs one'),
        ({'tool': (1.0,) * 12}, 'tool: the upper left 3 by 3 numbers must be a rotation'),
        ({'tool': (1.0,) * 11}, 'tool: must have 12 values, not 11'),
        ({'tool': (math.nan,) * 12}, 'tool[0]: must be finite, not nan'),
    ],
)
def test_an_arm_that_cannot_exist_is_refused(refused, changes, words):
    with refused(words):
        replace(load_arm('panda'), **changes)


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'lower': 1.0, 'upper': -1.0}, 'lower limit 1.0 is not below the upper, -1.0'),
        ({'lower': 1.0, 'upper': 1.0}, 'lower limit 1.0 is not below the upper, 1.0'),
        ({'velocity': 0.0}, 'velocity: must be positive and finite, not 0.0'),
        ({'acceleration': math.inf}, 'acceleration: must be positive and finite, not inf'),
        ({'axis': (0.0, 0.0, 2.0)}, 'axis (0.0, 0.0, 2.0) must have length 1'),
        ({'origin': (1e200,) * 12}, 'origin: the upper left 3 by 3 numbers must be a rotation'),
    ],
)
def test_a_joint_that_cannot_move_is_refused(refused, changes, words):
    with refused('joint panda_joint1: ', words):
        replace(load_arm('panda').joints[0], **changes)


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'closed': 0.04}, 'closed: 0.04 is also the position of the opened gripper'),
        ({'effort': -1.0}, 'effort: must be positive and finite, not -1.0'),
        ({'down': (0.0,)}, 'gripper.down: 1 numbers for 7 joints'),
        ({'down': (9.0,) * 7}, 'gripper.down: 9.0 is outside of the limits of joint panda_joint1'),
        ({'held': ('elbow',)}, 'gripper.held: must be of panda_joint1, '),
    ],
)
def test_a_gripper_that_cannot_grip_is_refused(refused, changes, words):
    arm = load_arm('panda')
    with refused(words):
        replace(arm, gripper=replace(arm.gripper, **changes))


def test_two_joints_of_one_name_are_refused(refused):
    arm = load_arm('panda')
    twice = replace(arm.joints[1], name=arm.joints[0].name)
    with refused('joints: panda_joint1, panda_joint1', 'once only'):
        replace(arm, joints=(arm.joints[0], twice, *arm.joints[2:]))
