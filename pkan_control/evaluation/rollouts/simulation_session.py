"""A simulation of episode after episode, in lockstep or in real time, without a clock of its own.

The simulation node runs it; `steady_s` is the time of a monotonic clock.
"""

from dataclasses import dataclass
from enum import Enum

from pkan_control.common.arrays import Floats
from pkan_control.control.guard import CommandGuard
from pkan_control.evaluation.rollouts.episode import NANOSECONDS, Episode
from pkan_control.evaluation.rollouts.record import EpisodeRecord
from pkan_control.sim.effects import NO_EFFECTS, Effects
from pkan_control.sim.world import Simulation
from pkan_control.tasks.task import Task

# A state without an answer is published again after this time: a message may be lost, or its
# receiver may not have started yet. The answer to a repeated state is the same.
REPEAT_S = 0.05


class Mode(Enum):
    """Whether time waits for commands."""

    LOCKSTEP = 'lockstep'
    REAL_TIME = 'real time'


@dataclass(frozen=True)
class Pace:
    """Speed of simulated time: the factor to real time, 0 for as fast as possible in lockstep."""

    mode: Mode
    real_time_factor: float
    lockstep_timeout_s: float
    command_timeout_s: float


class SimulationSession:
    """The present episode, and the decision when it advances."""

    def __init__(
        self, task: Task, world: Simulation, seed: int, pace: Pace, effects: Effects = NO_EFFECTS
    ) -> None:
        """Begin with episode 0."""
        self._task, self._world, self._seed, self._pace = task, world, seed, pace
        self._effects = effects
        self._safe = task.law.safe_command()
        self._guard = CommandGuard(task.law.command)
        self._number = -1
        self.stopped = ''
        self._paused_s: float | None = None
        self.restart(0.0)

    def restart(self, steady_s: float) -> None:
        """Begin the next episode; its time starts from zero."""
        self._number += 1
        self.stopped = ''
        self.episode = Episode(self._task, self._world, self._seed, self._number, self._effects)
        self._command: Floats = self._safe
        self._command_ns = 0
        self._began_s: float | None = None
        self._answered = False
        self._took_ns = 0
        self._offered_s = steady_s
        self._repeated_s = steady_s

    def take(self, stamp_ns: int, command: Floats, steady_s: float) -> bool:
        """Take a command, in lockstep only that for the present state; return if time advances.

        A command that is not finite, or that arrives when time has stopped, is dropped; one out of
        range is limited, as by an actuator.
        """
        checked = self._guard.check(command)
        if self.stopped or checked is None or self.episode.done:
            return False
        if self._pace.mode is Mode.REAL_TIME:
            if self._is_recent(stamp_ns):
                self._command, self._command_ns = checked.command, self.episode.time_ns
            return False
        if stamp_ns != self.episode.time_ns or self._answered or self.paused:
            return False
        self._command, self._answered = checked.command, True
        # The first answer may have waited for its sender to start, which is no latency.
        since = self._repeated_s if self._began_s is None else self._offered_s
        self._took_ns = round((steady_s - since) * NANOSECONDS)
        return self._advance_if_due(steady_s)

    def _is_recent(self, stamp_ns: int) -> bool:
        """Return whether a stamp is of this episode and not too old; 0 is a command unstamped."""
        age_s = abs(self.episode.time_ns - stamp_ns) / NANOSECONDS
        return stamp_ns == 0 or age_s <= self._pace.command_timeout_s

    def tick(self, steady_s: float) -> bool:
        """Return whether the present state is to be published now, for the first time or again."""
        if self.stopped or self.paused or self.episode.done:
            return False
        if self._pace.mode is Mode.REAL_TIME:
            return self._tick_real_time(steady_s)
        if self._answered:
            return self._advance_if_due(steady_s)
        self._check_lockstep(steady_s)
        if self.stopped or steady_s - self._repeated_s < REPEAT_S:
            return False
        self._repeated_s = steady_s
        return True

    def _tick_real_time(self, steady_s: float) -> bool:
        """Advance by one period; in real time this is called once a period."""
        self._began_s = steady_s if self._began_s is None else self._began_s
        age_s = (self.episode.time_ns - self._command_ns) / NANOSECONDS
        stale = self._command_ns == 0 or age_s > self._pace.command_timeout_s
        self._advance(self._safe if stale else self._command, steady_s)
        return True

    def _check_lockstep(self, steady_s: float) -> None:
        """Zero the actuators and stop time when a command is overdue."""
        waited = steady_s - self._offered_s
        if self._began_s is not None and waited > self._pace.lockstep_timeout_s:
            self._command = self._safe
            self.stopped = f'no command for {waited:.1f} s: actuators zeroed, time stopped'

    def _advance_if_due(self, steady_s: float) -> bool:
        if not self._is_due(steady_s):
            return False
        self._advance(self._command, steady_s)
        return True

    def _is_due(self, steady_s: float) -> bool:
        """Return whether this control period is over on the wall clock."""
        if self._began_s is None:
            self._began_s = steady_s
        factor = self._pace.real_time_factor
        if factor == 0:
            return True
        due = self._began_s + (self.episode.step + 1) / self._task.rate_hz / factor
        return steady_s >= due

    def _advance(self, command: Floats, steady_s: float) -> None:
        self.episode.advance(command, self._took_ns)
        self._answered = False
        self._took_ns = 0
        self._offered_s = self._repeated_s = steady_s

    @property
    def paused(self) -> bool:
        """Whether time is paused."""
        return self._paused_s is not None

    def pause(self, on: bool, steady_s: float) -> None:
        """Pause or resume time; a pause counts neither as waiting nor as real time."""
        if on == self.paused:
            return
        if self._paused_s is None:
            self._paused_s = steady_s
            return
        stood = steady_s - self._paused_s
        self._paused_s = None
        self._began_s = None if self._began_s is None else self._began_s + stood
        self._offered_s = self._repeated_s = steady_s

    def step_once(self, steady_s: float) -> bool:
        """Advance by one control period while paused, with the last command."""
        if not self.paused or self.stopped or self.episode.done:
            return False
        self._advance(self._command, steady_s)
        return True

    def record(self, steady_s: float) -> EpisodeRecord:
        """Return the record of the episode so far."""
        began = steady_s if self._began_s is None else self._began_s
        return self.episode.record(max(steady_s - began, 1e-9))
