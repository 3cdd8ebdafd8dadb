"""The supervisor: decides which command follows from the inputs, by guards and a controller.

The controller node only translates messages. Time is passed in: `now_ns` is the ROS clock,
`steady_s` a monotonic one.
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.control.controller import Controller
from pkan_control.control.guard import (
    NANOSECONDS,
    NEVER,
    Arming,
    CommandGuard,
    InputGuard,
    Watchdog,
)
from pkan_control.control.laws.law import Law

# Number of evaluations in a row that a chip may miss while the last command is held.
MISSES_HELD = 2


@dataclass(frozen=True)
class Limits:
    """Largest ages of inputs in s, 0 for no limit, and further limits.

    slew_per_s: largest change of a command in ranges per second; 0 for no limit.
    startup_grace_s: time in s in which missing inputs are not reported.
    """

    state_timeout_s: float = 0.2
    setpoint_timeout_s: float = 0.0
    future_tolerance_s: float = 0.05
    # A longer gap between two states is a jump of time: the controller is reset.
    jump_s: float = 0.5
    slew_per_s: float = 0.0
    startup_grace_s: float = 2.0

    def check(self, rate_hz: float) -> None:
        """Raise a `UserError` for an age below the control period."""
        period = 1 / rate_hz
        for name in ('state_timeout_s', 'setpoint_timeout_s'):
            if 0 < getattr(self, name) < period:
                raise UserError(
                    f'{name[:-2]}={getattr(self, name):g}: must not be shorter than '
                    f'the control period of {period:g} s'
                )


@dataclass(frozen=True)
class Decision:
    """A command to publish, with the stamp of the state that it follows from."""

    command: Floats
    stamp_ns: int
    safe: bool = False


@dataclass
class Counters:
    """Counts of ticks, commands and faults so far, for diagnostics."""

    ticks: int = 0
    overruns: int = 0
    late: int = 0
    commands: int = 0
    clipped: int = 0
    slewed: int = 0
    not_finite: int = 0
    chip_missed: int = 0
    chip_lost: int = 0
    refused: int = 0
    resets: int = 0
    watchdog: int = 0
    inference_ns: list[int] = field(default_factory=list)


class Supervisor:
    """Turns states and goals into commands that are safe to publish."""

    def __init__(self, law: Law, controller: Controller, limits: Limits) -> None:
        """Create a supervisor that has received nothing yet."""
        self.state = InputGuard('state', limits.state_timeout_s)
        self.goal = InputGuard('goal_pose', limits.setpoint_timeout_s)
        # Guards of further inputs, where a state comes from more than one topic.
        self.others: list[InputGuard] = []
        self.counters = Counters()
        self.arming = Arming()
        self.reason = f'state: {NEVER}'
        self._law = law
        self._controller = controller
        self._watchdog = Watchdog(limits.state_timeout_s)
        self.limit(limits)
        # The goal received last, the one that is followed, and whether there was a valid one.
        self._goal: Floats | None = None
        self._wanted: Floats | None = None
        self._followed = False
        self._last: Decision | None = None
        self._sent = law.safe_command()
        self._seen: Floats
        self._episode = -1
        self._missed = 0
        self._began_s = -math.inf
        # Reason why the chip was lost; empty while it is available.
        self.lost = ''

    @property
    def holding(self) -> bool:
        """Whether the last command is held because the chip missed a few evaluations."""
        return 0 < self._missed <= MISSES_HELD

    def limit(self, limits: Limits) -> None:
        """Set new limits; inputs and counters are kept.

        Raises a `UserError` for impossible limits, and keeps the old ones.
        """
        limits.check(self._law.rate_hz)
        self.state.max_age_s = limits.state_timeout_s
        self.goal.max_age_s = limits.setpoint_timeout_s
        for guard in (self.state, self.goal, *self.others):
            guard.future_s = limits.future_tolerance_s
        self._watchdog.timeout_s = limits.state_timeout_s
        self._jump_ns = round(limits.jump_s * NANOSECONDS)
        self._grace_s = limits.startup_grace_s
        step = limits.slew_per_s / self._law.rate_hz or math.inf
        self._guard = CommandGuard(self._law.command, step)

    def begin(self, steady_s: float) -> None:
        """Start control: the grace time of the inputs runs from now on."""
        self._began_s = steady_s

    def waits(self, steady_s: float) -> bool:
        """Return whether an input is missing within the grace time."""
        late = steady_s - self._began_s > self._grace_s
        return self.reason.endswith(NEVER) and not late

    def on_goal(self, stamp_ns: int, steady_s: float, values: Floats) -> None:
        """Receive a goal `[n]`; one that is not finite is counted and dropped."""
        if self.goal.receive(stamp_ns, steady_s, values):
            self._goal = values

    def on_state(
        self, stamp_ns: int, now_ns: int, steady_s: float, values: Floats
    ) -> Decision | None:
        """Receive a state `[n]`; return the decision for it, or None and set `reason`.

        A repeated state repeats the command, without a second evaluation.
        """
        if not self.state.receive(stamp_ns, steady_s, values):
            self.reason = 'state: not finite'
            return None
        if self._is_repeated(stamp_ns, values):
            return self._last
        if self.arming.stopped:
            self.reason = 'stopped in an emergency'
            return self.stop(stamp_ns)
        stale = self.goal.fault(now_ns, steady_s) or ''
        self._follow(values, stale)
        fault = self._unseen(now_ns, steady_s) or ('' if self._followed else stale)
        if fault:
            self._refuse(fault)
            return None
        self._record_jump(stamp_ns)
        self._watchdog.feed(steady_s)
        self.counters.ticks += 1
        self._last, self._seen = self._decide(stamp_ns, values), values
        self._sent = self._last.command
        self.reason = self.reason or (f'{stale}: holding' if stale else '')
        return self._last

    def reject(self, guard: InputGuard, why: str) -> None:
        """Count a message of an input that could not be read."""
        guard.rejected += 1
        self.reason = f'{guard.name}: {why}'

    def _unseen(self, now_ns: int, steady_s: float) -> str:
        """Return the fault of the first input of the state that is missing or too old."""
        faults = (each.fault(now_ns, steady_s) for each in (self.state, *self.others))
        return next((fault for fault in faults if fault), '')

    def _follow(self, state: Floats, stale: str) -> None:
        """Follow the goal; one that became too old is replaced by holding the position."""
        if not stale:
            self._followed, self._wanted = True, self._goal
        elif self._followed and self._wanted is self._goal:
            self._wanted = self._law.hold(state)

    def _is_repeated(self, stamp_ns: int, values: Floats) -> bool:
        """Return whether a state is the last one again; a reset may repeat the stamp alone."""
        if self._last is None or stamp_ns != self._last.stamp_ns:
            return False
        return bool(np.array_equal(values, self._seen))

    def _refuse(self, reason: str) -> None:
        self.reason = reason
        self.counters.refused += 1

    def _record_jump(self, stamp_ns: int) -> None:
        """Reset the controller after a jump of time; count the ticks that were missed."""
        elapsed = 0 if self._last is None else stamp_ns - self._last.stamp_ns
        if 0 < elapsed <= self._jump_ns:
            periods = round(elapsed * self._law.rate_hz / NANOSECONDS)
            self.counters.overruns += max(periods - 1, 0)
            return
        self._episode += 1
        self.counters.resets += self._last is not None
        self._controller.reset(self._episode)

    def rearm(self) -> str:
        """Arm a chip that was lost; return the reason of a refusal, or an empty string."""
        if not self.lost:
            return ''
        try:
            self._controller.arm()
        except (TimeoutError, UserError) as error:
            return str(error)
        self.lost, self._missed = '', 0
        return ''

    def _decide(self, stamp_ns: int, state: Floats) -> Decision:
        if self._wanted is None:
            self.reason = ''
            return Decision(self._law.safe_command(), stamp_ns, safe=True)
        try:
            command = self._controller.step(state, self._wanted, stamp_ns / NANOSECONDS)
        except (TimeoutError, UserError) as error:
            return self._miss(stamp_ns, state, f'chip: {error}')
        self._missed = 0
        checked = self._guard.check(command, self._sent)
        self._record_inference(self._controller.inference_ns)
        if checked is None:
            self.counters.not_finite += 1
            self.reason = 'command: not finite'
            return Decision(self._law.safe_command(), stamp_ns, safe=True)
        self.counters.commands += 1
        self.counters.clipped += checked.clipped > 0
        self.counters.slewed += checked.slewed > 0
        self.lost = self.lost if self._controller.on_twin else ''
        self.reason = f'{self.lost}; running on its twin' if self.lost else ''
        return Decision(checked.command, stamp_ns)

    def _record_inference(self, took_ns: int) -> None:
        self.counters.inference_ns.append(took_ns)
        self.counters.late += took_ns > NANOSECONDS / self._law.rate_hz

    def _miss(self, stamp_ns: int, state: Floats, reason: str) -> Decision:
        """Hold the last command; after `MISSES_HELD` misses run on the twin, or go safe."""
        self.reason = reason
        self.counters.chip_missed += 1
        self._missed += 1
        if self._missed > MISSES_HELD and not self.lost:
            self.counters.chip_lost += 1
            self.lost = reason
            if self._controller.lose(reason):
                return self._decide(stamp_ns, state)
        if self._last is None or self._missed > MISSES_HELD:
            return Decision(self._law.safe_command(), stamp_ns, safe=True)
        return replace(self._last, stamp_ns=stamp_ns)

    def on_watchdog(self, now_ns: int, steady_s: float) -> Decision | None:
        """Return the safe command, once, when no state has led to a command for too long."""
        if not self._watchdog.fires(steady_s):
            return None
        self.counters.watchdog += 1
        self.reason = self._unseen(now_ns, steady_s) or self.reason or 'state: too old'
        return self.stop(now_ns)

    def watchdog_due_s(self, steady_s: float) -> float:
        """Return the time in s until the watchdog can fire."""
        return self._watchdog.due_s(steady_s)

    def fault(self, now_ns: int, steady_s: float) -> str:
        """Return the fault that forbids going live: an input that is missing or too old."""
        return self._unseen(now_ns, steady_s) or self.goal.fault(now_ns, steady_s) or ''

    def stop(self, now_ns: int) -> Decision:
        """Return the safe command; the next state resets the controller."""
        self._last = None
        self._sent = self._law.safe_command()
        return Decision(self._law.safe_command(), now_ns, safe=True)
