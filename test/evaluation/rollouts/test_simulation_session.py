"""The state machine of a running simulation, driven by a clock that the test holds."""

import math

import numpy as np
import pytest

from pkan_control.evaluation.rollouts.simulation_session import (
    REPEAT_S,
    Mode,
    Pace,
    SimulationSession,
)

FAST = Pace(Mode.LOCKSTEP, 0.0, lockstep_timeout_s=2.0, command_timeout_s=0.2)
PACED = Pace(Mode.LOCKSTEP, 2.0, lockstep_timeout_s=2.0, command_timeout_s=0.2)
REAL = Pace(Mode.REAL_TIME, 1.0, lockstep_timeout_s=2.0, command_timeout_s=0.2)
PUSH = np.full(4, 100.0)


@pytest.fixture
def session(task, world):
    return lambda pace: SimulationSession(task, world, 0, pace)


def now(session) -> int:
    return session.episode.time_ns


def test_lockstep_advances_by_the_command_with_the_stamp_of_the_state(session, world):
    lockstep = session(FAST)
    assert not lockstep.take(now(lockstep) - 1, PUSH, 0.1)
    assert not lockstep.take(now(lockstep) + 20_000_000, PUSH, 0.1)
    assert lockstep.episode.step == 0
    assert lockstep.take(now(lockstep), PUSH, 0.1)
    assert (lockstep.episode.step, len(world.commands)) == (1, 1)
    np.testing.assert_array_equal(world.commands[0], PUSH)


def test_a_command_that_comes_twice_counts_once(session):
    lockstep = session(FAST)
    stamp = now(lockstep)
    assert lockstep.take(stamp, PUSH, 0.1)
    assert not lockstep.take(stamp, PUSH, 0.1)
    paced = session(PACED)
    stamp = now(paced)
    assert not paced.take(stamp, PUSH, 0.0)
    assert not paced.take(stamp, 2 * PUSH, 0.001)
    assert paced.tick(0.02)
    np.testing.assert_array_equal(paced.record(1.0).commands, [PUSH])


