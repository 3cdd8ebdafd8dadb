"""Execution of processes: relay of their output, and an orderly end of all of them."""

import asyncio
import os
import select
import signal
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import IO, TextIO

from pkan_control.ros.launch_runner.evaluation import Process

CANNOT_START = 2  # exit code
ESCALATION = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
PATIENCE_S = 5.0  # from one signal of the escalation to the next
DRAIN_S = 1.0  # for the rest of the output of a process that has ended


def run(processes: Sequence[Process]) -> int:
    """Run the processes until all have ended; return the first failure's exit code, or 0."""
    with tempfile.TemporaryDirectory(prefix='launch_params_') as directory:
        return asyncio.run(_Supervisor(Path(directory)).run(processes))


class _Child:
    """A running process, the leader of a session and of a process group of its own."""

    def __init__(self, process: Process, directory: Path):
        self.label, self.on_exit_shutdown = process.label, process.on_exit_shutdown
        self.unsent = list(ESCALATION)
        self.timer: asyncio.TimerHandle | None = None
        self.command = [w if isinstance(w, str) else w.write(directory) for w in process.command]
        self.popen = Popen(  # noqa: S603  the command of the launch file, no shell
            self.command,
            bufsize=0,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,
        )

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process and to all that it has started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, number)


class _Supervisor:
    def __init__(self, directory: Path):
        self._directory = directory
        self._children: list[_Child] = []
        self._stopping = False
        self._exit_code = 0

    async def run(self, processes: Sequence[Process]) -> int:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(max(1, len(processes))))
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGTERM, self._stop)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            loop.add_signal_handler(signal.SIGHUP, self._stop)
        try:
            self._start(processes)
            await asyncio.gather(*map(self._attend, self._children))
        finally:
            for child in self._children:
                child.send(signal.SIGKILL)
                child.popen.wait()
        return self._exit_code

    def _start(self, processes: Sequence[Process]) -> None:
        for process in processes:
            try:
                child = _Child(process, self._directory)
            except (OSError, ValueError) as error:
                self._report(process.label, f'cannot be started: {error}', 'ERROR')
                self._exit_code = CANNOT_START
                self._stop()
                break
            self._children.append(child)
            self._report(child.label, f'process started with pid [{child.popen.pid}]')
            if self._stopping:
                break

    async def _attend(self, child: _Child) -> None:
        """Relay the output of a process, and report its end."""
        streams = {'stdout': child.popen.stdout, 'stderr': child.popen.stderr}
        relays = [asyncio.create_task(self._relay(child.label, *each)) for each in streams.items()]
        # Not reaped yet: until then the number of its process group stays its own.
        end = partial(os.waitid, os.P_PID, child.popen.pid, os.WEXITED | os.WNOWAIT)
        await asyncio.get_running_loop().run_in_executor(None, end)
        self._children.remove(child)
        if child.timer:
            child.timer.cancel()
        child.send(signal.SIGKILL)  # for what it started and left behind
        await asyncio.wait(relays, timeout=DRAIN_S)
        for relay in relays:
            relay.cancel()
        pid, code = child.popen.pid, child.popen.wait()
        if code == 0:
            self._report(child.label, f'process has finished cleanly [pid {pid}]')
        else:
            text = f"pid {pid}, exit code {code}, cmd '{' '.join(child.command)}'"
            self._report(child.label, f'process has died [{text}].', 'ERROR')
            # A shell's exit code for a process killed by a signal is 128 and the signal.
            self._exit_code = self._exit_code or (code if code > 0 else 128 - code)
        if child.on_exit_shutdown:
            self._stop()

    async def _relay(self, label: str, stream: str, pipe: IO[bytes] | None) -> None:
        reader = asyncio.StreamReader(limit=2**26)  # bytes of a line
        connected = asyncio.get_running_loop().connect_read_pipe(
            partial(asyncio.StreamReaderProtocol, reader), pipe
        )
        with closing((await connected)[0]):
            async for line in reader:
                text = line.decode(errors='replace').removesuffix('\n')
                self._show(stream, f'[{label}] {text}')

    def _interrupt(self) -> None:
        """End all processes; each further interrupt sends each of them its next signal."""
        self._stopping = True
        for child in self._children:
            self._advance(child)

    def _stop(self) -> None:
        if not self._stopping:
            self._interrupt()

    def _advance(self, child: _Child, late: str = '') -> None:
        """Send a process its next signal, and schedule the one after that."""
        if child.timer:
            child.timer.cancel()
        if not child.unsent:
            return
        number = child.unsent.pop(0)
        if late:
            text = f"did not end in time after '{late}', escalating to '{number.name}'"
            self._report(child.label, text, 'ERROR')
        self._report(child.label, f"sending signal '{number.name}' to process[{child.label}]")
        child.send(number)
        if child.unsent:
            later = asyncio.get_running_loop().call_later
            child.timer = later(PATIENCE_S, self._advance, child, number.name)

    def _report(self, label: str, text: str, level: str = 'INFO') -> None:
        self._show('stdout', f'[{level}] [{label}]: {text}')

    def _show(self, stream: str, line: str) -> None:
        """Write a line to the runner's own stdout or stderr; stop if its reader is gone."""
        target: TextIO = getattr(sys, stream)
        try:
            write_all(target.fileno(), f'{line}\n'.encode(target.encoding, errors='replace'))
        except BrokenPipeError:
            # Python flushes its streams at exit, which would fail as well.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, target.fileno())
            os.close(nowhere)
            self._stop()


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte: `print` loses some if a signal comes, or if the descriptor is full."""
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            select.select([], [descriptor], [])
