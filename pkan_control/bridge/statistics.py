"""What a link counts: losses, retries, times, and the clock of the other side."""

from collections import deque
from dataclasses import dataclass, field

from pkan_control.bridge.messages import PingReply

KEPT = 256


@dataclass
class Statistics:
    """Counters of a session; they go on through reconnects."""

    sent: int = 0
    received: int = 0
    retransmitted: int = 0
    timeouts: int = 0
    late: int = 0
    malformed: int = 0
    wrong_session: int = 0
    damaged: int = 0
    # Events whose number does not follow that of the one before.
    event_gaps: int = 0
    reconnects: int = 0
    # Round trips in us, the last ones.
    round_trips_us: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT))

    def counters(self) -> dict[str, int]:
        """Return what was counted, by names for people; the round trip is the median, in us."""
        found = {
            'link requests sent': self.sent,
            'link frames received': self.received,
            'link requests sent again': self.retransmitted,
            'link requests without answer': self.timeouts,
            'link answers too late': self.late,
            'link frames damaged': self.damaged,
            'link frames without meaning': self.malformed + self.wrong_session,
            'link events lost': self.event_gaps,
            'link reconnects': self.reconnects,
        }
        # Another thread may add one meanwhile.
        times = sorted(self.round_trips_us.copy())
        return found | ({'link round trip [us]': times[len(times) // 2]} if times else {})


class ClockOffset:
    """The board's clock minus the host's in us, from the exchange with the shortest way."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.offset_us = 0
        self._samples: deque[tuple[int, int]] = deque(maxlen=KEPT)

    def add(self, exchange: PingReply, t_now: int) -> int:
        """Take an exchange that ended at `t_now` in us; return its round trip."""
        t_host, t_received, t_sent = exchange
        way = (t_now - t_host) - (t_sent - t_received)
        self._samples.append((way, ((t_received - t_host) + (t_sent - t_now)) // 2))
        self.offset_us = min(self._samples)[1]
        return t_now - t_host
