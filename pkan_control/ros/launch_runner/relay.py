"""Where the output of a process goes: to the screen, to the log file, or both, line by line."""

import os
import select
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from pkan_control.common.errors import UserError

STREAMS = ('stdout', 'stderr')


def destinations(output: str, stream: str) -> tuple[bool, bool]:
    """Return whether one stream is shown on the screen, and whether it is logged.

    As in ROS 2 launch, `log` shows what is written to stderr all the same.
    """
    return output in ('screen', 'both') or stream == 'stderr', output in ('log', 'both')


class Lines:
    """Cuts a stream of bytes into lines of text."""

    def __init__(self) -> None:
        self._rest = b''

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that are now complete, without their ends."""
        *lines, self._rest = (self._rest + data).split(b'\n')
        return [line.decode(errors='replace') for line in lines]

    def rest(self) -> list[str]:
        """Return the last line where it has no end."""
        rest, self._rest = self._rest, b''
        return [rest.decode(errors='replace')] if rest else []


class Screen:
    """The runner's own stdout and stderr; `closed` once the reader of one of them is gone."""

    def __init__(self) -> None:
        self.closed = False

    def write(self, stream: str, line: str) -> None:
        """Write one line; to a closed pipe it is lost, and no error is left for the exit."""
        target: TextIO = getattr(sys, stream)
        try:
            write_all(target.fileno(), f'{line}\n'.encode(target.encoding, errors='replace'))
        except BrokenPipeError:
            self.closed = True
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, target.fileno())
            os.close(nowhere)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte, whatever a single write takes.

    `print` may lose the end of a long line: where Python is unbuffered and a signal comes.
    """
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            select.select([], [descriptor], [])


def log_directory(environment: Mapping[str, str]) -> Path:
    """Return the directory of log files, found like that of ROS 2's own log files."""
    if directory := environment.get('ROS_LOG_DIR'):
        return Path(directory)
    if home := environment.get('ROS_HOME'):
        return Path(home, 'log')
    return Path(environment.get('HOME', '/'), '.ros', 'log')


def open_log(directory: Path) -> TextIO:
    """Open a new log file, `bringup-<date>-<pid>.log`."""
    path = directory / f'bringup-{time.strftime("%Y-%m-%d-%H-%M-%S")}-{os.getpid()}.log'
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return path.open('a', encoding='utf-8', buffering=1)
    except OSError as error:
        raise UserError(f'log file {path} cannot be opened: {error.strerror}') from error
