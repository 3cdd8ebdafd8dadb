"""Which reasons are worth a line in the log: each of them once, until all has been well."""

import math
import re

NUMBERS = re.compile(r'[0-9.-]+')
# All is well when nothing was complained of for so long, in s: two faults that take turns, or one
# that comes with every second message, would fill the log otherwise.
WELL_S = 1.0


class Complaints:
    """Takes reasons as they come, numbers and all; there is no clock in here."""

    def __init__(self) -> None:
        """Begin with all well."""
        self._told: set[str] = set()
        self._last_s = -math.inf

    def line(self, reason: str, steady_s: float) -> str:
        """Return what to log of a reason (empty: none) at a time in s; empty for nothing."""
        if not reason:
            if not self._told or steady_s - self._last_s <= WELL_S:
                return ''
            self._told.clear()
            return 'all is well again'
        self._last_s = steady_s
        kind = NUMBERS.sub('', reason)
        if kind in self._told:
            return ''
        self._told.add(kind)
        return reason
