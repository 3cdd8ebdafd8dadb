"""Real processes: their output, their ends, and that none is left running."""

import os
import re
import select
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from pkan_control.ros.launch_runner.processes import write_all

# `-S` keeps the start of an interpreter short.
HEADER = f"""#!{sys.executable} -S
import os, signal, subprocess, sys
def say(*words):
    # Unlike print, this may be interrupted by a handler that says something too.
    os.write(1, ' '.join(map(str, words)).encode() + b'\\n')
def on(number, text, code=None):
    def handle(*_):
        say(text)
        if code is not None:
            os._exit(code)
    signal.signal(number, handle)
def wait():
    say('ready', os.getpid())
    while True:
        signal.pause()
"""

PROGRAMS = {
    'polite': "on(signal.SIGINT, 'stopping', 0); wait()",
    'rude': "on(signal.SIGINT, 'stopping', 7); wait()",
    'stubborn': "on(signal.SIGINT, 'no'); on(signal.SIGTERM, 'well', 0); wait()",
    'immortal': "on(signal.SIGINT, 'no'); on(signal.SIGTERM, 'never'); wait()",
    'fails': 'sys.exit(3)',
    'ends': 'pass',
    'speaks': """os.write(1, b'out\\nno end \\xff'); os.write(2, b'err\\n')""",
    'long': "print('x' * 300_000)",
    'writes': """on(signal.SIGINT, 'stopping', 0)
while True:
    print('again', flush=True)""",
    'family': """ends = os.pipe()
waits = 'trap "" INT TERM; echo family $$; read x <&%d' % ends[0]
pipe = subprocess.PIPE
grandchild = subprocess.Popen(['sh', '-c', waits], pass_fds=ends, stdout=pipe)
print(grandchild.stdout.readline().decode(), flush=True, end='')""",
    'shows': """print('HERE', os.environ.get('HERE'), os.getpid() == os.getsid(0),
    sys.argv[1:], flush=True)""",
}


@pytest.fixture(autouse=True)
def programs(executable):
    for name, text in PROGRAMS.items():
        executable(name, HEADER + text)
    executable('broken', '#!/no/such/interpreter\n')


def has_ended(pid):
    """Wait for the end of a process that may be nobody's child any more."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with open(descriptor, 'rb') as file:
        return bool(select.select([file], [], [], 1.0)[0])


class Runner:
    """The runner as a process of its own, with another time between signals."""

    def __init__(self, path, *arguments, patience=5.0):
        code = f"""
