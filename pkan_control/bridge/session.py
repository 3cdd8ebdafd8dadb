"""A session with a board: requests and their answers over a link that may break.

A thread of its own reads. It also sends PING, so that a board's watchdog can tell that this
process lives, and it opens the link again where it broke.
"""

import itertools
import os
import random
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty as QueueEmpty
from queue import SimpleQueue
from typing import Any

from pkan_control.bridge.codes import Kind, Status
from pkan_control.bridge.errors import BoardError, LinkLostError, LinkTimeoutError
from pkan_control.bridge.events import Events
from pkan_control.bridge.frame import (
    EVENT,
    RESPONSE,
    RETRANSMISSION,
    VERSION,
    WILDCARD,
    Decoder,
    Frame,
    encode,
)
from pkan_control.bridge.handshake import TRIES_S, changes, now_us, shake_hands
from pkan_control.bridge.layouts import REFUSAL, REQUESTS, RESPONSES
from pkan_control.bridge.messages import HelloReply, Ping, PingReply
from pkan_control.bridge.responses import read_response, unpack_response
from pkan_control.bridge.statistics import ClockOffset, Statistics
from pkan_control.bridge.transport import Transport

READ_S = 0.02
PING_S = 0.05
# While armed, a link on which nothing has come for this long counts as lost.
LOST_S = 0.18
BACK_OFF_S = (0.1, 2.0)

Answer = SimpleQueue[Frame | None]


