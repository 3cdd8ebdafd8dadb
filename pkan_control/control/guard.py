"""Guards between inputs, commands and actuators: pure decisions, to which time is passed.

Stamps of messages are integer nanoseconds of the ROS clock; `steady_s` is a monotonic clock, which
runs on when simulated time stops.
"""

import math
from dataclasses import dataclass

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.control.signals import Terms

NANOSECONDS = 1_000_000_000
# Fault of an input of which no message has come.
NEVER = 'never received'


def is_finite(values: Floats) -> bool:
    """Return whether all numbers `[n]` are finite: for a few of them faster than NumPy."""
    return all(map(math.isfinite, values.tolist()))


@dataclass(frozen=True)
class Checked:
    """A command that may be published, and how many of its values were limited."""

    command: Floats
    clipped: int
    slewed: int = 0


class CommandGuard:
    """Limits commands in range and rate, and rejects those that are not finite."""

    def __init__(self, terms: Terms, largest_step: float = np.inf) -> None:
        """Take the ranges `offset +- scale` of the law's command terms.

        `largest_step` is the largest change from one command to the next, as a share of the range.
        """
        half = np.array([signal.scale for signal in terms.signals])
        middle = np.array([signal.offset for signal in terms.signals])
        self.low, self.high = middle - half, middle + half
        self._step = 2 * half * largest_step
        self._limits_rate = math.isfinite(largest_step)

    def check(self, command: Floats, last: Floats | None = None) -> Checked | None:
        """Return the command `[n]` within its limits, or None for one that must not be used.

        Its rate is limited where the `last` command sent is given.
        """
        if command.shape != self.low.shape or not is_finite(command):
            return None
        limited = np.minimum(np.maximum(command, self.low), self.high)
        clipped = int(np.count_nonzero(limited != command))
        if last is None or not self._limits_rate:
            return Checked(limited, clipped)
        slow = np.minimum(np.maximum(limited, last - self._step), last + self._step)
        return Checked(slow, clipped, int(np.count_nonzero(slow != limited)))


@dataclass
class InputGuard:
    """Checks the age of one input, by its stamp and by its time of receipt.

    A fault is a line that names the input; None means that it can be used. A `max_age_s` of 0 is
    no limit, for a goal that is sent once.
    """

    name: str
    max_age_s: float
    future_s: float = 0.05
    stamp_ns: int | None = None
    received_s: float = 0.0
    rejected: int = 0

    def receive(self, stamp_ns: int, steady_s: float, values: Floats) -> bool:
        """Record a message and return True; count one that is not finite and return False."""
        if not is_finite(values):
            self.rejected += 1
            return False
        self.stamp_ns, self.received_s = stamp_ns, steady_s
        return True

    def fault(self, now_ns: int, steady_s: float) -> str | None:
        """Return why the input cannot be used at a time of both clocks, or None."""
        if self.stamp_ns is None:
            return f'{self.name}: {NEVER}'
        if self.max_age_s <= 0:
            return None
        if self.stamp_ns <= 0:
            return f'{self.name}: stamp is zero'
        age = (now_ns - self.stamp_ns) / NANOSECONDS
        if age < -self.future_s:
            return f'{self.name}: stamp is {-age:.3f} s in the future (clocks differ?)'
        late = max(age, steady_s - self.received_s)
        if late > self.max_age_s:
            return f'{self.name}: {late:.3f} s old, allowed are {self.max_age_s:.3f} s'
        return None

    def forget(self) -> None:
        """Discard what was received: time jumped back."""
        self.stamp_ns = None


@dataclass
class Watchdog:
    """Fires once when it has not been fed for `timeout_s` on the steady clock."""

    timeout_s: float
    fed_s: float | None = None

    def feed(self, steady_s: float) -> None:
        """Restart the timeout."""
        self.fed_s = steady_s

    def due_s(self, steady_s: float) -> float:
        """Return the time in s until it can fire, unless it is fed again."""
        return self.timeout_s - (0.0 if self.fed_s is None else steady_s - self.fed_s)

    def fires(self, steady_s: float) -> bool:
        """Return whether the timeout has run out; then it rests until it is fed again."""
        if self.fed_s is None or steady_s - self.fed_s <= self.timeout_s:
            return False
        self.fed_s = None
        return True


@dataclass
class Arming:
    """Where commands go: a dry run, live, or stopped; a refused request returns the reason.

    live: commands go to the actuators, otherwise to the shadow topic. stopped: every command is
    the safe one, until a reset, which leaves a dry run. A stop in a dry run commands nothing.
    """

    live: bool = False
    stopped: bool = False

    def enable(self, live: bool, fault: str) -> str:
        """Go live, unless there is a fault, or back to a dry run."""
        if live and self.stopped:
            return 'stopped in an emergency: reset first'
        if live and fault:
            return fault
        if self.stopped:
            return ''
        self.live = live
        return ''

    def stop(self) -> None:
        """Stop in an emergency, until a reset."""
        self.stopped = True

    def reset(self, fault: str) -> str:
        """End an emergency stop, unless there is a fault; a dry run follows."""
        if self.stopped and fault:
            return fault
        self.live = self.live and not self.stopped
        self.stopped = False
        return ''
