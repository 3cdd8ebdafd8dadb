"""The arms' laws: frames, limits, what the network sees and gives, what a file holds."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.control.laws import make_law
from pkan_control.control.laws.arm import MARGIN, ArmMemory
from pkan_control.control.laws.kinematics import inverse_of
from pkan_control.robots.arm import load_arm
from pkan_control.robots.kinematics import forward, jacobian
from pkan_control.tasks.arm_reach import arm_reach

SPLITS = ('kinematics', 'cylindrical')


@pytest.fixture(scope='module', params=SPLITS)
def law(request):
    return arm_reach.with_split(request.param).law


@pytest.fixture(scope='module')
def kinematics():
    return arm_reach.law


def states(law, count: int = 20) -> np.ndarray:
    draw = np.random.default_rng(1)
    q = draw.uniform(law.arm.low + 0.2, law.arm.high - 0.2, (count, len(law.arm.joints)))
    return np.concatenate([q, draw.normal(size=q.shape)], axis=-1)


def after(law, state, goal, last=None):
    """Return the command of the expert in the law."""
    memory, seen = law.observe(law.start(state), state, goal)
    if last is not None:
        memory[..., ArmMemory.velocities] = last
    return law.act(memory, state, law.exact(seen))[1]


def test_the_network_sees_and_gives_what_the_arm_has(kinematics):
    assert kinematics.observation.names == tuple(f'panda_joint{i}' for i in range(2, 7))
    assert len(kinematics.output) == 18
    assert kinematics.command.names == kinematics.arm.names
    assert kinematics.goal_names == ('x_m', 'y_m', 'z_m')
    assert len(kinematics.state_names) == 14
    xarm = arm_reach.with_arm(load_arm('xarm6')).law
    assert (len(xarm.observation), len(xarm.output)) == (4, 15)


def test_a_law_comes_back_from_json(law):
    parameters = json.loads(json.dumps(law.to_json()))
    assert make_law(law.name, parameters) == law


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ({'gain': 0}, ['gain=0']),
        ({'rate_hz': float('nan')}, ['rate_hz']),
        ({'inputs': [[9, 0.0, 1.0]]}, ['must name joints']),
        ({'colour': 1}, ['colour']),
        ({'arm': 3}, ['int']),
        ({'entries': [{'joint': 0}]}, ['component']),
    ],
)
def test_parameters_that_are_no_law_are_refused(kinematics, refused, change, words):
    with refused('kinematics', *words):
        make_law('kinematics', {**json.loads(json.dumps(kinematics.to_json())), **change})


def test_the_expert_moves_the_tool_towards_its_goal_in_any_azimuth(law):
    state = states(arm_reach.law)
    count = len(law.arm.joints)
    goal = forward(law.arm, state[:, :count])[:, :3, 3] + [0.0, 0.02, 0.01]
    free = replace(law, arm=fast(law.arm))
    velocity = after(free, state, goal)
    moved = (jacobian(law.arm, state[:, :count])[:, :3] @ velocity[..., None])[..., 0]
    wanted = law.gain * np.array([0.0, 0.02, 0.01])
    assert np.median(np.linalg.norm(moved - wanted, axis=1)) < 0.1 * np.linalg.norm(wanted)


def fast(arm):
    """Return an arm whose limits of velocity and acceleration are never met."""
    joints = tuple(replace(j, velocity=1e3, acceleration=1e6) for j in arm.joints)
    return replace(arm, joints=joints)


def test_what_the_network_gives_is_the_inverse_itself(kinematics):
    q = arm_reach.postures(np.random.default_rng(0), 10, 1.0)
    seen = np.stack([q[:, i] for i, *_ in kinematics.inputs], axis=-1)
    still = q * (np.arange(7) > 0)
    np.testing.assert_allclose(
        kinematics.matrix(kinematics.exact(seen)),
        inverse_of(kinematics.arm, still, False, ()),
        atol=1e-5,
    )


@given(st.integers(0, 2**31), st.floats(0.01, 100))
def test_no_limit_is_ever_broken(seed, size):
    law = arm_reach.law
    draw = np.random.default_rng(seed)
    arm = law.arm
    q = draw.uniform(arm.low, arm.high, (30, 7))
    last = draw.uniform(-1, 1, (30, 7)) * arm.velocity
    memory = np.concatenate([draw.normal(size=(30, 7)), last], axis=-1)
    state = np.concatenate([q, last], axis=-1)
    kept, velocity = law.limited(memory, state, size * draw.normal(size=(30, 7)))
    step = arm.acceleration / law.rate_hz
    assert (np.abs(velocity - last) <= step + 1e-9).all()
    assert (np.abs(velocity) <= np.maximum(arm.velocity, np.abs(last)) + 1e-9).all()
    outward = velocity - law.approach * (arm.high - MARGIN - q)
    assert (
        outward <= np.maximum(last - step - law.approach * (arm.high - MARGIN - q), 0) + 1e-9
    ).all()
    np.testing.assert_array_equal(kept[:, 7:], velocity)


def test_all_joints_are_slowed_together(kinematics):
    law = replace(kinematics, arm=fast(kinematics.arm))
    state = np.concatenate([law.arm.home, np.zeros(7)])
    wanted = np.array([3e3, 1e3, 0, 0, 0, 0, 0])
    _, velocity = replace(law, approach=1e6).limited(law.start(state), state, wanted)
    assert velocity[0] == pytest.approx(1e3)
    assert velocity[1] == pytest.approx(1e3 / 3)


def test_torch_computes_the_same(law):
    state = states(law)
    goal = forward(law.arm, state[:, : len(law.arm.joints)])[:, :3, 3] + 0.05
    np.testing.assert_allclose(
        after(law, torch.asarray(state), torch.asarray(goal)).numpy(),
        after(law, state, goal),
        atol=1e-9,
    )


def test_an_arm_holds_where_it_is(law):
    state = states(law)[0]
    state[len(law.arm.joints) :] = 0
    np.testing.assert_allclose(after(law, state, law.hold(state)), 0, atol=1e-9)
    np.testing.assert_array_equal(law.safe_command(), np.zeros(7))
