"""The small decisions: when which signal is due, where output goes, what an exit code is."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.ros.launch_runner.escalation import Escalation
from pkan_control.ros.launch_runner.processes import exit_code
from pkan_control.ros.launch_runner.relay import Lines, destinations, log_directory, write_all


def test_nothing_is_due_before_the_first_request():
    assert Escalation(5.0, 5.0).due(1e9) is None


def test_signals_are_due_in_turn_and_once():
    escalation = Escalation(sigterm_timeout=5.0, sigkill_timeout=3.0)
    assert escalation.advance(now=10.0) == SIGINT
    assert [escalation.due(now) for now in (10.0, 14.9)] == [None, None]
    assert escalation.due(15.0) == SIGTERM
    assert escalation.due(17.9) is None
    assert escalation.due(18.0) == SIGKILL
    assert escalation.due(1e9) is None


def test_requests_do_not_wait():
    escalation = Escalation(5.0, 5.0)
    signals = [escalation.advance(now) for now in (0.0, 0.1, 0.2, 0.3)]
    assert signals == [SIGINT, SIGTERM, SIGKILL, None]


def test_a_request_puts_off_the_next_step():
    escalation = Escalation(5.0, 5.0)
    escalation.advance(0.0)
    escalation.advance(4.0)
    assert escalation.due(8.9) is None
    assert escalation.due(9.0) == SIGKILL


@pytest.mark.parametrize(
    ('output', 'stream', 'shown', 'logged'),
    [
        ('screen', 'stdout', True, False),
        ('screen', 'stderr', True, False),
        ('both', 'stdout', True, True),
        ('both', 'stderr', True, True),
        ('log', 'stdout', False, True),
        ('log', 'stderr', True, True),
    ],
)
def test_destinations(output, stream, shown, logged):
    assert destinations(output, stream) == (shown, logged)


@given(st.lists(st.binary()))
def test_lines_do_not_depend_on_how_the_bytes_come(chunks):
    lines = Lines()
    found = [line for chunk in chunks for line in lines.feed(chunk)] + lines.rest()
    whole = b''.join(chunks).split(b'\n')
    expected = [line.decode(errors='replace') for line in whole]
    assert found == (expected if expected[-1] else expected[:-1])


def test_a_full_pipe_that_does_not_block_loses_nothing():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    data = bytes(300_000)
    with open(reading, 'rb') as pipe, ThreadPoolExecutor() as pool:
        found = pool.submit(pipe.read)
        write_all(writing, data)
        os.close(writing)
        assert found.result() == data


def test_exit_code_of_a_process_killed_by_a_signal_is_that_of_a_shell():
    assert [exit_code(code) for code in (0, 3, -9, -15)] == [0, 3, 137, 143]


def test_log_directory_is_found_as_ros_does():
    home = {'HOME': '/h'}
    assert log_directory(home) == Path('/h/.ros/log')
    assert log_directory({'ROS_HOME': '/r', **home}) == Path('/r/log')
    assert log_directory({'ROS_LOG_DIR': '/l', 'ROS_HOME': '/r', **home}) == Path('/l')
