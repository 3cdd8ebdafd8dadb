"""Arms: those that ship, those of a file, and what is refused."""

import json
from dataclasses import asdict, replace

import pytest

from pkan_control.common.errors import UserError
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


def test_postures_outside_the_limits_are_refused():
    arm = load_arm('panda')
    with pytest.raises(UserError, match=r'home: 9\.0 is outside of the limits'):
        replace(arm, home=(9.0,) * 7)
