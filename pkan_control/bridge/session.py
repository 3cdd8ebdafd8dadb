"""Requests to a board and their responses, over a link that may break."""

import random
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty as QueueEmpty
from queue import SimpleQueue
from typing import Any, TypeVar

from pkan_control.bridge.codes import MessageKind, Status
from pkan_control.bridge.frame import RETRANSMISSION, Frame
from pkan_control.bridge.handshake import TRIES_S
from pkan_control.bridge.link import Answer, Link
from pkan_control.bridge.port import READ_S, Port
from pkan_control.bridge.responses import LinkTimeoutError, read_response, unpack_response
from pkan_control.bridge.transport import Transport

Item = TypeVar('Item')

# While another thread reads, a waiting thread retries to become the reader after this time.
HAND_OVER_S = 0.001


class Session:
    """One board, one thread: the thread that waits for a response reads the port."""

    def __init__(self, port: Port) -> None:
        """Use a port whose link is open."""
        self.link, self.now_s = port.link, port.now_s
        self._port = port

    def request(self, kind: MessageKind, message: Any, tries_s: Sequence[float] = TRIES_S) -> Any:
        """Send an idempotent request, again after each timeout; return the response."""
        number = self.link.next_number()
        for index, wait_s in enumerate(tries_s):
            flags = RETRANSMISSION if index else 0
            self.link.statistics.retransmitted += index > 0
            answer = self._port.request(kind, message, number, flags)
            frame = self._wait(answer, kind, number, wait_s)
            if frame is not None:
                return read_response(self.link.name, frame)
        raise LinkTimeoutError(
            f'{self.link.name}: no answer to {kind.name} after {len(tries_s)} tries'
        )

    def request_once(self, kind: MessageKind, message: Any, wait_s: float) -> tuple[int, Any]:
        """Send a request exactly once; return status and response."""
        name, number = self.link.name, self.link.next_number()
        frame = self._wait(self._port.request(kind, message, number), kind, number, wait_s)
        if frame is None:
            raise LinkTimeoutError(f'{name}: no answer to {kind.name} in {wait_s:.4f} s')
        if frame.status & 0x7F in (Status.OK, Status.SAFE) and frame.payload:
            return frame.status & 0x7F, unpack_response(name, frame)
        return 0, read_response(name, frame)

    def send_window(
        self, kind: MessageKind, messages: Sequence[Any], wait_s: float
    ) -> list[Frame]:
        """Send several requests at once; return the responses that came in time."""
        numbers = [self.link.next_number() for _ in messages]
        waiting = [
            self._port.request(kind, message, number)
            for message, number in zip(messages, numbers, strict=True)
        ]
        until = self.now_s() + wait_s
        answers = (
            self._wait(answer, kind, number, until - self.now_s())
            for answer, number in zip(waiting, numbers, strict=True)
        )
        return [frame for frame in answers if frame is not None]

    def take(self, queue: 'SimpleQueue[Item]', wait_s: float) -> Item:
        """Return the next item that the link puts into a queue; raise `queue.Empty` on timeout."""
        until = self.now_s() + wait_s
        while queue.empty() and (left := until - self.now_s()) > 0:
            self._port.pump(min(left, READ_S))
        return queue.get_nowait()

    def close(self) -> None:
        """End the session; the board's watchdog then makes it safe."""
        self._port.close()

    def _wait(self, answer: Answer, kind: MessageKind, number: int, wait_s: float) -> Frame | None:
        """Return the response, or None on timeout: it is dropped as late if it still comes."""
        try:
            frame = self.take(answer, max(wait_s, 0.0))
        except QueueEmpty:
            self.link.statistics.timeouts += 1
            return None
        finally:
            self.link.forget(kind, number)
        if frame is None:
            raise self.link.down_error()
        return frame


class ThreadedSession(Session):
    """One board, any number of threads, of which one reads the port at a time.

    A thread of its own reads while none waits, and keeps the link alive. A thread that waits for a
    response reads it directly, without a hand-over between threads.
    """

    def __init__(self, name: str, connect: Callable[[], Transport]) -> None:
        """Open the link and the session; `name` stands for the board in errors."""
        rng = random.Random(secrets.randbits(64))  # noqa: S311 (no secret)
        super().__init__(Port(Link(name, rng), connect, time.monotonic))
        self._reading = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f'reader of {name}', daemon=True)
        self._thread.start()

    def take(self, queue: 'SimpleQueue[Item]', wait_s: float) -> Item:
        """Return the next item that the link puts into a queue; raise `queue.Empty` on timeout."""
        until = self.now_s() + wait_s
        while (left := until - self.now_s()) > 0:
            if self._reading.acquire(blocking=False):
                try:
                    return super().take(queue, left)
                finally:
                    self._reading.release()
            with suppress(QueueEmpty):
                return queue.get(timeout=min(left, HAND_OVER_S))
        return queue.get_nowait()

    def close(self) -> None:
        """End the session; the board's watchdog then makes it safe."""
        self._port.closing.set()
        if self._thread is not threading.current_thread():
            self._thread.join()
        super().close()

    def _run(self) -> None:
        while not self._port.closing.is_set():
            self._port.wait(READ_S)
            if self._reading.acquire(blocking=False):
                try:
                    self._port.pump(0.0)
                finally:
                    self._reading.release()
            else:
                self._port.closing.wait(HAND_OVER_S)
