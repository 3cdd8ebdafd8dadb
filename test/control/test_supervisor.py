"""Decisions of the supervisor: commands, refusals and their reasons, resets."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.common.errors import UserError
from pkan_control.control.controller import Controller
from pkan_control.control.guard import InputGuard
from pkan_control.control.laws.drone import DroneLaw
from pkan_control.control.supervisor import Limits, Supervisor

LAW = DroneLaw()
GOAL = np.array([0.0, 0.0, 1.5])
NEAR = np.array([0.1, 0, 1.5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
STEP_NS = 20_000_000
USUAL = Limits()
STRICT = Limits(state_timeout_s=0.2, setpoint_timeout_s=1.0, future_tolerance_s=0.05)


class Network:
    """Answers always the same; notes observations and episodes."""

    def __init__(self) -> None:
        self.outputs = np.zeros(4)
        self.seen: list[np.ndarray] = []
        self.episodes: list[int] = []

    def begin(self, episode: int) -> None:
        """Note the episode."""
        self.episodes.append(episode)

    def __call__(self, observation, time_s):
        """Note the observation."""
        self.seen.append(observation)
        return self.outputs


class Loop:
    """A supervisor with its clocks: states come every 20 ms, at once, unless given otherwise."""

    def __init__(self, limits: Limits = USUAL, goal: bool = True) -> None:
        self.network = Network()
        self.supervisor = Supervisor(LAW, Controller(LAW, self.network), limits)
        self.counters = self.supervisor.counters
        if goal:
            self.supervisor.on_goal(STEP_NS, 0.02, GOAL)

    def state(self, step: int, values=NEAR, late_ns: int = 0, steady_s: float | None = None):
        """Send the state of that step."""
        stamp = step * STEP_NS
        steady_s = stamp / 1e9 if steady_s is None else steady_s
        return self.supervisor.on_state(stamp, stamp + late_ns, steady_s, values)

    def watchdog(self, steady_s: float):
        """Let the watchdog look at its clock."""
        return self.supervisor.on_watchdog(round(steady_s * 1e9), steady_s)


def test_nothing_received():
    loop = Loop()
    assert loop.supervisor.reason == 'state: never received'
    assert loop.watchdog(100.0) is None


def test_a_state_and_a_goal_make_a_command():
    loop = Loop()
    decision = loop.state(1)
    np.testing.assert_allclose(decision.command, LAW.airframe.hover_speed)
    assert (decision.stamp_ns, decision.safe) == (STEP_NS, False)
    assert (loop.counters.commands, loop.supervisor.reason) == (1, '')


def test_fault_01_no_goal_no_command():
    loop = Loop(goal=False)
    assert loop.state(1) is None
    assert loop.supervisor.reason == 'goal_pose: never received'
    assert (loop.counters.refused, loop.network.seen) == (1, [])


@pytest.mark.parametrize(
    ('late_ms', 'reason'),
    [
        (200, ''),
        (201, 'state: 0.201 s old, allowed are 0.200 s'),
        (-50, ''),
        (-51, 'state: stamp is 0.051 s in the future (clocks differ?)'),
    ],
)
def test_fault_02_an_old_state_is_not_evaluated_but_named_with_its_age(late_ms, reason):
    loop = Loop()
    decision = loop.state(50, late_ns=late_ms * 1_000_000)
    assert (decision is None, loop.supervisor.reason) == (bool(reason), reason)
    assert len(loop.network.seen) == (not reason)


def test_fault_03_a_stamp_of_zero_is_refused():
    loop = Loop()
    assert loop.supervisor.on_state(0, 0, 0.0, NEAR) is None
    assert loop.supervisor.reason == 'state: stamp is zero'


def at_age(limit: float, steady: float) -> Loop:
    """Return a loop that got a state when its goal had come a while ago."""
    loop = Loop(Limits(setpoint_timeout_s=limit, state_timeout_s=9.0))
    loop.state(1)
    moved = NEAR + 0.5 * np.eye(13)[0]
    assert loop.supervisor.on_state(2 * STEP_NS, 2 * STEP_NS, steady, moved) is not None
    return loop


@pytest.mark.parametrize(('limit', 'steady', 'good'), [(1.0, 1.02, 1), (1.0, 1.03, 0), (0, 9, 1)])
def test_fault_13_a_goal_that_got_too_old_is_held_where_the_robot_was(limit, steady, good):
    loop = at_age(limit, steady)
    assert loop.network.seen[1][0] == pytest.approx(-0.612 if good else 0, abs=0.02)
    assert loop.supervisor.reason == (
        '' if good else 'goal_pose: 1.010 s old, allowed are 1.000 s: holding'
    )


def test_what_is_held_stays_until_a_new_goal_comes():
    loop = at_age(1.0, 2.0)
    for step in (3, 4):
        assert not loop.supervisor.on_state(step * STEP_NS, step * STEP_NS, 2.0 + step, NEAR).safe
        assert loop.network.seen[-1][0] == pytest.approx(0.5, abs=0.05)
    loop.supervisor.on_goal(5 * STEP_NS, 7.0, GOAL)
    loop.supervisor.on_state(5 * STEP_NS, 5 * STEP_NS, 7.0, NEAR)
    assert loop.network.seen[-1][0] == pytest.approx(-0.1, abs=0.05)
    assert loop.supervisor.reason == ''


def test_fault_13_a_robot_that_cannot_hold_gets_the_safe_command(monkeypatch):
    monkeypatch.setattr(DroneLaw, 'hold', lambda law, state: None)
    loop = at_age(1.0, 2.0)
    decision = loop.supervisor.on_state(3 * STEP_NS, 3 * STEP_NS, 2.0, NEAR)
    assert (decision.safe, *decision.command) == (True, 0, 0, 0, 0)
    assert loop.supervisor.reason.endswith('holding')


def test_a_goal_that_was_never_good_is_not_held():
    loop = Loop(Limits(setpoint_timeout_s=1.0), goal=False)
    loop.supervisor.on_goal(0, 0.0, GOAL)
    assert loop.state(1) is None
    assert loop.supervisor.reason == 'goal_pose: stamp is zero'


def test_fault_05_a_goal_that_is_not_finite_leaves_the_old_one():
    loop = Loop()
    loop.supervisor.on_goal(2 * STEP_NS, 0.04, np.array([math.nan, 0, 0]))
    loop.state(2)
    assert loop.supervisor.goal.rejected == 1
    assert loop.network.seen[0][0] == pytest.approx(-0.102)


def test_the_same_state_again_gives_the_same_command_without_a_second_evaluation():
    loop = Loop()
    first = loop.state(1)
    loop.network.outputs = np.full(4, 0.5)
    assert loop.state(1, NEAR.copy(), late_ns=10**9, steady_s=5.0) is first
    assert (len(loop.network.seen), loop.counters.commands) == (1, 1)


def test_another_state_with_the_same_stamp_starts_afresh():
    loop = Loop()
    loop.state(1)
    moved = NEAR + np.eye(13)[0] * 0.1
    assert loop.state(1, moved) is not None
    assert loop.network.seen[1][0] == pytest.approx(-0.2 * 1.02)
    assert loop.network.episodes == [0, 1]


@pytest.mark.parametrize(
    ('step', 'jumps'), [(2, 0), (26, 0), (27, 1), (0.5, 1)], ids=['next', 'gap', 'jump', 'back']
)
def test_fault_16_a_jump_of_time_forgets_integral_and_episode(step, jumps):
    loop = Loop()
    loop.state(1)
    loop.supervisor.on_state(round(step * STEP_NS), round(step * STEP_NS), 0.04, NEAR)
    assert loop.network.seen[1][0] == pytest.approx(-0.102 if jumps else -0.104)
    assert loop.network.episodes == list(range(1 + jumps))
    assert loop.counters.resets == jumps


@pytest.mark.parametrize('wrong', [math.nan, math.inf, -math.inf])
def test_fault_05_a_state_that_is_not_finite_is_dropped_and_its_age_grows(wrong):
    loop = Loop(STRICT)
    loop.state(1)
    for step in range(2, 12):
        assert loop.state(step, np.where(np.arange(13) == 7, wrong, NEAR)) is None
    assert loop.supervisor.state.rejected == 10
    assert len(loop.network.seen) == 1
    assert (
        loop.supervisor.state.fault(12 * STEP_NS, 0.24)
        == 'state: 0.220 s old, allowed are 0.200 s'
    )
    assert loop.watchdog(0.24).safe


def test_fault_06_outputs_that_are_not_finite_become_the_safe_command():
    loop = Loop()
    loop.network.outputs = np.array([0, math.nan, 0, 0])
    decision = loop.state(1)
    assert (decision.command == LAW.safe_command()).all()
    assert (decision.safe, decision.stamp_ns) == (True, STEP_NS)
    assert (loop.counters.not_finite, loop.counters.commands) == (1, 0)
    assert loop.supervisor.reason == 'command: not finite'
    loop.network.outputs = np.zeros(4)
    assert not loop.state(2).safe
    assert loop.supervisor.reason == ''


def test_fault_07_commands_out_of_range_are_limited_and_counted():
    class Wild(Controller):
        def step(self, state, goal, time_s):
            return np.array([-5.0, 1e9, 10.0, LAW.airframe.max_speed])

    supervisor = Supervisor(LAW, Wild(LAW, Network()), Limits())
    supervisor.on_goal(STEP_NS, 0.0, GOAL)
    decision = supervisor.on_state(STEP_NS, STEP_NS, 0.0, NEAR)
    top = LAW.airframe.max_speed
    np.testing.assert_allclose(decision.command, [0, top, 10, top])
    assert (supervisor.counters.clipped, supervisor.counters.commands) == (1, 1)


def test_the_watchdog_fires_once():
    loop = Loop()
    loop.state(1)
    assert loop.watchdog(0.22) is None
    decision = loop.watchdog(0.23)
    assert (decision.command == 0).all()
    assert decision.safe
    assert [loop.watchdog(t) for t in (0.3, 5.0)] == [None, None]
    assert loop.counters.watchdog == 1
    assert loop.supervisor.reason.startswith('state: 0.210 s old')


def test_fault_17_the_watchdog_fires_when_simulated_time_stands_still():
    loop = Loop()
    loop.state(1)
    assert loop.supervisor.on_watchdog(STEP_NS, 0.5).safe
    assert loop.supervisor.reason.startswith('state: 0.480 s old')


def test_states_without_commands_do_not_feed_the_watchdog():
    loop = Loop(STRICT)
    loop.state(1)
    for step in range(2, 30):
        loop.state(step, late_ns=300_000_000)
    assert loop.watchdog(0.6).safe


def test_after_a_stop_the_next_state_starts_afresh():
    loop = Loop()
    loop.state(1)
    stopped = loop.supervisor.stop(7)
    assert (stopped.safe, stopped.stamp_ns, *stopped.command) == (True, 7, 0, 0, 0, 0)
    loop.state(2)
    assert loop.network.episodes == [0, 1]
    assert loop.network.seen[1][0] == pytest.approx(-0.102)


def test_fault_22_a_stop_in_an_emergency_answers_every_state_safely():
    loop = Loop()
    loop.state(1)
    loop.supervisor.arming.stop()
    for step in (2, 3):
        decision = loop.state(step)
        assert (decision.safe, decision.stamp_ns, *decision.command) == (
            True,
            step * STEP_NS,
            0,
            0,
            0,
            0,
        )
    assert loop.supervisor.reason == 'stopped in an emergency'
    assert len(loop.network.seen) == 1
    assert loop.supervisor.arming.reset('') == ''
    assert not loop.state(4).safe
    assert loop.network.episodes == [0, 1]


def test_fault_08_a_limited_rate_counts_from_what_was_sent():
    loop = Loop(Limits(slew_per_s=5.0))
    step, hover = 0.1 * LAW.airframe.max_speed, LAW.airframe.hover_speed
    sent = [loop.state(number).command[0] for number in range(1, 12)]
    np.testing.assert_allclose(sent, np.minimum(step * np.arange(1, 12), hover))
    assert loop.counters.slewed == np.count_nonzero(step * np.arange(1, 12) < hover)
    loop.supervisor.stop(12 * STEP_NS)
    np.testing.assert_allclose(loop.state(13).command, step)


@pytest.mark.parametrize(('next_step', 'missed'), [(2, 0), (3, 1), (6, 4), (1.2, 0), (100, 0)])
def test_fault_14_missed_ticks_are_skipped_and_counted(next_step, missed):
    loop = Loop()
    loop.state(1)
    stamp = round(next_step * STEP_NS)
    assert loop.supervisor.on_state(stamp, stamp, stamp / 1e9, NEAR) is not None
    assert (loop.counters.overruns, loop.counters.ticks) == (missed, 2)


def test_fault_15_an_evaluation_slower_than_the_period_is_counted():
    loop = Loop()
    for took_ns in (STEP_NS, STEP_NS + 1):
        loop.supervisor._record_inference(took_ns)
    assert loop.counters.late == 1


def test_fault_28_limits_change_all_at_once_and_keep_what_was_received():
    loop = Loop()
    assert loop.state(1) is not None
    loop.supervisor.limit(Limits(state_timeout_s=0.1, future_tolerance_s=0.0))
    assert loop.state(2, late_ns=101_000_000) is None
    assert loop.state(3, late_ns=-1) is None
    assert loop.state(3) is not None
    assert loop.watchdog(0.17).safe


NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.0, 1.0, -1.0, 1e300])
)
STAMPS = st.one_of(
    st.integers(-(2**40), 2**62), st.integers(0, 20).map(lambda step: step * STEP_NS)
)
TIMES = st.floats(0, 10)


def numbers(count: int) -> st.SearchStrategy[list[float]]:
    return st.lists(NUMBERS, min_size=count, max_size=count)


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just('state'), STAMPS, STAMPS, TIMES, numbers(13)),
        st.tuples(st.just('state'), STAMPS, st.none(), TIMES, st.just(NEAR.tolist())),
        st.tuples(st.just('goal'), STAMPS, STAMPS, TIMES, numbers(3)),
        st.tuples(st.just('watchdog'), STAMPS, STAMPS, TIMES, st.none()),
    ),
    max_size=20,
)


@given(EVENTS, numbers(4))
@pytest.mark.filterwarnings('ignore::RuntimeWarning')
def test_fault_06_only_finite_commands_in_range_ever_leave(events, outputs):
    loop = Loop()
    loop.network.outputs = np.array(outputs)
    for kind, stamp, now, steady, values in events:
        decision = None
        if kind == 'state':
            decision = loop.supervisor.on_state(
                stamp, stamp if now is None else now, steady, np.array(values)
            )
        elif kind == 'goal':
            loop.supervisor.on_goal(stamp, steady, np.array(values))
        else:
            decision = loop.supervisor.on_watchdog(now, steady)
        if decision is not None:
            assert np.isfinite(decision.command).all()
            assert (decision.command >= 0).all()
            assert (decision.command <= LAW.airframe.max_speed).all()


@pytest.mark.parametrize('fault', [TimeoutError('no answer'), UserError('the board is safe')])
def test_fault_15_a_chip_that_misses_is_bridged_twice_and_then_all_is_safe(fault):
    loop = Loop()
    held = loop.state(1).command
    answer, loop.supervisor._controller.step = loop.supervisor._controller.step, raising(fault)
    for step in (2, 3):
        decision = loop.state(step)
        np.testing.assert_array_equal(decision.command, held)
        assert (decision.safe, decision.stamp_ns) == (False, step * STEP_NS)
    assert loop.state(4).safe
    assert loop.state(5).safe
    assert not loop.state(5).command.any()
    assert str(fault) in loop.supervisor.reason
    loop.supervisor._controller.step = answer
    assert not loop.state(6).safe
    assert (loop.supervisor.reason, loop.counters.chip_missed) == ('', 4)


@pytest.mark.parametrize('script', ['+-', '+--'])
def test_an_answer_between_misses_resets_their_count(script):
    loop, answer = Loop(), None
    for step, outcome in enumerate(script * 20, 1):
        answer = answer or loop.supervisor._controller.step
        loop.supervisor._controller.step = (
            answer if outcome == '+' else raising(TimeoutError('late'))
        )
        decision = loop.state(step)
        assert not decision.safe
        assert loop.supervisor.holding == (outcome == '-')
    assert loop.counters.chip_missed == 20 * script.count('-')
    assert loop.counters.chip_lost == 0


def test_a_chip_that_misses_the_first_command_is_not_bridged():
    loop = Loop()
    loop.supervisor._controller.step = raising(TimeoutError('no answer'))
    assert loop.state(1).safe


def test_the_twin_goes_on_where_the_chip_is_lost_until_it_is_armed():
    loop, twin = Loop(), Network()
    twin.outputs = np.full(4, 0.1)
    controller = Controller(LAW, loop.network, twin)
    supervisor = Supervisor(LAW, controller, USUAL)
    supervisor.on_goal(STEP_NS, 0.02, GOAL)

    def fly(step):
        stamp = step * STEP_NS
        return supervisor.on_state(stamp, stamp, stamp / 1e9, NEAR)

    first = fly(1)
    controller.evaluator = Missing()
    assert [fly(step).safe for step in (2, 3)] == [False, False]
    assert not twin.seen
    on_twin = fly(4)
    assert not on_twin.safe
    assert (on_twin.command != first.command).any()
    assert 'no answer; running on its twin' in supervisor.reason
    assert supervisor.counters.ticks == 4
    controller.evaluator = loop.network
    assert not fly(5).safe
    assert 'running on its twin' in supervisor.reason
    assert len(twin.seen) == 2
    assert supervisor.rearm() == ''
    assert not fly(6).safe
    assert (supervisor.reason, len(twin.seen), supervisor.counters.chip_lost) == ('', 2, 1)


class Missing(Network):
    """Never answers."""

    def __call__(self, observation, time_s):
        """Fail."""
        raise TimeoutError('no answer')


def raising(fault):
    def step(*_):
        raise fault

    return step


@pytest.mark.parametrize(('steady_s', 'waits'), [(12.0, True), (12.001, False)])
def test_fault_01_inputs_may_take_the_grace_time_to_come(steady_s, waits):
    loop = Loop(goal=False)
    assert not loop.supervisor.waits(steady_s)
    loop.supervisor.begin(10.0)
    assert loop.supervisor.waits(steady_s) == waits
    loop.state(1)
    assert loop.supervisor.waits(steady_s) == waits
    loop.supervisor.on_goal(STEP_NS, 0.02, GOAL)
    loop.state(2)
    assert not loop.supervisor.waits(steady_s)


@pytest.mark.parametrize('name', ['state_timeout_s', 'setpoint_timeout_s'])
def test_an_age_shorter_than_the_period_is_refused_with_both(name):
    """A state at 50 Hz is 20 ms old when the next one comes; 0 means never too old."""
    for allowed in (0.0, 0.02, 1.5):
        Limits(**{name: allowed}).check(50.0)
    with pytest.raises(UserError) as refused:
        Limits(**{name: 0.0199}).check(50.0)
    assert str(refused.value) == (
        f'{name.removesuffix("_s")}=0.0199: must not be shorter than the control period of 0.02 s'
    )


def test_a_new_supervisor_has_the_limits_that_it_was_given():
    supervisor = Loop(Limits(state_timeout_s=0.3, setpoint_timeout_s=0.7)).supervisor
    assert (supervisor.state.max_age_s, supervisor.goal.max_age_s) == (0.3, 0.7)
    assert (supervisor.lost, supervisor.holding) == ('', False)
    assert supervisor.rearm() == ''


def test_a_message_that_cannot_be_read_is_counted_and_named():
    supervisor = Loop().supervisor
    for count in (1, 2):
        supervisor.reject(supervisor.goal, 'frame odd: no transform')
        assert supervisor.goal.rejected == count
    assert supervisor.reason == 'goal_pose: frame odd: no transform'
    assert supervisor.state.rejected == 0


def test_what_stands_against_going_live_is_the_first_input_that_is_missing_or_old():
    loop = Loop(STRICT)
    assert loop.supervisor.fault(2 * STEP_NS, 0.04) == 'state: never received'
    loop.state(1)
    assert loop.supervisor.fault(2 * STEP_NS, 0.04) == ''
    assert loop.supervisor.fault(round(0.4e9), 0.4).startswith('state: 0.380 s old')
    fresh = Loop(STRICT, goal=False)
    fresh.state(1)
    assert fresh.supervisor.fault(2 * STEP_NS, 0.04) == 'goal_pose: never received'


def test_the_rest_of_a_state_has_its_own_age():
    loop = Loop(STRICT)
    other = InputGuard('imu', 0.1)
    loop.supervisor.others.append(other)
    assert loop.state(1) is None
    assert loop.supervisor.reason == 'imu: never received'
    other.receive(STEP_NS, 0.02, np.zeros(3))
    assert loop.state(2) is not None
    assert loop.supervisor.fault(2 * STEP_NS, 0.04) == ''
    assert loop.state(9) is None
    assert loop.supervisor.reason.startswith('imu: 0.160 s old')


def test_refusals_resets_and_overruns_add_up():
    loop = Loop()
    for step in (1, 2, 5, 9):
        loop.state(step)
    assert loop.counters.overruns == 2 + 3
    for step in (2000, 4000):
        loop.state(step)
    assert loop.counters.resets == 2
    for step in (4001, 4002):
        assert loop.state(step, late_ns=10**9) is None
    assert loop.counters.refused == 2


def test_the_shortest_step_of_time_is_no_jump():
    loop = Loop()
    loop.supervisor.on_state(STEP_NS, STEP_NS, 0.02, NEAR)
    loop.supervisor.on_state(STEP_NS + 1, STEP_NS + 1, 0.02, NEAR)
    assert loop.counters.resets == 0


def test_a_state_that_is_not_finite_is_the_reason():
    loop = Loop()
    assert loop.state(1, NEAR * np.nan) is None
    assert loop.supervisor.reason == 'state: not finite'


def test_the_watchdog_is_due_its_timeout_after_the_last_command():
    loop = Loop(Limits(state_timeout_s=0.2))
    loop.state(1)
    assert loop.supervisor.watchdog_due_s(0.05) == pytest.approx(0.17)
    assert loop.watchdog(0.21) is None
    loop.supervisor.limit(Limits(state_timeout_s=0.1))
    assert loop.supervisor.watchdog_due_s(0.05) == pytest.approx(0.07)
    decision = loop.supervisor.on_watchdog(10 * STEP_NS, 0.23)
    assert (decision.safe, decision.stamp_ns) == (True, 10 * STEP_NS)
    assert loop.counters.watchdog == 1


def test_the_watchdog_keeps_the_reason_that_there_is():
    loop = Loop()
    loop.state(1)
    for step in (2, 3):
        loop.supervisor.on_state(step * STEP_NS, step * STEP_NS, step * 0.02, NEAR)
    loop.supervisor.reason = 'command: not finite'
    loop.supervisor.on_watchdog(3 * STEP_NS, 0.27)
    assert loop.supervisor.reason.startswith('state: ')
    still = Loop()
    still.state(1)
    still.supervisor.state.max_age_s = 0.0
    still.supervisor.reason = 'chip: late'
    still.supervisor.on_watchdog(STEP_NS, 0.27)
    assert still.supervisor.reason == 'chip: late'
    still.state(2)
    still.supervisor.reason = ''
    still.supervisor.on_watchdog(2 * STEP_NS, 0.5)
    assert still.supervisor.reason == 'state: too old'
