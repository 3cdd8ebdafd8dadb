"""Moves bytes between a link and its transport, and reopens the transport after a failure."""

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, RLock
from typing import Any

from pkan_control.bridge.codes import MessageKind
from pkan_control.bridge.link import Answer, Link
from pkan_control.bridge.responses import AnotherBoardError, BoardError, LinkLostError
from pkan_control.bridge.transport import Transport

READ_S = 0.02


class Port:
    """Serves one link; one thread pumps, any thread may send requests."""

    def __init__(
        self,
        link: Link,
        connect: Callable[[], Transport],
        now_s: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """Open the transport and wait for the board; an error names the board."""
        self.link, self.now_s = link, now_s
        self.closing = Event()
        self._pause = self.closing.wait if pause is None else pause
        self._connect = connect
        self._lock = RLock()
        self._transport: Transport | None = None
        try:
            self._open()
            while not link.is_open:
                self._turn(READ_S)
        except LinkLostError:
            raise
        except ConnectionError:
            raise LinkLostError(
                f'{link.name}: the board closed the connection: is another host connected?'
            ) from None
        except OSError as error:
            raise LinkLostError(f'{link.name}: {error}') from None
        except BoardError as error:
            raise BoardError(f'{link.name}: {error}') from None
        finally:
            if not link.is_open:
                self.close()

    def request(self, kind: MessageKind, message: Any, number: int, flags: int = 0) -> Answer:
        """Send a request; the queue returned receives its response, or None if the link breaks."""
        with self._lock:
            answer = self.link.request(kind, message, number, flags)
            try:
                self._write()
            except (OSError, ValueError) as error:
                self.link.forget(kind, number)
                raise LinkLostError(f'{self.link.name}: {error}') from None
        return answer

    def wait(self, seconds: float) -> None:
        """Wait at most `seconds` until there is something to pump."""
        transport = self._transport
        if transport is None:
            self._pause(max(0.0, min(seconds, self.link.retry_s - self.now_s())))
            return
        # Another thread may close it meanwhile: the next `pump` raises the error.
        with suppress(OSError, ValueError):
            transport.ready(seconds)

    def pump(self, wait_s: float) -> None:
        """Read for at most `wait_s`, or reopen a broken transport when it is due."""
        try:
            if self._transport is not None:
                self._turn(wait_s)
            elif self.now_s() >= self.link.retry_s:
                self._open()
            else:
                self._pause(min(wait_s, self.link.retry_s - self.now_s()))
        except LinkLostError:
            # It cannot be opened yet: the reason stays the one it broke for.
            self._break('')
        except AnotherBoardError as error:
            self._break(str(error))
            self.closing.set()
        except (OSError, ValueError, BoardError) as error:
            self._break(str(error))

    def close(self) -> None:
        """Release the transport for good."""
        self.closing.set()
        self._break(self.link.interrupted)

    def _open(self) -> None:
        try:
            transport = self._connect()
        except OSError as error:
            raise LinkLostError(f'cannot open {self.link.name}: {error}') from None
        with self._lock:
            self._transport = transport
            self.link.open_session(self.now_s())
            self._write()

    def _turn(self, wait_s: float) -> None:
        transport = self._transport
        if transport is None:
            raise ConnectionError('the link is down')
        data = transport.read(wait_s)
        now_s = self.now_s()
        with self._lock:
            try:
                if data:
                    self.link.receive(data, now_s)
                self.link.tick(now_s)
            finally:
                # Also the SAFE to a board that is given up.
                self._write()

    def _write(self) -> None:
        data = self.link.outgoing()
        if data and self._transport is not None:
            self._transport.write(data)

    def _break(self, why: str) -> None:
        with self._lock:
            transport, self._transport = self._transport, None
            self.link.close_session(why, self.now_s())
        if transport is not None:
            transport.close()
