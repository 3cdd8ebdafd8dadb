"""The drone's law against its equations, written once more for one drone and one step."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pkan_control.control.laws.drone import (
    HALF_TURN,
    MOVING_GOAL,
    PARTS,
    STATE,
    DroneLaw,
    DroneMemory,
)
from pkan_control.robots.quadrotor import CRAZYFLIE, GRAVITY

# Every parameter differs from its default and from the others.
LAW = DroneLaw(
    airframe=replace(CRAZYFLIE, mass=0.031),
    rate_hz=80.0,
    error_limit_m=0.9,
    velocity_limit_m_s=2.5,
    integral_gain=0.8,
    integral_limit_m=0.7,
    integral_error_m=0.6,
    integral_velocity_m_s=1.9,
    force_observer=11.0,
    torque_observer=4.0,
    force_limit=5.0,
    motor_lag_s=0.03,
    motor_lead_s=0.05,
    tilt_lag_s=0.12,
    turning_ahead=0.4,
)
MOVING = replace(LAW, moving=True)


def limited(vector: np.ndarray, length: float) -> np.ndarray:
    return vector * min(1.0, length / max(np.linalg.norm(vector), 1e-12))


def drawn(seed: int, scale: float = 1.0):
    """Return memory, state and goal of a moving law, all over their ranges."""
    draw = np.random.default_rng(seed)
    memory = scale * draw.normal(size=DroneMemory.size)
    memory[DroneMemory.thrust] += GRAVITY
    memory[DroneMemory.begun] = seed % 3 > 0
    state = scale * draw.normal(size=13)
    state[3:7] = Rotation.random(random_state=seed).as_quat()
    return memory, state, scale * draw.normal(size=9)


def named(memory: np.ndarray) -> dict[str, np.ndarray]:
    names = ('integral', 'force', 'torque', 'motion', 'thrust', 'angular', 'commanded')
    names += ('goal_acceleration', 'lift', 'begun')
    return {name: memory[getattr(DroneMemory, name)] for name in names}


def observed(law: DroneLaw, before: dict, state: np.ndarray, goal: np.ndarray):
    """Return force, torque, integral, lift and observation of a step by the equations."""
    turn = Rotation.from_quat(state[3:7]).as_matrix()
    velocity, rate, begun = turn @ state[7:10], state[10:13], before['begun'][0]
    last = before['motion']
    force = (velocity - last[:3]) * law.rate_hz + np.array((0, 0, GRAVITY))
    force = force - turn[:, 2] * before['thrust']
    torque = (rate - last[3:]) * law.rate_hz - before['angular']
    gain = [law.force_observer * begun, law.torque_observer * begun]
    gain = [each / (law.rate_hz + each) for each in gain]
    force = limited(before['force'] + gain[0] * (force - before['force']), law.force_limit)
    torque = before['torque'] + gain[1] * (torque - before['torque'])
    error, ahead, seen_rate, relative = goal[:3] - state[:3], np.zeros(3), rate, velocity
    if law.moving:
        relative = velocity - goal[3:6]
        jerk = (goal[6:9] - before['goal_acceleration']) * begun * law.rate_hz
        ahead = goal[6:9] + law.tilt_lag_s * jerk
        lifted = np.linalg.norm(goal[6:9] + np.array((0, 0, GRAVITY)))
        across = turn.T @ jerk * law.turning_ahead / lifted
        seen_rate = rate - (-across[1], across[0], 0.0)
    error = turn.T @ error
    runs = np.linalg.norm(error) < law.integral_error_m
    runs &= np.linalg.norm(relative) < law.integral_velocity_m_s
    integral = before['integral'] + runs * error * law.integral_gain / law.rate_hz
    integral = limited(integral, law.integral_limit_m)
    leaning = turn.T @ (ahead - force)
    observation = [
        *limited(error + integral, law.error_limit_m),
        *(turn.T @ limited(relative, law.velocity_limit_m_s)),
        *(turn[2, :2] + leaning[:2] / GRAVITY),
        turn[2, 2],
        *seen_rate,
    ]
    return force, torque, integral, leaning[2], (velocity, rate), observation


@pytest.mark.parametrize('law', [LAW, MOVING], ids=['still', 'moving'])
@pytest.mark.parametrize('scale', [0.1, 0.3, 1.0])
def test_an_observation_is_what_the_equations_give(law, scale):
    for seed in range(40):
        memory, state, goal = drawn(seed, scale)
        goal = goal if law.moving else goal[:3]
        before = named(memory)
        force, torque, integral, lift, motion, wanted = observed(law, before, state, goal)
        after, observation = law.observe(memory, state, goal)
        np.testing.assert_allclose(observation, wanted, rtol=1e-9, atol=1e-9)
        now = named(after)
        np.testing.assert_allclose(now['force'], force, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(now['torque'], torque, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(now['integral'], integral, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(now['motion'], np.concatenate(motion), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(now['lift'], lift, rtol=1e-9, atol=1e-9)
        kept = goal[6:9] if law.moving else np.zeros(3)
        np.testing.assert_array_equal(now['goal_acceleration'], kept)
        for name in ('thrust', 'angular', 'commanded', 'begun'):
            np.testing.assert_array_equal(now[name], before[name])


def test_a_command_is_what_the_equations_give():
    frame, follow = LAW.airframe, 1 / (1 + LAW.motor_lag_s * LAW.rate_hz)
    scale = np.array((frame.mass, *frame.inertia))
    for seed in range(40):
        memory, state, _ = drawn(seed)
        before, draw = named(memory), np.random.default_rng(seed)
        action = draw.normal(size=4) * (3.0, 40.0, 40.0, 5.0) + (GRAVITY, 0, 0, 0)
        asked = action + np.concatenate([before['lift'], -before['torque']])
        change = (asked - before['commanded']) * before['begun']
        speeds = frame.speeds((asked + change * LAW.motor_lead_s * LAW.rate_hz) * scale)
        reached = np.concatenate([before['thrust'], before['angular']])
        reached = reached + (frame.wrench(speeds) / scale - reached) * follow
        after, command = LAW.act(memory, state, action)
        np.testing.assert_allclose(command, speeds, rtol=1e-12)
        now = named(after)
        np.testing.assert_allclose(now['commanded'], asked, rtol=1e-12)
        np.testing.assert_allclose([*now['thrust'], *now['angular']], reached, rtol=1e-9)
        assert now['begun'] == 1
        for name in ('integral', 'force', 'torque', 'motion', 'goal_acceleration', 'lift'):
            np.testing.assert_array_equal(now[name], before[name])


@pytest.mark.parametrize('seed', range(12))
def test_the_action_for_a_command_is_the_one_that_gives_it(seed):
    memory, state, _ = drawn(seed, 0.2)
    command = LAW.airframe.hover_speed * np.random.default_rng(seed).uniform(0.9, 1.1, 4)
    action = LAW.action_for(memory, state, command)
    _, again = LAW.act(memory, state, action)
    np.testing.assert_allclose(again, command, rtol=1e-9)


def test_memory_starts_at_hover_with_nothing_observed():
    memory = LAW.start(np.ones((2, 13)))
    assert memory.shape == (2, DroneMemory.size)
    first = named(memory[0])
    assert first.pop('thrust') == GRAVITY
    assert all((value == 0).all() for value in first.values())


@pytest.mark.parametrize('part', PARTS)
def test_a_part_is_switched_off_by_its_parameter_alone(part):
    law = replace(MOVING, mirrored=True)
    off = law.switched_off(part)
    assert not getattr(off, PARTS[part])
    assert replace(off, **{PARTS[part]: getattr(law, PARTS[part])}) == law


def test_all_parts_are_switched_off_together():
    off = replace(MOVING, mirrored=True).switched_off('all')
    assert not any(getattr(off, name) for name in PARTS.values())
    others = {name: getattr(MOVING, name) for name in PARTS.values()}
    assert replace(off, **others) == MOVING


def test_an_unknown_part_is_refused_with_those_that_there_are(refused):
    with refused("'wings'", ', '.join(sorted([*PARTS, 'all']))):
        LAW.switched_off('wings')


def test_names_of_goals_and_commands():
    assert LAW.goal_names == STATE[:3]
    assert MOVING.goal_names == MOVING_GOAL
    assert len(MOVING_GOAL) == 9
    assert LAW.command.names == ('rotor_1', 'rotor_2', 'rotor_3', 'rotor_4')
    half = LAW.airframe.max_speed / 2
    for signal in LAW.command.signals:
        assert (signal.unit, signal.scale, signal.offset) == ('rad/s', half, half)


def test_half_a_turn_is_the_symmetry_of_a_law_that_averages():
    assert LAW.symmetry is None
    assert replace(LAW, mirrored=True).symmetry is HALF_TURN


def test_another_airframe_is_all_that_changes():
    other = replace(CRAZYFLIE, mass=0.04)
    assert LAW.with_airframe(other) == replace(LAW, airframe=other)


def test_a_goal_is_held_where_the_drone_is():
    _, state, _ = drawn(5)
    np.testing.assert_array_equal(LAW.hold(state), state[:3])
    np.testing.assert_array_equal(MOVING.hold(state), [*state[:3], 0, 0, 0, 0, 0, 0])
