"""Runs processes to their end: relays what they say, ends them in order, leaves none behind."""

import os
import selectors
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TextIO

from pkan_control.ros.launch_runner.escalation import STEPS, Escalation
from pkan_control.ros.launch_runner.evaluation import Process
from pkan_control.ros.launch_runner.parameters import ParameterFile
from pkan_control.ros.launch_runner.relay import STREAMS, Lines, Screen, destinations

CANNOT_START = 2
"""Exit code for a process that could not be started."""

MOST_READS = 32
"""Reads that empty a pipe in any case."""


def run(processes: Iterable[Process], log: TextIO | None) -> int:
    """Run the processes until all have ended; return the first failure's exit code, or 0."""
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix='launch_params_'))
        selector = stack.enter_context(selectors.DefaultSelector())
        supervisor = _Supervisor(selector, Path(directory), log)
        stack.enter_context(_signals(selector, supervisor.requests.append))
        stack.callback(supervisor.kill)
        supervisor.start(processes)
        while supervisor.children:
            supervisor.turn()
        return supervisor.exit_code


def exit_code(returncode: int) -> int:
    """Return the exit code as a shell gives it: 128 and the signal for a process killed by one."""
    return returncode if returncode >= 0 else 128 - returncode


def written(command: Iterable[str | ParameterFile], directory: Path) -> list[str]:
    """Write the parameter files of a command line, and return it with their paths."""
    return [part if isinstance(part, str) else _write(part, directory) for part in command]


def _write(parameters: ParameterFile, directory: Path) -> str:
    with tempfile.NamedTemporaryFile(
        'w', prefix='launch_params_', dir=directory, delete=False, encoding='utf-8'
    ) as file:
        file.write(parameters.text)
    return file.name


@contextmanager
def _signals(selector: selectors.BaseSelector, request: Callable[[int], None]) -> Iterator[None]:
    """Note each signal that ends the runner or tells of a child's end, and wake the selector."""
    reading, writing = socket.socketpair()
    with reading, writing:
        for end in (reading, writing):
            end.setblocking(False)
        selector.register(reading, selectors.EVENT_READ, partial(reading.recv, 4096))
        numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGCHLD]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        old_fd = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        old = {number: signal.signal(number, lambda n, _: request(n)) for number in numbers}
        try:
            yield
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(old_fd)


@dataclass
class _Child:
    process: Process
    popen: 'subprocess.Popen[bytes]'
    escalation: Escalation
    command: list[str]

    def has_ended(self) -> bool:
        """Tell without reaping it, so that its process group's number stays its own."""
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.popen.pid, flags) is not None

    def pipes(self) -> list[IO[bytes]]:
        """Return its stdout and stderr."""
        return [pipe for pipe in (self.popen.stdout, self.popen.stderr) if pipe]

    def signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, number)