@pytest.mark.parametrize('wrong', [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize('pace', [FAST, REAL], ids=['lockstep', 'real time'])
def test_a_command_that_is_not_finite_is_not_taken(session, world, pace, wrong):
    running = session(pace)
    assert not running.take(now(running), np.array([1, 2, wrong, 4]), 0.0)
    assert running.episode.step == 0
    running.tick(0.02)
    assert all((command == 0).all() for command in world.commands)


def test_a_command_of_another_length_is_not_taken(session):
    lockstep = session(FAST)
    assert not lockstep.take(now(lockstep), np.zeros(3), 0.0)


def test_commands_are_limited_to_what_the_rotors_can_do(session, world, task):
    lockstep = session(FAST)
    lockstep.take(now(lockstep), np.array([-1e300, 1e300, 0.0, 5.0]), 0.0)
    np.testing.assert_allclose(world.commands[0], [0, task.law.airframe.max_speed, 0, 5])


def test_an_unanswered_state_is_offered_again(session):
    lockstep = session(FAST)
    assert not lockstep.tick(REPEAT_S - 0.001)
    assert lockstep.tick(REPEAT_S)
    assert not lockstep.tick(REPEAT_S + 0.001)
    assert lockstep.tick(2 * REPEAT_S)
    assert lockstep.episode.step == 0


def test_before_the_first_command_lockstep_waits_for_ever(session):
    lockstep = session(FAST)
    lockstep.tick(3600.0)
    assert lockstep.stopped == ''
    assert lockstep.take(now(lockstep), PUSH, 3601.0)


def test_lockstep_stops_where_a_command_does_not_come(session, world):
    lockstep = session(FAST)
    lockstep.take(now(lockstep), PUSH, 10.0)
    lockstep.tick(12.0)
    assert lockstep.stopped == ''
    assert not lockstep.tick(12.1)
    assert lockstep.stopped == 'no command for 2.1 s: actuators zeroed, time stopped'
    assert not lockstep.take(now(lockstep), PUSH, 12.2)
    assert not lockstep.tick(20.0)
    assert lockstep.episode.step == len(world.commands) == 1
    lockstep.restart(30.0)
    assert lockstep.take(now(lockstep), PUSH, 30.1)


def test_a_paced_lockstep_keeps_to_the_wall_clock(session):
    lockstep = session(PACED)
    for step, due in enumerate((5.01, 5.02, 5.03)):
        assert not lockstep.take(now(lockstep), PUSH, 5.0 + 0.01 * step)
        assert not lockstep.tick(due - 0.001)
        assert lockstep.tick(due + 1e-9)
        assert lockstep.episode.step == step + 1


def test_waiting_for_the_wall_clock_is_no_missing_command(session, task, world):
    slow = SimulationSession(task, world, 0, Pace(Mode.LOCKSTEP, 0.001, 2.0, 0.2))
    slow.take(now(slow), PUSH, 0.0)
    assert not slow.tick(19.0)
    assert slow.stopped == ''
    assert slow.tick(20.0)


def test_latency_is_from_state_out_to_command_in(session):
    lockstep = session(FAST)
    lockstep.tick(60.0)
    lockstep.take(now(lockstep), PUSH, 60.004)
    lockstep.take(now(lockstep), PUSH, 60.010)
    np.testing.assert_allclose(lockstep.record(61.0).took_ns, [4e6, 6e6], rtol=1e-6)


def test_real_time_goes_on_without_commands(session, world):
    running = session(REAL)
    assert running.tick(0.0)
    assert running.tick(0.02)
    assert running.episode.step == 2
    np.testing.assert_array_equal(world.commands, np.zeros((2, 4)))


def test_real_time_zeroes_the_actuators_when_commands_stop(session, world):
    running = session(REAL)
    running.tick(0.0)
    assert not running.take(now(running), PUSH, 0.01)
    for _ in range(13):
        running.tick(0.02)
    pushed = [bool(command.any()) for command in world.commands]
    assert pushed == [False] + 11 * [True] + 2 * [False]
    running.take(now(running), PUSH, 0.5)
    running.tick(0.5)
    assert world.commands[-1].any()


def test_real_time_forgets_the_command_of_the_episode_before(session, world):
    running = session(REAL)
    running.take(1, PUSH, 0.0)
    running.restart(0.1)
    running.tick(0.12)
    assert not world.commands[0].any()


@pytest.mark.parametrize('pace', [FAST, REAL], ids=['lockstep', 'real time'])
def test_pause_and_step(session, pace):
    running = session(pace)
    assert not running.step_once(0.0)
    running.pause(True, 0.0)
    running.pause(True, 0.5)
    assert running.paused
    assert not running.tick(1.0)
    assert not running.take(now(running), PUSH, 1.0)
    assert running.step_once(1.0)
    assert running.episode.step == 1
    running.pause(False, 2.0)
    assert not running.paused
    assert not running.step_once(2.0)


def test_a_pause_is_no_missing_command_and_no_backlog(session):
    lockstep = session(PACED)
    lockstep.take(now(lockstep), PUSH, 0.0)
    lockstep.tick(0.01)
    lockstep.pause(True, 0.01)
    lockstep.pause(False, 100.01)
    lockstep.tick(100.02)
    assert lockstep.stopped == ''
    assert not lockstep.take(now(lockstep), PUSH, 100.019)
    assert lockstep.tick(100.021)
    assert lockstep.record(100.02).wall_s == pytest.approx(0.02)


def test_an_episode_that_is_done_waits_for_its_successor(session, task, world):
    lockstep = session(FAST)
    for _ in range(task.steps):
        assert lockstep.take(now(lockstep), PUSH, 1.0)
    assert not lockstep.take(now(lockstep), PUSH, 1.0)
    assert not lockstep.tick(9.0)
    assert lockstep.record(3.0).number == 0
    lockstep.restart(9.0)
    np.testing.assert_array_equal(world.starts[1], task.start(0, 1))
    assert (lockstep.episode.step, now(lockstep)) == (0, 20_000_000)
    assert lockstep.record(9.0).number == 1


@pytest.mark.parametrize(
    ('late_s', 'taken'), [(0.0, True), (0.2, True), (0.22, False), (-0.2, True), (-0.22, False)]
)
def test_real_time_takes_commands_of_now_only(session, world, late_s, taken):
    real = session(REAL)
    for _ in range(30):
        real.tick(0.0)
    real.take(now(real) - round(late_s * 1e9), PUSH, 0.0)
    real.tick(0.0)
    np.testing.assert_array_equal(world.commands[-1], PUSH if taken else 0 * PUSH)


def test_real_time_takes_commands_without_a_stamp(session, world):
    real = session(REAL)
    for _ in range(30):
        real.tick(0.0)
    real.take(0, PUSH, 0.0)
    real.tick(0.0)
    np.testing.assert_array_equal(world.commands[-1], PUSH)
