"""A relay between host and board that damages frames by a plan, and counts the damage.

It parses delimiters, not messages, and works in front of any board.
"""

import math
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from pkan_control.boards.emulator.endpoint import Endpoint
from pkan_control.boards.emulator.fault_plans import FaultPlan, FrameFault, Outage
from pkan_control.bridge.transport import Transport
from pkan_control.common.seeding import stream

POLL_S = 0.0005
INSERTED_BYTES = 16
# A byte on a serial line has a start and a stop bit.
BITS_IN_BYTE = 10
# A stale frame is this many frames older than the one that it follows.
STALE_BY = 4


class FaultLine:
    """One direction of the relay, without a clock: bytes go in, and come out when due."""

    def __init__(self, plan: FaultPlan, direction: str, seed: int = 0) -> None:
        """Start with frame 0; each direction of a seed has its own random numbers."""
        self.counts: Counter[FrameFault] = Counter()
        # Frames that passed, and those lost in outages.
        self.frames = self.lost = 0
        self._plan = plan
        self._generator = stream(seed, f'faults {direction}')
        self._rest = b''
        self._due: deque[tuple[float, bytes]] = deque()
        self._latest_s = 0.0
        self._outages = list(plan.outages)
        self._struck: deque[tuple[FrameFault, Callable[[bytes], bool]]] = deque()
        self._past: deque[bytes] = deque(maxlen=STALE_BY + 1)

    def strike(self, fault: FrameFault, matches: Callable[[bytes], bool] = bool) -> None:
        """Damage the next frame that `matches`; it is called without the delimiter."""
        self._struck.append((fault, matches))

    def fail(self, outage: Outage) -> None:
        """Add an outage."""
        self._outages.append(outage)

    @property
    def next_s(self) -> float:
        """Time in s when data is due next, infinity for never."""
        if not self._due:
            return math.inf
        return max([self._due[0][0], *(o.end_s for o in self._outages if o.stalled)])

    def put(self, data: bytes, now_s: float) -> None:
        """Accept bytes; an incomplete frame waits for its delimiter."""
        *pieces, self._rest = (self._rest + data).split(b'\0')
        mute = bool(self._outages) and any(not o.stalled for o in self._now(now_s))
        for piece in pieces:
            if mute:
                self.lost += bool(piece)
                continue
            late_s, damaged = self._pass(piece) if piece else (0.0, b'\0')
            self._latest_s = max(self._latest_s, now_s + late_s) + self._duration_s(damaged)
            self._due.append((self._latest_s, damaged))

    def take(self, now_s: float) -> bytes:
        """Return the bytes that are due."""
        data = b''
        if not self._due or (self._outages and any(o.stalled for o in self._now(now_s))):
            return data
        while self._due and self._due[0][0] <= now_s:
            data += self._due.popleft()[1]
        return data

    def _now(self, now_s: float) -> list[Outage]:
        """Return the outages in progress; drop those that are over."""
        self._outages = [outage for outage in self._outages if outage.end_s > now_s]
        return [outage for outage in self._outages if outage.begin_s <= now_s]

    def _pass(self, piece: bytes) -> tuple[float, bytes]:
        fault = self._draw(piece)
        self.frames += 1
        self._past.append(piece)
        if fault is None:
            return 0.0, piece + b'\0'
        self.counts[fault] += 1
        late_s = self._plan.delay_s if fault is FrameFault.DELAY else 0.0
        return late_s, self._damage(fault, piece)

    def _duration_s(self, data: bytes) -> float:
        return BITS_IN_BYTE * len(data) / self._plan.baud if self._plan.baud else 0.0

    def _draw(self, piece: bytes) -> FrameFault | None:
        if self._struck and self._struck[0][1](piece):
            return self._struck.popleft()[0]
        if self.frames in self._plan.script:
            return self._plan.script[self.frames]
        if not self._plan.rates:
            return None
        number = self._generator.random()
        for fault, rate in self._plan.rates.items():
            if number < rate:
                return fault
            number -= rate
        return None

    def _damage(self, fault: FrameFault, piece: bytes) -> bytes:
        whole = piece + b'\0'
        damaged: dict[FrameFault, Callable[[], bytes]] = {
            FrameFault.DROP: lambda: b'',
            FrameFault.DUPLICATE: lambda: whole + whole,
            FrameFault.INSERT: lambda: self._junk() + whole,
            FrameFault.FLIP: lambda: self._flip(piece) + b'\0',
            FrameFault.TRUNCATE: lambda: piece[: self._below(len(piece) - 1) + 1] + b'\0',
            FrameFault.MERGE: lambda: piece,
            FrameFault.DELAY: lambda: whole,
            FrameFault.STALE: lambda: whole + self._past[0] + b'\0',
        }
        return damaged[fault]()

    def _below(self, limit: int) -> int:
        return int(self._generator.integers(max(limit, 1)))

    def _junk(self) -> bytes:
        return bytes(self._generator.integers(1, 256, INSERTED_BYTES).tolist())

    def _flip(self, piece: bytes) -> bytes:
        place = self._below(len(piece))
        bits = [bit for bit in range(8) if piece[place] != 1 << bit]
        changed = bytearray(piece)
        changed[place] ^= 1 << bits[self._below(len(bits))]
        return bytes(changed)


@dataclass
class Cable:
    """The host's side of the relay: while it is pulled out, the host has no port."""

    endpoint: Endpoint
    # Periods in s in which it is pulled out.
    pulled: Sequence[Outage] = ()

    def serve(self, now_s: float) -> bool:
        """Unplug or plug the endpoint when due; return whether it is plugged in."""
        out = any(outage.begin_s <= now_s < outage.end_s for outage in self.pulled)
        if out == self.endpoint.plugged:
            (self.endpoint.unplug if out else self.endpoint.plug)()
        return not out


def relay(
    host: Cable,
    board: Transport,
    to_board: FaultLine,
    to_host: FaultLine,
    stopped: Callable[[], bool],
) -> None:
    """Pass bytes both ways until `stopped`; the times of the plans count from now."""
    began_s = monotonic()
    while not stopped():
        host.serve(monotonic() - began_s)
        to_board.put(host.endpoint.wait(POLL_S), monotonic() - began_s)
        to_host.put(board.read(0.0), monotonic() - began_s)
        now_s = monotonic() - began_s
        up, down = to_board.take(now_s), to_host.take(now_s)
        if up:
            board.write(up)
        host.endpoint.send(down)
