"""The host's side of a link to a board, without thread, clock or port.

Bytes and times in s go in, bytes come out. The link opens a session with HELLO, feeds the board's
watchdog with PING, ends all waiting requests when it breaks, and schedules the next attempt to
open the port.
"""

import itertools
import logging
import math
import random
from collections import deque
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from pkan_control.bridge.codes import MessageKind, SafeReason, Status
from pkan_control.bridge.frame import EVENT, RESPONSE, VERSION, Decoder, Frame, encode
from pkan_control.bridge.handshake import Greeting, changes, microseconds
from pkan_control.bridge.layouts import EVENTS, REFUSAL, REQUESTS, RESPONSES
from pkan_control.bridge.messages import (
    HelloReply,
    Ping,
    PingReply,
    Safe,
    SweepData,
    TelemetryData,
)
from pkan_control.bridge.responses import AnotherBoardError, LinkLostError

LOGGER = logging.getLogger('pkan_control.board')

WINDOW = 256


@dataclass
class Statistics:
    """Counters of a link; they continue through reconnects."""

    sent: int = 0
    received: int = 0
    retransmitted: int = 0
    timeouts: int = 0
    late: int = 0
    malformed: int = 0
    wrong_session: int = 0
    damaged: int = 0
    # Events whose sequence number does not follow the one before.
    event_gaps: int = 0
    reconnects: int = 0
    # The last round trips in us.
    round_trips_us: deque[int] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def counters(self) -> dict[str, int]:
        """Return the counters by their names in diagnostics; the round trip is a median in us."""
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
        # Another thread may append meanwhile.
        times = sorted(self.round_trips_us.copy())
        return found | ({'link round trip [us]': times[len(times) // 2]} if times else {})


class ClockOffset:
    """The board's clock minus the host's in us, by the exchange with the shortest round trip."""

    def __init__(self) -> None:
        """Start at an offset of 0, without samples."""
        self.offset_us = 0
        self._samples: deque[tuple[int, int]] = deque(maxlen=WINDOW)

    def add(self, exchange: PingReply, t_now: int) -> int:
        """Add an exchange that ended at `t_now` in us; return its round trip."""
        t_host, t_received, t_sent = exchange
        way = (t_now - t_host) - (t_sent - t_received)
        self._samples.append((way, ((t_received - t_host) + (t_sent - t_now)) // 2))
        self.offset_us = min(self._samples)[1]
        return t_now - t_host


class Events:
    """Events received: the last telemetry, the readings of the running sweep, log lines."""

    def __init__(self, statistics: Statistics) -> None:
        """Start without telemetry; undecodable events are counted in the statistics."""
        self.telemetry: TelemetryData | None = None
        self.readings: SimpleQueue[SweepData] = SimpleQueue()
        self._statistics = statistics
        self._last: int | None = None

    def begin(self) -> None:
        """Start a session: accept any sequence number as the first."""
        self._last = None

    def receive(self, frame: Frame) -> None:
        """Decode and keep an event."""
        follows = self._last is None or frame.sequence == (self._last + 1) & 0xFFFF
        self._statistics.event_gaps += not follows
        self._last = frame.sequence
        try:
            event = EVENTS[MessageKind(frame.kind)].unpack(frame.payload)
        except (ValueError, KeyError):
            self._statistics.malformed += 1
            return
        if frame.kind == MessageKind.TELEMETRY:
            self.telemetry = event
        elif frame.kind == MessageKind.SWEEP_DATA:
            self.readings.put(event)
        else:
            LOGGER.info('%s', event.text.decode(errors='backslashreplace'))


PING_S = 0.05
# While armed, a link counts as lost after this long without a byte received.
LOST_S = 0.18
# Pauses before the port is reopened: the first, and the longest.
BACK_OFF_S = (0.1, 2.0)

Answer = SimpleQueue[Frame | None]


class Link:
    """Pending requests, their responses, and what is known about the board."""

    def __init__(self, name: str, rng: random.Random) -> None:
        """Start down; `name` stands for the board in errors, `rng` draws nonces and pauses."""
        self.name = name
        self.statistics = Statistics()
        self.clock = ClockOffset()
        self.events = Events(self.statistics)
        self.hello: HelloReply
        self.credit = 1
        self.watched = False
        # Number of sessions so far; `interrupted` is the reason of the last interruption.
        self.generation = 0
        self.interrupted = ''
        # Whether requests can be sent; if not, when the port is to be reopened.
        self.is_open = False
        self.retry_s = -math.inf
        self._pause_s = BACK_OFF_S[0]
        self._rng = rng
        self._sequence = itertools.count(rng.getrandbits(16))
        self._answers: dict[tuple[int, int], Answer] = {}
        self._outgoing: list[bytes] = []
        self._greeting: Greeting
        self._decoder = Decoder()
        self._damaged = 0
        self._received_s = self._pinged_s = 0.0

    # Called by the port.

    def open_session(self, now_s: float) -> None:
        """Start a session on a port that was opened."""
        self._decoder = Decoder()
        self._greeting = Greeting(self._rng.getrandbits(32), self.next_number())
        self._outgoing = [b'\0', self._greeting.due(now_s)]

    def receive(self, data: bytes, now_s: float) -> None:
        """Process received bytes; raise a `ConnectionError` or `BoardError` on a lost link."""
        self._received_s = now_s
        for frame in self._decoder.feed(data):
            if self.is_open:
                self._deliver(frame, now_s)
            else:
                self._greet(frame, now_s)
        self.statistics.damaged = self._damaged + self._decoder.errors.total

    def tick(self, now_s: float) -> None:
        """Advance the time; raise a `ConnectionError` or `LinkTimeoutError` without a response."""
        if not self.is_open:
            self._outgoing.append(self._greeting.due(now_s))
            return
        if self.watched and now_s - self._received_s > LOST_S:
            # The board may still receive, with only its responses lost.
            self._send(MessageKind.SAFE, self.next_number(), Safe(SafeReason.HOST))
            raise ConnectionError(f'nothing received for {LOST_S:.2f} s')
        if now_s - self._pinged_s >= PING_S:
            self._pinged_s = now_s
            self._send(MessageKind.PING, self.next_number(), Ping(microseconds(now_s)))

    def outgoing(self) -> bytes:
        """Return the bytes to write to the port, and clear them."""
        data = b''.join(self._outgoing)
        self._outgoing.clear()
        return data

    def close_session(self, why: str, now_s: float) -> None:
        """Go down: end all waiting requests, and pause before the next try, longer each time.

        An empty reason keeps the earlier one.
        """
        self.is_open, self.interrupted = False, why or self.interrupted
        self.retry_s = now_s + self._pause_s * self._rng.uniform(0.5, 1.0)
        self._pause_s = min(2 * self._pause_s, BACK_OFF_S[1])
        self._damaged += self._decoder.errors.total
        self._decoder = Decoder()
        self._outgoing.clear()
        for key in list(self._answers):
            answer = self._answers.pop(key, None)
            if answer is not None:
                answer.put(None)

    # Called by sessions.

    def request(self, kind: MessageKind, message: Any, number: int, flags: int = 0) -> Answer:
        """Send a request; the queue returned receives its response, or None if the link breaks."""
        if not self.is_open:
            raise self.down_error()
        self._send(kind, number, message, flags)
        return self._answers.setdefault((kind, number), SimpleQueue())

    def down_error(self) -> LinkLostError:
        """Return the error of a link that is down, with the reason."""
        why = f' ({self.interrupted})' if self.interrupted else ''
        return LinkLostError(f'{self.name}: the link is down{why}')

    def forget(self, kind: MessageKind, number: int) -> None:
        """Stop waiting for a response: it is dropped as late if it still comes."""
        self._answers.pop((kind, number), None)

    def next_number(self) -> int:
        """Return the sequence number of the next request."""
        return next(self._sequence) & 0xFFFF

    # Internal.

    def _send(self, kind: MessageKind, number: int, message: Any, flags: int = 0) -> None:
        payload = REQUESTS[kind].pack(message)
        self._outgoing.append(encode(Frame(kind, number, self.hello.session, payload, flags)))
        self.statistics.sent += 1

    def _greet(self, frame: Frame, now_s: float) -> None:
        hello = self._greeting.read(frame)
        if hello is None:
            return
        if self.generation:
            if hello.uid != self.hello.uid:
                uids = f'{hello.uid.hex()}, was {self.hello.uid.hex()}'
                raise AnotherBoardError(f'another board, {uids}')
            self.interrupted = changes(self.hello, hello) or 'the link was interrupted'
            self.statistics.reconnects += 1
        self.hello, self.credit = hello, hello.credits
        self.events.begin()
        self.generation += 1
        self.watched, self.is_open = False, True
        self._pinged_s, self._pause_s = now_s, BACK_OFF_S[0]

    def _deliver(self, frame: Frame, now_s: float) -> None:
        self.statistics.received += 1
        if frame.version != VERSION or not frame.flags & (RESPONSE | EVENT):
            self.statistics.malformed += 1
        elif self._is_another_session(frame):
            raise ConnectionError('the board was reset, or another host has connected')
        elif frame.session != self.hello.session and frame.kind != MessageKind.SAFE:
            self.statistics.wrong_session += 1
        elif frame.flags & EVENT:
            self.events.receive(frame)
        else:
            self._answer(frame, now_s)

    def _is_another_session(self, frame: Frame) -> bool:
        """Return whether the board refuses this very session, as it does after a reboot."""
        if frame.flags & EVENT or frame.status & 0x7F != Status.SESSION or len(frame.payload) < 8:
            return False
        return bool(REFUSAL.unpack(frame.payload).got == self.hello.session)

    def _answer(self, frame: Frame, now_s: float) -> None:
        self.credit = frame.credit
        answer = self._answers.pop((frame.kind, frame.sequence), None)
        if answer is not None:
            answer.put(frame)
        elif frame.kind == MessageKind.PING:
            self._measure(frame, now_s)
        else:
            self.statistics.late += 1

    def _measure(self, frame: Frame, now_s: float) -> None:
        try:
            exchange: PingReply = RESPONSES[MessageKind.PING].unpack(frame.payload)
        except ValueError:
            self.statistics.malformed += 1
            return
        now_us = microseconds(now_s)
        self.statistics.round_trips_us.append(self.clock.add(exchange, now_us))
