"""Endpoints of an emulated board: a TCP port, or a pty behind a symbolic link."""

import errno
import os
import select
import socket
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from pkan_control.boards.emulator.firmware import Firmware
from pkan_control.common.errors import UserError

TICK_S = 0.005
READ_BYTES = 65536
# Unread output beyond this is dropped.
PENDING_BYTES = 65536


class Endpoint(Protocol):
    """Carries bytes between a host and the firmware."""

    @property
    def name(self) -> str:
        """Chip URI of the board."""

    @property
    def plugged(self) -> bool:
        """Whether a host can connect."""

    def unplug(self) -> None:
        """Disconnect, as if the cable were pulled out."""

    def plug(self) -> None:
        """Connect again, under the same name."""

    def wait(self, timeout_s: float) -> bytes:
        """Return the bytes received within `timeout_s`."""

    def send(self, data: bytes) -> None:
        """Send what can be sent without blocking; keep the rest for the next call."""

    def close(self) -> None:
        """Release everything."""


class TcpEndpoint:
    """Listens on a port for one host at a time; a second one is disconnected."""

    def __init__(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one."""
        self._address = (host, port)
        self._listener: socket.socket | None = None
        self._host: socket.socket | None = None
        self._pending = b''
        self.plug()

    @property
    def plugged(self) -> bool:
        """Whether a host can connect."""
        return self._listener is not None

    @property
    def name(self) -> str:
        """Chip URI of the board."""
        return 'tcp://{}:{}'.format(*self._address)

    def plug(self) -> None:
        """Listen, on the same port as before."""
        try:
            self._listener = socket.create_server(self._address)
        except OSError as error:
            where = '{}:{}'.format(*self._address)
            raise UserError(f'cannot listen on {where}: {error.strerror}') from None
        self._address = self._listener.getsockname()[:2]

    def unplug(self) -> None:
        """Close the connection and the port."""
        for each in (self._host, self._listener):
            if each is not None:
                each.close()
        self._host = self._listener = None

    def wait(self, timeout_s: float) -> bytes:
        """Return the bytes received; accept a host if there is none."""
        if self._listener is None:
            time.sleep(timeout_s)
            return b''
        open_sockets = [self._listener] if self._host is None else [self._listener, self._host]
        ready = select.select(open_sockets, [], [], timeout_s)[0]
        if self._host in ready:
            # It may be closing: a new host waits until the last bytes are read.
            return self._receive()
        if self._listener in ready:
            self._accept(self._listener)
        return b''

    def _accept(self, listener: socket.socket) -> None:
        host, _ = listener.accept()
        if self._host is not None:
            host.close()
            return
        host.setblocking(False)
        host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host, self._pending = host, b''

    def _receive(self) -> bytes:
        data = b''
        if self._host is not None:
            with suppress(OSError):
                data = self._host.recv(READ_BYTES)
            if not data:
                self._host.close()
                self._host = None
        return data

    def send(self, data: bytes) -> None:
        """Send to the host, if there is one."""
        host = self._host
        if host is not None:
            self._pending = _send(host.send, self._pending + data)

    def close(self) -> None:
        """Close the connection and the port."""
        self.unplug()


class PtyEndpoint:
    """A pty in raw mode behind a symbolic link, its slave kept open."""

    def __init__(self, path: Path) -> None:
        """Make the pty; replace a link of that name, but no file."""
        self._path, self._pending = path.absolute(), b''
        self._ends: tuple[int, int] | None = None
        self.name = f'serial://{self._path}'
        self.plug()

    @property
    def plugged(self) -> bool:
        """Whether a host can connect."""
        return self._ends is not None

    def plug(self) -> None:
        """Make a pty and the link to it."""
        self._ends = master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        try:
            if self._path.is_symlink():
                self._path.unlink()
            self._path.symlink_to(os.ttyname(slave))
        except OSError as error:
            self._release()
            raise UserError(f'cannot make {self._path}: {error.strerror}') from None

    def unplug(self) -> None:
        """Remove link and pty: a host that has it open gets EIO."""
        if self._ends is not None:
            self._path.unlink(missing_ok=True)
            self._release()

    def wait(self, timeout_s: float) -> bytes:
        """Return the bytes received."""
        if self._ends is None:
            time.sleep(timeout_s)
            return b''
        if not select.select([self._ends[0]], [], [], timeout_s)[0]:
            return b''
        return os.read(self._ends[0], READ_BYTES)

    def send(self, data: bytes) -> None:
        """Send as much as there is room for."""
        if self._ends is not None:
            master = self._ends[0]
            self._pending = _send(lambda rest: os.write(master, rest), self._pending + data)

    def close(self) -> None:
        """Remove link and pty."""
        self.unplug()

    def _release(self) -> None:
        for end in self._ends or ():
            os.close(end)
        self._ends, self._pending = None, b''


def _send(write: Callable[[bytes], int], data: bytes) -> bytes:
    """Return what is left to send; drop all if that is too much, or if the host is gone."""
    if not data:
        return b''
    try:
        data = data[write(data) :]
    except OSError as error:
        if error.errno != errno.EAGAIN:
            return b''
    return data if len(data) <= PENDING_BYTES else b''


def serve(
    firmware: Firmware,
    endpoint: Endpoint,
    stopped: Callable[[], bool],
    strike: Callable[[Firmware, int], object] = lambda firmware, now_us: None,
) -> None:
    """Run a board until `stopped`; `strike(firmware, now_us)` may inject faults."""
    began_ns = time.monotonic_ns()
    while not stopped():
        data = endpoint.wait(TICK_S)
        now_us = (time.monotonic_ns() - began_ns) // 1000
        strike(firmware, now_us)
        answer = firmware.receive(data, now_us) if data else firmware.tick(now_us)
        endpoint.send(answer)


def open_endpoint(tcp: str | None, pty: Path | None) -> Endpoint:
    """Return the endpoint of an address `HOST:PORT` or of a pty's path: exactly one is given."""
    if (tcp is None) == (pty is None):
        raise UserError('give --tcp HOST:PORT or --pty PATH')
    if pty is not None:
        return PtyEndpoint(pty)
    host, _, port = (tcp or '').rpartition(':')
    if not (host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise UserError(f'--tcp {tcp!r}: must be HOST:PORT, for example 127.0.0.1:7700')
    return TcpEndpoint(host, int(port))
