"""Rollouts as a gate: workers, logs that are gone on with, replays, verdicts, exit codes."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pytest

PKAN = [sys.executable, '-m', 'pkan_control.cli.main']
WORDS = ['rollout', 'drone_hover', '--alone', '--chip', 'sim:?seed=3', '--chips', '3']
SOAK = bool(os.environ.get('PKAN_SOAK'))


def pkan(*words: object, cwd: Path, code: int = 0) -> str:
    command = [*PKAN, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=cwd)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def figures(path: Path) -> dict:
    """Return what was written, without what depends on the clock."""
    found = json.loads(path.read_text())
    return {k: v for k, v in found.items() if k not in ('real_time_factor', 'inference_us')}


@pytest.mark.slow
def test_results_do_not_depend_on_the_number_of_workers(tmp_path):
    for workers in (1, 2):
        words = ['--episodes', 41, '--workers', workers, '--json', f'{workers}.json']
        pkan(*WORDS, *words, cwd=tmp_path)
    assert figures(tmp_path / '1.json') == figures(tmp_path / '2.json')
    assert len(figures(tmp_path / '1.json')['outcomes']['success']) == 41


@pytest.mark.slow
def test_requirements_and_baseline_decide(tmp_path):
    words = [*WORDS, '--episodes', 12, '--scenario', 'calm', '--scenario', 'gusts']
    required = ['--require', 'success_rate>=0.9,final_error_m.p95<0.05', '--junit', 'j.xml']
    text = pkan(*words, *required, '--json', 'old.json', cwd=tmp_path, code=1)
    assert text.count('FAILED') == 1
    root = ElementTree.parse(tmp_path / 'j.xml').getroot()  # noqa: S314 (our own)
    suites = {suite.get('name'): suite for suite in root}
    failed = {name: suite.get('failures') for name, suite in suites.items()}
    assert failed == {'calm': '0', 'gusts': '1'}
    again = [*words, '--baseline', 'old.json']
    pkan(*again, cwd=tmp_path)
    weak = [*again, '--chip', 'sim:?seed=3&preset=bad&edge_gain=0.3']
    assert 'no regression of' in pkan(*weak, cwd=tmp_path, code=1)
    wrong = pkan(*again, '--seed', 1, cwd=tmp_path, code=2)
    assert (
        wrong == 'error: baseline: its seed is 0, now 1: only the same episodes can be compared\n'
    )


@pytest.mark.slow
def test_a_rollout_that_was_killed_goes_on_and_ends_the_same(tmp_path):
    words = [*WORDS, '--episodes', 60, '--workers', 1]
    pkan(*words, '--log', 'whole.jsonl', '--json', 'whole.json', cwd=tmp_path)
    chance, log = random.Random(3), tmp_path / 'killed.jsonl'  # noqa: S311 (no secret)
    for _ in range(20 if SOAK else 2):
        command = [*PKAN, *words, '--log', log.name]
        process = subprocess.Popen([str(w) for w in command], cwd=tmp_path, stdout=subprocess.PIPE)
        start = log.stat().st_size if log.exists() else 0
        deadline = time.monotonic() + 60
        while (log.stat().st_size if log.exists() else 0) <= start and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    with log.open('ab') as file:
        file.write(b'{"scenario": "calm", "episode": {"sta')
    pkan(*words, '--log', log.name, '--json', 'killed.json', cwd=tmp_path)
    assert figures(tmp_path / 'killed.json') == figures(tmp_path / 'whole.json')
    assert len(log.read_text().splitlines()) == 61
    refused = pkan(*words, '--log', log.name, '--seed', 1, cwd=tmp_path, code=2)
    assert 'killed.jsonl: is of seed 0, not of 1' in refused


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on_and_leaves_no_process_behind(tmp_path):
    log = tmp_path / 'l.jsonl'
    command = [*PKAN, *WORDS, '--episodes', '5000', '--workers', '2', '--log', log.name]
    process = subprocess.Popen(
        command, cwd=tmp_path, text=True, start_new_session=True, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 120
    while not log.exists() or not log.read_bytes().count(b'"episode"'):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    workers = psutil.Process(process.pid).children(recursive=True)
    assert workers
    # A terminal tells the workers, too.
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == 'stopped: the same command resumes from l.jsonl\n'
    assert not psutil.wait_procs(workers, timeout=30)[1]


@pytest.mark.slow
def test_a_log_replays_bit_for_bit_and_a_changed_one_does_not(tmp_path):
    pkan(*WORDS, '--episodes', 3, '--scenario', 'everything', '--log', 'l.jsonl', cwd=tmp_path)
    assert '3 of 3 episodes are the same' in pkan('replay', 'l.jsonl', cwd=tmp_path)
    head, *lines = (tmp_path / 'l.jsonl').read_text().splitlines()
    values = json.loads(lines[1])
    values['episode']['commands'][100][2] += 1e-6
    lines[1] = json.dumps(values)
    (tmp_path / 'l.jsonl').write_text('\n'.join([head, *lines]) + '\n')
    text = pkan('replay', 'l.jsonl', cwd=tmp_path, code=1)
    assert 'everything, episode 1: differs from step 101' in text
    assert '2 of 3 episodes are the same' in text


@pytest.mark.slow
@pytest.mark.parametrize('text', ['', 'no json\n', '{}\n', '[1]\n', '{"rollout": 3}\n'])
def test_a_file_that_is_no_log_is_refused_in_one_line(tmp_path, text):
    (tmp_path / 'l.jsonl').write_text(text)
    refused = pkan('replay', 'l.jsonl', cwd=tmp_path, code=2)
    assert refused.startswith('error: l.jsonl: ')
    assert refused.count('\n') == 1
