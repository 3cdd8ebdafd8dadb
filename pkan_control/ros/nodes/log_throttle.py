"""Throttling of a node's log: each reason once, until there has been none for a while."""

import math
import re

NUMBERS = re.compile(r'[0-9.-]+')
# Time [s] without a reason after which the node counts as recovered. Less would fill the log where
# two faults alternate, or where one comes with every second message.
RECOVERY_S = 1.0


class LogThrottle:
    """Decides which reasons are logged; the time is passed in.

    Reasons that differ only in their numbers are the same.
    """

    def __init__(self) -> None:
        """Begin without a reason."""
        self._logged: set[str] = set()
        self._last_s = -math.inf

    def line(self, reason: str, steady_s: float) -> str:
        """Return the line to log for a reason, empty where there is none, at a time [s].

        An empty reason means that nothing is wrong; once that has lasted, the recovery is logged.
        """
        if not reason:
            if not self._logged or steady_s - self._last_s <= RECOVERY_S:
                return ''
            self._logged.clear()
            return 'recovered: no more faults'
        self._last_s = steady_s
        pattern = NUMBERS.sub('', reason)
        if pattern in self._logged:
            return ''
        self._logged.add(pattern)
        return reason
