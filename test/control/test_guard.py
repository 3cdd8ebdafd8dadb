"""Guards at, just below and just above each of their limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pkan_control.control.guard import Arming, CommandGuard, InputGuard, Watchdog
from pkan_control.control.laws.drone import DroneLaw
from pkan_control.control.signals import Signal, Terms

LOW, HIGH = np.array([-1.0, 0.0]), np.array([3.0, 10.0])
TERMS = Terms([Signal('a', 'm/s', '', 2.0, 1.0), Signal('b', 'rad/s', '', 5.0, 5.0)])
S = 1_000_000_000
FAULT = 'chip: no answer'


@pytest.fixture
def guard() -> CommandGuard:
    return CommandGuard(TERMS)


@pytest.mark.parametrize(
    ('command', 'passed', 'clipped'),
    [
        ([0.0, 5.0], [0.0, 5.0], 0),
        ([-1.0, 0.0], [-1.0, 0.0], 0),
        ([3.0, 10.0], [3.0, 10.0], 0),
        ([np.nextafter(3, 4), 5.0], [3.0, 5.0], 1),
        ([0.0, -5e-324], [0.0, 0.0], 1),
        ([-1e300, 1e300], [-1.0, 10.0], 2),
    ],
)
def test_commands_are_limited_and_counted(guard, command, passed, clipped):
    checked = guard.check(np.array(command))
    np.testing.assert_array_equal(checked.command, passed)
    assert checked.clipped == clipped


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize('place', [0, 1])
def test_fault_06_a_command_that_is_not_finite_is_not_used_at_all(guard, value, place):
    command = np.array([0.0, 5.0])
    command[place] = value
    assert guard.check(command) is None


@pytest.mark.parametrize('shape', [(), (1,), (3,), (1, 2), (2, 1)])
def test_a_command_of_another_shape_is_not_used(guard, shape):
    assert guard.check(np.zeros(shape)) is None


@given(st.lists(arrays.arrays(np.float64, st.integers(0, 3)), max_size=8))
def test_fault_07_nothing_out_of_range_ever_passes(commands):
    guard = CommandGuard(TERMS)
    for command in commands:
        checked = guard.check(command)
        if checked is None:
            assert command.shape != (2,) or not np.isfinite(command).all()
            continue
        assert ((checked.command >= LOW) & (checked.command <= HIGH)).all()
        inside = (command >= LOW) & (command <= HIGH)
        assert (checked.command[inside] == command[inside]).all()
        assert checked.clipped == 2 - inside.sum()


@pytest.mark.parametrize(
    ('command', 'passed', 'slewed'),
    [
        ([1.4, 6.0], [1.4, 6.0], 0),
        ([1.5, 6.0], [1.4, 6.0], 1),
        ([-9.0, 99.0], [0.6, 6.0], 2),
        ([1.0, 3.99], [1.0, 4.0], 1),
    ],
)
def test_a_command_that_changes_too_fast_is_slowed(command, passed, slewed):
    checked = CommandGuard(TERMS, 0.1).check(np.array(command), np.array([1.0, 5.0]))
    np.testing.assert_allclose(checked.command, passed)
    assert checked.slewed == slewed


@given(st.lists(arrays.arrays(np.float64, 2), max_size=8), st.floats(1e-3, 1))
def test_fault_08_nothing_too_fast_ever_passes(commands, step):
    guard, last = CommandGuard(TERMS, step), np.array([0.0, 1.0])
    for command in commands:
        checked = guard.check(command, last)
        if checked is None:
            continue
        assert (abs(checked.command - last) <= (HIGH - LOW) * step * (1 + 1e-12) + 1e-12).all()
        assert ((checked.command >= LOW) & (checked.command <= HIGH)).all()
        last = checked.command


def test_a_limited_command_is_a_copy(guard):
    command = np.array([9.0, 9.0])
    guard.check(command)
    np.testing.assert_array_equal(command, [9.0, 9.0])


def test_fault_32_both_ends_of_the_drones_range_pass_unchanged():
    law = DroneLaw()
    guard = CommandGuard(law.command)
    for speeds in (np.zeros(4), np.full(4, law.airframe.max_speed), law.safe_command()):
        checked = guard.check(speeds)
        assert checked.clipped == 0
        np.testing.assert_array_equal(checked.command, speeds)


def received(stamp_ns: int = 10 * S, steady_s: float = 100.0, **limits: float) -> InputGuard:
    guard = InputGuard('odom', **{'max_age_s': 0.5, **limits})
    assert guard.receive(stamp_ns, steady_s, np.zeros(3))
    return guard


def test_fault_01_an_input_never_received_is_named():
    assert InputGuard('odom', 0.5).fault(S, 1.0) == 'odom: never received'


@pytest.mark.parametrize(
    ('now_ns', 'steady_s', 'words'),
    [
        (10 * S, 100.0, None),
        (10 * S + S // 2, 100.0, None),
        (10 * S + S // 2 + 1, 100.0, 'old'),
        (10 * S, 100.5, None),
        (10 * S, 100.501, '0.501 s old'),
        (12 * S, 100.0, '2.000 s old, allowed are 0.500 s'),
        (10 * S - S // 20, 100.0, None),
        (10 * S - S // 20 - 1, 100.0, 'in the future'),
        (8 * S, 100.0, '2.000 s in the future'),
    ],
)
def test_fault_03_age_is_judged_by_stamp_and_by_receipt(now_ns, steady_s, words):
    fault = received().fault(now_ns, steady_s)
    assert fault is None if words is None else fault.startswith('odom: ') and words in fault


@given(st.integers(1, S), st.floats(0, 0.5))
def test_fault_04_a_stamp_slightly_ahead_is_taken(ahead_ns, tolerance_s):
    fault = received(future_s=tolerance_s).fault(10 * S - ahead_ns, 100.0)
    assert (fault is None) == (ahead_ns / S <= tolerance_s)
    assert fault is None or 'in the future' in fault


@pytest.mark.parametrize('stamp_ns', [0, -1])
def test_fault_03_a_stamp_of_zero_is_a_fault(stamp_ns):
    assert received(stamp_ns).fault(S // 10, 100.0) == 'odom: stamp is zero'


@pytest.mark.parametrize('stamp_ns', [0, 1, 10 * S, 10**7 * S])
def test_an_age_limit_of_zero_lets_an_input_stand_for_ever(stamp_ns):
    assert received(stamp_ns, max_age_s=0.0).fault(10**6 * S, 10.0**6) is None
    assert InputGuard('goal', 0.0).fault(S, 1.0) == 'goal: never received'


def test_nanoseconds_are_not_lost_in_large_stamps():
    now = 1_700_000_000 * S
    guard = received(now, future_s=1e-9)
    assert guard.fault(now - 1, 100.0) is None
    assert guard.fault(now - 2, 100.0) is not None


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_fault_05_a_message_that_is_not_finite_is_dropped_and_its_age_grows(value):
    guard = received()
    assert not guard.receive(11 * S, 101.0, np.array([0.0, value]))
    assert not guard.receive(11 * S, 101.0, np.array([value, 0.0]))
    assert guard.rejected == 2
    assert '1.000 s old' in guard.fault(11 * S, 101.0)


def test_a_new_message_ends_the_fault():
    guard = received()
    assert guard.fault(11 * S, 101.0) is not None
    assert guard.receive(11 * S, 101.0, np.zeros(3))
    assert guard.fault(11 * S, 101.0) is None


def test_forgotten_inputs_must_come_anew():
    guard = received()
    guard.forget()
    assert guard.fault(10 * S, 100.0) == 'odom: never received'


@given(st.integers(1, 2**62), st.floats(0, 1e6), st.integers(0, 2**62), st.floats(0, 1e6))
def test_fault_02_no_input_older_than_its_limit_is_used(stamp_ns, steady_s, later_ns, later_s):
    guard = received(stamp_ns, steady_s)
    fault = guard.fault(stamp_ns + later_ns, steady_s + later_s)
    elapsed = steady_s + later_s - steady_s
    assert (fault is None) == (later_ns <= S // 2 and elapsed <= 0.5)


def test_a_watchdog_fires_once_when_it_starves():
    dog = Watchdog(0.5)
    assert not dog.fires(100.0)
    dog.feed(100.0)
    assert not dog.fires(100.5)
    assert dog.fires(100.501)
    assert not dog.fires(200.0)
    dog.feed(200.0)
    assert not dog.fires(200.4)
    assert dog.fires(200.6)


@given(st.floats(0, 100), st.floats(0, 1), st.booleans())
def test_a_watchdog_says_until_when_it_cannot_fire(fed_s, wait_s, fed):
    dog = Watchdog(0.5)
    if fed:
        dog.feed(fed_s)
    due = fed_s + wait_s + dog.due_s(fed_s + wait_s)
    assert due == pytest.approx(fed_s + 0.5 if fed else fed_s + wait_s + 0.5)
    assert not dog.fires(due - 1e-6)
    assert dog.fires(due + 1e-6) == fed


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 2)), max_size=20))
def test_a_watchdog_fires_at_most_once_per_feeding(events):
    dog, now, fed = Watchdog(1.0), 0.0, None
    for feeds, wait in events:
        now += wait
        if feeds:
            dog.feed(now)
            fed = now
        elif dog.fires(now):
            assert fed is not None
            assert now - fed > 1.0
            fed = None
        else:
            assert fed is None or now - fed <= 1.0


def test_it_goes_live_only_without_a_fault():
    arming = Arming()
    assert arming.enable(True, FAULT) == FAULT
    assert not arming.live
    assert arming.enable(True, '') == ''
    assert arming.live
    assert arming.enable(False, FAULT) == ''
    assert not arming.live


def test_a_stop_is_latched_and_its_reset_leaves_a_dry_run():
    arming = Arming(live=True)
    arming.stop()
    assert (arming.live, arming.stopped) == (True, True)
    assert 'reset first' in arming.enable(True, '')
    assert arming.enable(False, '') == ''
    assert (arming.live, arming.stopped) == (True, True)
    assert arming.reset(FAULT) == FAULT
    assert arming.stopped
    assert arming.reset('') == ''
    assert (arming.live, arming.stopped) == (False, False)


def test_a_stop_in_a_dry_run_stays_one():
    arming = Arming()
    arming.stop()
    assert (arming.live, arming.stopped) == (False, True)


def test_a_reset_without_an_emergency_changes_nothing():
    arming = Arming(live=True)
    assert arming.reset(FAULT) == ''
    assert arming.live


EVENTS = st.lists(
    st.tuples(st.sampled_from(['live', 'dry', 'stop', 'reset']), st.sampled_from(['', FAULT]))
)


@given(EVENTS)
def test_fault_22_nothing_but_a_healthy_reset_and_then_an_enabling_ends_a_stop(events):
    arming, stopped = Arming(live=True), False
    for event, fault in events:
        was_live = arming.live
        if event == 'stop':
            arming.stop()
            stopped = True
        elif event == 'reset':
            arming.reset(fault)
            stopped = stopped and fault != ''
        else:
            arming.enable(event == 'live', fault)
        assert arming.stopped == stopped
        assert arming.live <= (was_live or (event, fault) == ('live', ''))
