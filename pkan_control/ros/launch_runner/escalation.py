"""When a process that is asked to end gets which signal."""

from dataclasses import dataclass
from signal import Signals

STEPS = (Signals.SIGINT, Signals.SIGTERM, Signals.SIGKILL)


@dataclass
class Escalation:
    """SIGINT, then SIGTERM, then SIGKILL, each sent once; times are passed in [s]."""

    sigterm_timeout: float
    sigkill_timeout: float
    sent: int = 0
    """How many of the steps have been taken."""
    deadline: float | None = None
    """When the next step is due; None if none is."""

    def advance(self, now: float) -> Signals | None:
        """Take the next step: return the signal to send, None if all have been sent."""
        if self.sent == len(STEPS):
            return None
        waits = (self.sigterm_timeout, self.sigkill_timeout, None)
        wait = waits[self.sent]
        self.deadline = None if wait is None else now + wait
        self.sent += 1
        return STEPS[self.sent - 1]

    def due(self, now: float) -> Signals | None:
        """Return the signal to send now that time has passed, None if it is not time yet."""
        if self.deadline is None or now < self.deadline:
            return None
        return self.advance(now)
