"""Reading of URDF files: what is taken from them, and what is refused in one line."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.common.errors import UserError
from pkan_control.robots.arm import urdf_arm
from pkan_control.robots.urdf import ENDLESS, read_chain

LIMIT = '<limit lower="-1" upper="2" velocity="3" effort="4"/>'
MASS = '<link name="l0"><inertial><mass value="{}"/></inertial></link>'


def joint(name: str, parent: str, child: str, kind: str = 'revolute', inside: str = LIMIT) -> str:
    links = f'<parent link="{parent}"/><child link="{child}"/>'
    return f'<joint name="{name}" type="{kind}">{links}{inside}</joint>'


def robot(*joints: str) -> str:
    return (
        f'<robot name="r"><transmission><joint name="a"/></transmission>{"".join(joints)}</robot>'
    )


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / 'r.urdf'
        path.write_text(text)
        return path

    return write


def test_a_chain_is_in_order_and_leaves_other_branches_out(written):
    text = robot(joint('b', 'l1', 'l2'), joint('a', 'l0', 'l1'), joint('side', 'l1', 'l3'))
    chain = read_chain(written(text), 'l2')
    assert [each.name for each in chain] == ['a', 'b']
    assert (chain[0].lower, chain[0].upper, chain[0].velocity, chain[0].effort) == (-1, 2, 3, 4)
    assert chain[0].axis == (1.0, 0.0, 0.0)


def test_a_continuous_joint_has_no_limits_and_an_axis_has_length_one(written):
    text = robot(joint('a', 'l0', 'l1', 'continuous', '<axis xyz="0 3 4"/>'))
    (found,) = read_chain(written(text), 'l1')
    assert (found.lower, found.upper) == (-ENDLESS, ENDLESS)
    assert found.axis == pytest.approx((0, 0.6, 0.8))


def test_fixed_joints_move_what_comes_after_them(written):
    fixed = '<origin xyz="0 0 1" rpy="0 0 1.5707963267948966"/>'
    text = robot(
        joint('f', 'l0', 'l1', 'fixed', fixed),
        joint('a', 'l1', 'l2', 'prismatic', '<origin xyz="1 0 0"/>' + LIMIT),
        joint('g', 'l2', 'l3', 'fixed', '<origin xyz="0 0 2"/>'),
    )
    arm = urdf_arm('r', str(written(text)), 'l3')
    assert arm.names == ('a',)
    assert not arm.joints[0].turns
    np.testing.assert_allclose(
        np.reshape(arm.joints[0].origin, (3, 4))[:, 3], [0, 1, 1], atol=1e-12
    )
    np.testing.assert_allclose(np.reshape(arm.tool, (3, 4))[:, 3], [0, 0, 2])
    assert arm.home == (0.5,)


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('<robot', ['not XML']),
        ('<car/>', ['car', 'robot']),
        (robot(joint('a', 'l0', 'l1')), ["unknown link 'tip'", 'l0, l1']),
        (robot(joint('a', 'tip', 'l1'), joint('b', 'l1', 'tip')), ['loop']),
        (robot(joint('a', 'l0', 'tip', 'hinge')), ["'a'", 'hinge']),
        (
            robot(joint('a', 'l0', 'tip', inside='')),
            ["'a'", 'lower limit 0 is not below the upper, 0'],
        ),
        (robot(joint('a', 'l0', 'tip', inside=LIMIT.replace('3', '0'))), ['velocity=0']),
        (robot(joint('a', 'l0', 'tip'), MASS.format(-1)), ["link 'l0'", "mass '-1'", '0 kg']),
        (robot(joint('a', 'l0', 'tip'), MASS.format('nan')), ["mass 'nan'"]),
        (robot(joint('a', 'l0', 'tip'), MASS.format('heavy')), ["mass 'heavy'"]),
        (robot(joint('a', 'l0', 'tip', inside='<axis xyz="0 0 0"/>' + LIMIT)), ["'a'", 'axis']),
        (robot(joint('a', 'l0', 'tip', inside='<axis xyz="1 0"/>' + LIMIT)), ["'a'", '1 0']),
        (robot(joint('a', 'l0', 'tip', inside='<origin rpy="nan 0 0"/>' + LIMIT)), ['nan 0 0']),
        (robot(joint('a', 'l0', 'tip', inside=LIMIT.replace('2', 'far'))), ["'a'", 'far']),
        (robot('<joint name="a" type="fixed"><parent link="x"/></joint>'), ["'a'", 'child']),
        (robot(joint('a', 'l0', 'tip', 'fixed', '')), ['no joint', "'tip'"]),
        (robot(joint('a', 'l0', 'tip', 'floating', '')), ["'a'", 'floating']),
    ],
)
def test_what_is_no_arm_is_refused_in_one_line(written, refused, text, words):
    path = written(text)
    with refused(*words, str(path)):
        urdf_arm('r', str(path), 'tip')


def test_entities_are_never_expanded(written, refused):
    bomb = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><robot name="&b;"/>'
    outside = '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]><robot>&a;</robot>'
    for text in (bomb, outside):
        with refused('DTD'):
            read_chain(written(text), 'tip')


def test_a_file_that_is_not_there_is_named(refused):
    with refused('nowhere.urdf', 'No such file'):
        read_chain(Path('nowhere.urdf'), 'tip')


@given(st.text(max_size=200), st.binary(max_size=200))
def test_any_text_and_any_bytes_give_a_chain_or_a_user_error(tmp_path_factory, text, data):
    path = tmp_path_factory.mktemp('urdf') / 'r.urdf'
    for content in (text.encode(), data, robot(text).encode()):
        path.write_bytes(content)
        with pytest.raises(UserError):
            read_chain(path, 'tip')


@given(*[st.floats(-4, 4) for _ in range(3)])
def test_roll_pitch_and_yaw_turn_about_fixed_axes(tmp_path_factory, roll, pitch, yaw):
    path = tmp_path_factory.mktemp('urdf') / 'r.urdf'
    origin = f'<origin rpy="{roll} {pitch} {yaw}"/>'
    path.write_text(robot(joint('f', 'l0', 'tip', 'fixed', origin)))
    (found,) = read_chain(path, 'tip')
    (cr, cp, cy), (sr, sp, sy) = ([f(a) for a in (roll, pitch, yaw)] for f in (math.cos, math.sin))
    about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    np.testing.assert_allclose(found.origin[:3, :3], about_z @ about_y @ about_x, atol=1e-12)