class _Supervisor:
    def __init__(self, selector: selectors.BaseSelector, directory: Path, log: TextIO | None):
        self.children: list[_Child] = []
        self.requests: list[int] = []
        self.exit_code = 0
        self._selector = selector
        self._directory = directory
        self._log = log
        self._screen = Screen()
        self._stopping = False

    def start(self, processes: Iterable[Process]) -> None:
        for process in processes:
            try:
                self._start(process)
            except (OSError, ValueError) as error:
                self._say(process.label, f'cannot be started: {error}', 'ERROR')
                self.exit_code = self.exit_code or CANNOT_START
                self._stop()
                return

    def _start(self, process: Process) -> None:
        command = written(process.command, self._directory)
        popen = subprocess.Popen(  # noqa: S603  what the launch file says, and no shell
            command,
            env=process.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        escalation = Escalation(process.sigterm_timeout, process.sigkill_timeout)
        child = _Child(process, popen, escalation, command)
        self.children.append(child)
        self._say(process.label, f'process started with pid [{popen.pid}]')
        for name, pipe in zip(STREAMS, child.pipes(), strict=True):
            self._watch(process, name, pipe)

    def _watch(self, process: Process, stream: str, pipe: IO[bytes]) -> None:
        os.set_blocking(pipe.fileno(), False)
        lines = Lines()
        read = partial(self._read, process, stream, pipe, lines)
        self._selector.register(pipe, selectors.EVENT_READ, read)

    def _read(self, process: Process, stream: str, pipe: IO[bytes], lines: Lines) -> bool:
        """Relay what there is; return whether there may be more now."""
        try:
            data = os.read(pipe.fileno(), 65536)
        except BlockingIOError:
            return False
        self._relay(process, stream, lines.feed(data) if data else lines.rest())
        if not data:
            self._selector.unregister(pipe)
        return bool(data)

    def _relay(self, process: Process, stream: str, lines: list[str]) -> None:
        shown, logged = destinations(process.output, stream)
        for line in lines:
            labelled = f'[{process.label}] {line}'
            if shown:
                self._screen.write(stream, labelled)
            if logged and self._log:
                print(f'{time.time():.7f} {labelled}', file=self._log)

    def _say(self, label: str, text: str, level: str = 'INFO') -> None:
        self._screen.write('stdout', f'[{level}] [{label}]: {text}')

    def turn(self) -> None:
        """Wait for something to happen, and deal with it."""
        for key, _ in self._selector.select(self._wait()):
            key.data()
        while self.requests:
            self._serve(self.requests.pop(0))
        for child in [child for child in self.children if child.has_ended()]:
            self._finish(child)
        for child in self.children:
            self._escalate(child)
        if self._screen.closed:
            self._stop()

    def _wait(self) -> float | None:
        deadlines = [child.escalation.deadline for child in self.children]
        due = [deadline for deadline in deadlines if deadline is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _serve(self, number: int) -> None:
        if number == signal.SIGCHLD:
            return
        if self._stopping and number == signal.SIGINT:
            for child in self.children:
                self._signal(child)
        self._stop()

    def _stop(self) -> None:
        if not self._stopping:
            self._stopping = True
            for child in self.children:
                self._signal(child)

    def _signal(self, child: _Child) -> None:
        if number := child.escalation.advance(time.monotonic()):
            self._send(child, number)

    def _escalate(self, child: _Child) -> None:
        if number := child.escalation.due(time.monotonic()):
            before = STEPS[STEPS.index(number) - 1].name
            text = f"did not end in time after '{before}', escalating to '{number.name}'"
            self._say(child.process.label, text, 'ERROR')
            self._send(child, number)

    def _send(self, child: _Child, number: signal.Signals) -> None:
        label = child.process.label
        self._say(label, f"sending signal '{number.name}' to process[{label}]")
        child.signal_group(number)

    def _finish(self, child: _Child) -> None:
        self.children.remove(child)
        child.signal_group(signal.SIGKILL)
        self._drain(child)
        code = child.popen.wait()
        self._report(child, code)
        self.exit_code = self.exit_code or exit_code(code)
        if child.process.on_exit_shutdown:
            self._stop()

    def _drain(self, child: _Child) -> None:
        """Relay what is still in the pipes; more may come only from outside the process group."""
        for pipe in child.pipes():
            for _ in range(MOST_READS):
                if pipe not in self._selector.get_map() or not self._selector.get_key(pipe).data():
                    break
            if pipe in self._selector.get_map():
                self._selector.unregister(pipe)
            pipe.close()

    def _report(self, child: _Child, code: int) -> None:
        pid, label = child.popen.pid, child.process.label
        if code == 0:
            self._say(label, f'process has finished cleanly [pid {pid}]')
        else:
            command = ' '.join(child.command)
            text = f"process has died [pid {pid}, exit code {code}, cmd '{command}']."
            self._say(label, text, 'ERROR')

    def kill(self) -> None:
        """End at once whatever still runs; after an error, for otherwise nothing does."""
        for child in self.children:
            child.signal_group(signal.SIGKILL)
            child.popen.wait()