import sys
from pkan_control.ros.launch_runner import __main__, processes
processes.PATIENCE_S = {patience}
sys.exit(__main__.main())"""
        command = [sys.executable, '-c', code, str(path), *arguments]
        pipes = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, errors='replace', **pipes)
        self.out = ''
        self.err = ''

    def wait_for(self, text, count=1):
        """Read until a text has come so many times."""
        while self.out.count(text) < count:
            line = self.process.stdout.readline()
            assert line, f'{text!r} never came; {self.out} {self.process.stderr.read()}'
            self.out += line

    def end(self, *, timeout=10):
        """Read to the end; return the exit code, once it is certain that no process is left."""
        out, self.err = self.process.communicate(timeout=timeout)
        self.out += out
        assert not re.search(r'^Traceback', self.err, re.M)
        for pid in re.findall(r'(?:pid \[|family )(\d+)', self.out):
            assert has_ended(int(pid)), pid
        return self.process.returncode


@pytest.fixture
def runner(write):
    """Return a function that runs nodes, each given as an executable and attributes."""
    runners = []

    def runner(*nodes, patience=5.0):
        text = ''.join(
            f'<node pkg="robots" exec="{name}" output="screen" {attributes}/>'
            for name, attributes in nodes
        )
        runners.append(Runner(write(text), patience=patience))
        return runners[-1]

    yield runner
    for started in runners:
        started.process.kill()
        started.process.communicate()


def test_output_is_prefixed_and_keeps_its_stream(runner):
    running = runner(('speaks', ''), ('speaks', ''))
    assert running.end() == 0
    assert re.search(
        r'^\[INFO\] \[speaks-1\]: process started with pid \[\d+\]$', running.out, re.M
    )
    assert re.search(r'^\[speaks-1\] out$', running.out, re.M)
    assert re.search(r'^\[speaks-2\] no end \ufffd$', running.out, re.M)
    assert sorted(running.err.splitlines()) == ['[speaks-1] err', '[speaks-2] err']
    assert '[INFO] [speaks-1]: process has finished cleanly [pid ' in running.out


@pytest.mark.parametrize('unbuffered', ['', '1'])
def test_a_long_line_stays_one_line(runner, monkeypatch, unbuffered):
    monkeypatch.setenv('PYTHONUNBUFFERED', unbuffered)
    running = runner(('long', ''))
    assert running.end() == 0
    assert f'[long-1] {"x" * 300_000}\n' in running.out


def test_a_full_pipe_that_does_not_block_loses_nothing():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    data = bytes(300_000)
    with open(reading, 'rb') as pipe, ThreadPoolExecutor() as pool:
        found = pool.submit(pipe.read)
        write_all(writing, data)
        os.close(writing)
        assert found.result() == data


def test_environment_arguments_and_session(write, monkeypatch):
    monkeypatch.setenv('HERE', '1')
    text = '<arg name="a"/><node pkg="robots" exec="shows" args="$(var a)"/>'
    running = Runner(write(text), 'a:=x')
    assert running.end() == 0
    assert "HERE 1 True ['x', '--ros-args']" in running.out


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_is_an_interrupt_for_every_child(runner, number):
    running = runner(('polite', ''), ('polite', ''))
    running.wait_for('ready', 2)
    running.process.send_signal(number)
    assert running.end() == 0
    assert running.out.count('] stopping') == 2
    assert running.out.count("sending signal 'SIGINT' to process[polite-") == 2


def test_exit_code_is_that_of_the_first_failure(runner):
    running = runner(('fails', 'on_exit="shutdown"'), ('rude', ''), ('ends', ''))
    assert running.end() == 3
    assert "sending signal 'SIGINT' to process[rude-2]" in running.out
    assert re.search(r"process has died \[pid \d+, exit code 3, cmd '.*/fails --ros", running.out)


def test_a_failure_after_an_interrupt_counts(runner):
    running = runner(('polite', ''), ('rude', ''))
    running.wait_for('ready', 2)
    running.process.send_signal(signal.SIGINT)
    assert running.end() == 7


def test_a_failure_without_on_exit_leaves_the_others_running(runner):
    running = runner(('fails', ''), ('polite', ''))
    running.wait_for('ready')
    running.wait_for('exit code 3')
    assert running.process.poll() is None
    running.process.send_signal(signal.SIGINT)
    assert running.end() == 3


def test_on_exit_shutdown_ends_the_others(runner):
    running = runner(('polite', ''), ('ends', 'on_exit="shutdown"'))
    # The first may be interrupted before it has a handler: then it dies of the signal.
    assert running.end() in (0, 130, 1)
    assert "sending signal 'SIGINT' to process[polite-1]" in running.out


def test_escalation_to_sigterm(runner):
    running = runner(('stubborn', ''), patience=0.1)
    running.wait_for('ready')
    running.process.send_signal(signal.SIGINT)
    assert running.end() == 0
    assert "did not end in time after 'SIGINT', escalating to 'SIGTERM'" in running.out
    assert re.search(r'\] no\n.*\] well\n', running.out, re.DOTALL)


def test_escalation_to_sigkill(runner):
    running = runner(('immortal', ''), patience=0.1)
    running.wait_for('ready')
    running.process.send_signal(signal.SIGTERM)
    assert running.end() == 137
    assert running.out.count('escalating to') == 2
    assert '] never' in running.out


def test_each_further_interrupt_is_a_step_further(runner):
    running = runner(('immortal', ''), patience=60.0)
    for text in ('ready', '] no', '] never'):
        running.wait_for(text)
        running.process.send_signal(signal.SIGINT)
    assert running.end() == 137


def test_a_second_sigterm_is_not_a_step_further(runner):
    running = runner(('stubborn', ''))
    for text in ('ready', '] no'):
        running.wait_for(text)
        running.process.send_signal(signal.SIGTERM)
    running.process.send_signal(signal.SIGINT)
    assert running.end() == 0
    assert running.out.count("sending signal 'SIGINT'") == 1


def test_what_a_child_leaves_behind_is_ended(runner):
    running = runner(('family', ''))
    assert running.end() == 0
    assert '] family ' in running.out


def test_a_process_that_cannot_be_started_ends_the_others(runner):
    running = runner(('immortal', ''), ('broken', ''), patience=0.0)
    assert running.end() == 2
    assert '[ERROR] [broken-2]: cannot be started: ' in running.out


def test_a_reader_that_leaves_ends_everything(runner):
    running = runner(('writes', ''))
    running.wait_for('again')
    running.process.stdout.close()
    assert running.process.wait(10) == 0
    assert running.process.stderr.read() == ''