class Session:
    """Requests and answers; one board, any number of threads."""

    def __init__(self, name: str, connect: Callable[[], Transport]) -> None:
        """Open the link and the session; `name` is what errors call it."""
        self.name = name
        self.statistics = Statistics()
        self.clock = ClockOffset()
        self.events = Events(self.statistics)
        self.credit = 1
        self.watched = False
        # Counts the sessions with the board; `interrupted` says what was found after the last.
        self.generation = 0
        self.interrupted = ''
        self._connect = connect
        # Two hosts, or one that starts again, must not do the same at the same time.
        self._chance = random.Random(f'{name} {os.getpid()}')  # noqa: S311 (no secret)
        self._sequence = itertools.count(self._chance.getrandbits(16))
        self._answers: dict[tuple[int, int], Answer] = {}
        self._writing = threading.Lock()
        self._closing = threading.Event()
        self._damaged = 0
        self._transport: Transport | None = None
        self.hello: HelloReply
        self._adopt(*self._open())
        self._thread = threading.Thread(target=self._run, name=f'reader of {name}', daemon=True)
        self._thread.start()

    def _open(self) -> tuple[Transport, HelloReply]:
        try:
            transport = self._connect()
        except OSError as error:
            raise LinkLostError(f'cannot open {self.name}: {error}') from None
        self._decoder = Decoder()
        try:
            return transport, shake_hands(transport, self._decoder)
        except ConnectionError:
            transport.close()
            text = f'{self.name}: the board hung up: does another host have it?'
            raise LinkLostError(text) from None
        except OSError as error:
            transport.close()
            raise LinkLostError(f'{self.name}: {error}') from None
        except BoardError as error:
            transport.close()
            raise BoardError(f'{self.name}: {error}') from None

    def _adopt(self, transport: Transport, hello: HelloReply) -> None:
        self.hello = hello
        self.credit = hello.credits
        self.generation += 1
        self.watched = False
        self._heard_s = self._pinged_s = time.monotonic()
        self._transport = transport

    # What callers do.

    def request(self, kind: Kind, message: Any, tries_s: Sequence[float] = TRIES_S) -> Any:
        """Send an idempotent request, again where no answer comes; return the response."""
        sequence = self._next()
        for index, wait_s in enumerate(tries_s):
            flags = RETRANSMISSION if index else 0
            self.statistics.retransmitted += index > 0
            answer = self.send(kind, message, sequence, flags)
            frame = self.wait(answer, (kind, sequence), wait_s)
            if frame is not None:
                return read_response(self.name, frame)
        raise LinkTimeoutError(f'{self.name}: no answer to {kind.name} after {len(tries_s)} tries')

    def ask_once(self, kind: Kind, message: Any, wait_s: float) -> tuple[int, Any]:
        """Send a request that is never sent again; return status and response."""
        sequence = self._next()
        frame = self.wait(self.send(kind, message, sequence), (kind, sequence), wait_s)
        if frame is None:
            raise LinkTimeoutError(f'{self.name}: no answer to {kind.name} in {wait_s:.4f} s')
        if frame.status & 0x7F in (Status.OK, Status.SAFE) and frame.payload:
            return frame.status & 0x7F, unpack_response(self.name, frame)
        return 0, read_response(self.name, frame)

    def send(
        self, kind: Kind, message: Any, sequence: int | None = None, flags: int = 0
    ) -> Answer:
        """Send a request; the answer is put where `wait` finds it."""
        number = self._next() if sequence is None else sequence
        answer = self._answers.setdefault((kind, number), SimpleQueue())
        try:
            payload = REQUESTS[kind].pack(message)
            self._write(Frame(kind, number, self._session_of(kind), payload, flags))
        except BaseException:
            self._answers.pop((kind, number), None)
            raise
        return answer

    def wait(self, answer: Answer, key: tuple[int, int], wait_s: float) -> Frame | None:
        """Return the answer, or None if none comes in time: then it will be dropped as late."""
        try:
            frame = answer.get(timeout=max(wait_s, 0.0))
        except QueueEmpty:
            self.statistics.timeouts += 1
            return None
        finally:
            self._answers.pop(key, None)
        if frame is None:
            raise LinkLostError(f'{self.name}: the link broke')
        return frame

    def send_window(self, kind: Kind, messages: Sequence[Any], wait_s: float) -> list[Frame]:
        """Send several requests at once; return the answers that came in time."""
        keys = [(kind, self._next()) for _ in messages]
        waiting = [
            self.send(kind, message, key[1]) for key, message in zip(keys, messages, strict=True)
        ]
        until = time.monotonic() + wait_s
        answers = (
            self.wait(answer, key, until - time.monotonic())
            for answer, key in zip(waiting, keys, strict=True)
        )
        return [frame for frame in answers if frame is not None]

    def close(self) -> None:
        """End the session; the board's watchdog notices."""
        self._closing.set()
        if self._thread is not threading.current_thread():
            self._thread.join()
        self._drop()

    def _next(self) -> int:
        return next(self._sequence) & 0xFFFF

    def _session_of(self, kind: Kind) -> int:
        return WILDCARD if kind == Kind.SAFE else self.hello.session

    def _write(self, frame: Frame) -> None:
        data = encode(frame)
        with self._writing:
            transport = self._transport
            if transport is None:
                raise LinkLostError(f'{self.name}: the link is down{self._why()}')
            try:
                transport.write(data)
            except (OSError, ValueError) as error:
                raise LinkLostError(f'{self.name}: {error}') from None
        self.statistics.sent += 1

    def _why(self) -> str:
        return f' ({self.interrupted})' if self.interrupted else ''

    # What the reader thread does.

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._pump()
            except (OSError, ValueError) as error:
                self.interrupted = str(error)
                self._drop()
                self._reconnect()

    def _pump(self) -> None:
        transport = self._transport
        if transport is None:
            raise ConnectionError('the link is down')
        data = transport.read(READ_S)
        if data:
            self._heard_s = time.monotonic()
            for frame in self._decoder.feed(data):
                self._deliver(frame)
            self.statistics.damaged = self._damaged + self._decoder.errors.total
        self._keep_alive(time.monotonic())

    def _keep_alive(self, now_s: float) -> None:
        if self.watched and now_s - self._heard_s > LOST_S:
            raise ConnectionError(f'nothing heard for {LOST_S:.2f} s')
        if now_s - self._pinged_s >= PING_S:
            self._pinged_s = now_s
            payload = REQUESTS[Kind.PING].pack(Ping(now_us()))
            self._write(Frame(Kind.PING, self._next(), self.hello.session, payload))

    def _deliver(self, frame: Frame) -> None:
        self.statistics.received += 1
        if frame.version != VERSION or not frame.flags & (RESPONSE | EVENT):
            self.statistics.malformed += 1
        elif self._is_another_session(frame):
            raise ConnectionError('the board does not know this session')
        elif frame.session != self.hello.session and frame.kind != Kind.SAFE:
            self.statistics.wrong_session += 1
        elif frame.flags & EVENT:
            self.events.take(frame)
        else:
            self._answer(frame)

    def _is_another_session(self, frame: Frame) -> bool:
        """Tell a board that refuses this very session, as it does after a reboot."""
        if frame.flags & EVENT or frame.status & 0x7F != Status.SESSION or len(frame.payload) < 8:
            return False
        return bool(REFUSAL.unpack(frame.payload).got == self.hello.session)

    def _answer(self, frame: Frame) -> None:
        self.credit = frame.credit
        answer = self._answers.pop((frame.kind, frame.sequence), None)
        if answer is not None:
            answer.put(frame)
        elif frame.kind == Kind.PING:
            self._measure(frame)
        else:
            self.statistics.late += 1

    def _measure(self, frame: Frame) -> None:
        try:
            exchange: PingReply = RESPONSES[Kind.PING].unpack(frame.payload)
        except ValueError:
            self.statistics.malformed += 1
            return
        self.statistics.round_trips_us.append(self.clock.add(exchange, now_us()))

    def _drop(self) -> None:
        with self._writing:
            transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
            self._damaged += self._decoder.errors.total
        for key in list(self._answers):
            answer = self._answers.pop(key, None)
            if answer is not None:
                answer.put(None)

    def _reconnect(self) -> None:
        """Open the link again with growing pauses; refuse another board for good."""
        pause_s, longest_s = BACK_OFF_S
        while not self._closing.wait(pause_s * self._chance.uniform(0.5, 1.0)):
            pause_s = min(2 * pause_s, longest_s)
            try:
                transport, hello = self._open()
            except (LinkLostError, BoardError) as error:
                self.interrupted = str(error)
                continue
            self._take_back(transport, hello)
            return

    def _take_back(self, transport: Transport, hello: HelloReply) -> None:
        if hello.uid != self.hello.uid:
            self.interrupted = f'another board, {hello.uid.hex()}, was {self.hello.uid.hex()}'
            transport.close()
            self._closing.set()
            return
        self.interrupted = changes(self.hello, hello) or 'the link was interrupted'
        self.statistics.reconnects += 1
        self._adopt(transport, hello)
