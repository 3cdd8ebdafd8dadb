"""An emulated board and its wire in virtual time, which passes only while the host reads.

A day takes minutes, and the same faults at the same times give the same results.
"""

from collections.abc import Callable

from pkan_control.boards.emulator.fault_plans import FaultPlan, Outage
from pkan_control.boards.emulator.fault_proxy import FaultLine
from pkan_control.boards.emulator.firmware import Firmware

TRANSIT_S = 300e-6


class VirtualWire:
    """Transport to the board; `now_s` is the clock of host and board."""

    def __init__(self, firmware: Firmware, seed: int) -> None:
        """Start at 0 s; the seed is that of the damage to frames."""
        self.firmware = firmware
        self.to_board = FaultLine(FaultPlan(), 'to the board', seed)
        self.to_host = FaultLine(FaultPlan(), 'to the host', seed)
        self._now_s = 0.0
        self._plugged_s = 0.0
        self._open = False
        self._plan: list[tuple[float, Callable[[], None]]] = []

    def now_s(self) -> float:
        """Return the virtual time in s."""
        return self._now_s

    @property
    def now_us(self) -> int:
        """Virtual time in us."""
        return round(self._now_s * 1e6)

    def at(self, time_s: float, action: Callable[[], None]) -> None:
        """Schedule an action."""
        self._plan.append((time_s, action))

    def unplug(self, seconds: float) -> None:
        """Pull the cable out, and plug it in again after a time in s."""
        self._open, self._plugged_s = False, self._now_s + seconds
        for line in (self.to_board, self.to_host):
            line.fail(Outage(self._now_s, self._plugged_s))

    # The methods of a transport.

    def connect(self) -> 'VirtualWire':
        """Open the host's end; it is its own transport."""
        if self._now_s < self._plugged_s:
            raise ConnectionError('no such device')
        self._open = True
        return self

    def read(self, timeout_s: float) -> bytes:
        """Advance the time until data comes, at most by `timeout_s`."""
        until_s = self._now_s + timeout_s
        while self._open:
            data = self.to_host.take(self._now_s)
            if data or self._now_s >= until_s:
                return data
            self._pass(until_s)
        raise ConnectionError('the device is gone')

    def write(self, data: bytes) -> None:
        """Send to the board."""
        if not self._open:
            raise ConnectionError('the device is gone')
        self.to_board.put(data, self._now_s + TRANSIT_S)

    def close(self) -> None:
        """Close the host's end; the board keeps running."""
        self._open = False

    def sleep(self, seconds: float) -> None:
        """Advance the time while the host does not read."""
        until_s = self._now_s + seconds
        while self._now_s < until_s:
            self._pass(until_s)
            if not self._open:
                self.to_host.take(self._now_s)

    def _pass(self, until_s: float) -> None:
        """Advance the time to the next event, at most to `until_s`."""
        board, due_us = self.firmware, self.firmware.next_us
        due_s = min(self.to_board.next_s, self.to_host.next_s, due_us * 1e-6, until_s)
        if self._plan:
            due_s = self._act(due_s)
        self._now_s = max(self._now_s, due_s)
        data = self.to_board.take(self._now_s)
        if data:
            answer = board.receive(data, self.now_us)
        elif due_us <= self.now_us:
            answer = board.tick(self.now_us)
        else:
            return
        self.to_host.put(answer, self._now_s + TRANSIT_S)

    def _act(self, until_s: float) -> float:
        """Run the next scheduled action if due before a time; return the time of the event."""
        self._plan.sort(key=lambda planned: planned[0])
        if self._plan[0][0] > until_s:
            return until_s
        time_s, action = self._plan.pop(0)
        self._now_s = max(self._now_s, time_s)
        action()
        return self._now_s
