"""`pkan demo`, as a user runs it."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import av
import psutil
import pytest
from domain_coordinator import domain_id
from programs import program

from pkan_control.evaluation.rollouts.record import read_records

PKAN = program('pkan')
# What takes longer hangs; the speed of a busy machine is no subject here.
PATIENCE_S = 600.0


@pytest.fixture
def demo(tmp_path):
    """Return a function that starts the demo in an empty folder; it is ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(PKAN), 'demo', *words],
            cwd=tmp_path,
            env=environment,
            text=True,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    with domain_id() as number:
        environment = {
            **os.environ,
            'ROS_DOMAIN_ID': str(number),
            'HOME': str(tmp_path),
            'COLUMNS': '160',
        }
        try:
            yield start
        finally:
            for process in started:
                if process.poll() is None:
                    # Interrupted, it ends its nodes, which have a group of their own.
                    process.send_signal(signal.SIGINT)
                # Also closes the pipes, which a later test would be blamed for.
                process.communicate(timeout=60)


def nodes(log: Path) -> list[int]:
    """Return the processes that the launch file has started."""
    text = log.read_text() if log.exists() else ''
    return [int(pid) for pid in re.findall(r'process started with pid \[(\d+)\]', text)]


@pytest.mark.slow
def test_two_flights(demo, tmp_path):
    process = demo('--episodes', '2', '--json', 'figures.json')
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    assert 'drone_hover over ROS 2 in lockstep' in out
    assert 'bandpass' in out
    assert 'bit-equal' in out
    assert 'uW' in out
    assert len(read_records(tmp_path / 'out/episodes.jsonl')) == 2
    for name in ('flights.png', 'edges.png'):
        assert name in out
        assert (tmp_path / 'out' / name).read_bytes().startswith(b'\x89PNG')
    figures = json.loads((tmp_path / 'figures.json').read_text())
    assert 0 <= figures['success_rate'] <= 1
    started = nodes(tmp_path / 'out/launch.log')
    assert len(started) == 2
    assert not any(psutil.pid_exists(pid) for pid in started)


@pytest.mark.slow
def test_an_arm_reaches_and_is_filmed(demo, tmp_path):
    process = demo('arm_reach', '--episodes', '1', '--record', 'reach.mp4')
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    assert 'arm_reach over ROS 2 in lockstep' in out
    assert 'bit-equal' in out
    assert 'Film: reach.mp4' in out
    with av.open(str(tmp_path / 'reach.mp4')) as film:
        assert film.duration / av.time_base == pytest.approx(4, abs=0.1)


@pytest.mark.slow
def test_a_task_without_a_set_point_in_space_is_one_line(demo):
    process = demo('cartpole')
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert err == 'error: task cartpole: the demo shows drone_hover or arm_reach\n'


@pytest.mark.slow
def test_ctrl_c_leaves_no_process_behind(demo, tmp_path):
    process = demo('--episodes', '10000')
    record, deadline = tmp_path / 'out/episodes.jsonl', time.monotonic() + 60
    while not record.exists() or not record.stat().st_size:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    started = nodes(tmp_path / 'out/launch.log')
    assert len(started) == 2
    assert all(psutil.pid_exists(pid) for pid in started)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert 'Traceback' not in err
    assert not any(psutil.pid_exists(pid) for pid in started)


def test_a_bad_controller_is_one_line(demo, tmp_path):
    (tmp_path / 'bad').write_text('no controller')
    process = demo('--controller', 'bad')
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert re.fullmatch(r'error: controller file \S+/bad: not a whole safetensors file .*\n', err)
    assert not (tmp_path / 'out').exists()
