"""Transports: a serial port or pty, opened exclusively, or a TCP connection."""

import errno
import os
import select
import socket
from typing import Protocol

READ_BYTES = 65536
WRITE_TIMEOUT_S = 0.2
CONNECT_TIMEOUT_S = 2.0


class Transport(Protocol):
    """Carries bytes both ways; raises an `OSError` when the other end is gone."""

    def ready(self, timeout_s: float) -> bool:
        """Wait at most `timeout_s` for data; return whether there is some."""

    def read(self, timeout_s: float) -> bytes:
        """Return the data received, nothing if none comes within `timeout_s`."""

    def write(self, data: bytes) -> None:
        """Send all of the data."""

    def close(self) -> None:
        """Release the port."""


class Tcp:
    """A TCP connection with Nagle's algorithm off."""

    def __init__(self, host: str, port: int) -> None:
        """Connect."""
        self._socket = socket.create_connection((host, port), CONNECT_TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(WRITE_TIMEOUT_S)

    def ready(self, timeout_s: float) -> bool:
        """Wait at most `timeout_s` for data; return whether there is some."""
        return bool(select.select([self._socket], [], [], timeout_s)[0])

    def read(self, timeout_s: float) -> bytes:
        """Return the data received."""
        if not self.ready(timeout_s):
            return b''
        data = self._socket.recv(READ_BYTES)
        if not data:
            raise ConnectionError('the other side closed the connection')
        return data

    def write(self, data: bytes) -> None:
        """Send all of the data."""
        self._socket.sendall(data)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


class Serial:
    """A serial port or pty, opened exclusively."""

    def __init__(self, path: str, baud: int) -> None:
        """Open, and discard what was received before."""
        import serial

        try:
            self._port = serial.Serial(path, baud, exclusive=True, write_timeout=WRITE_TIMEOUT_S)
        except serial.SerialException as error:
            if error.errno in (None, errno.EWOULDBLOCK):
                raise
            # The library's message repeats itself.
            raise OSError(error.errno, os.strerror(error.errno)) from None
        self._port.reset_input_buffer()

    def ready(self, timeout_s: float) -> bool:
        """Wait at most `timeout_s` for data; return whether there is some."""
        return bool(select.select([self._port.fileno()], [], [], timeout_s)[0])

    def read(self, timeout_s: float) -> bytes:
        """Return the data received."""
        if not self.ready(timeout_s):
            return b''
        data = os.read(self._port.fileno(), READ_BYTES)
        if not data:
            raise ConnectionError('the device is gone')
        return data

    def write(self, data: bytes) -> None:
        """Send all of the data."""
        self._port.write(data)

    def close(self) -> None:
        """Release the port."""
        self._port.close()
