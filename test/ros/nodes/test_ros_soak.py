"""Hostile messages and kills, a part of them; all of them with PKAN_SOAK=1."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[3] / 'benchmark'
ALL = os.environ.get('PKAN_SOAK') == '1'


def run(name: str, path: Path, *words: object) -> dict[str, float]:
    command = [sys.executable, BENCHMARK / f'{name}.py', *map(str, words), '--json', path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(path.read_text())


@pytest.mark.slow
def test_no_hostile_message_makes_it_crash_or_lets_a_wrong_command_out(tmp_path):
    figures = run('ros_hostile', tmp_path / 'x', '--sequences', 10_000 if ALL else 1000)
    assert (figures['raised'], figures['wrong']) == (0, 0)
    assert figures['commands'] > 0.5 * figures['sequences']
    assert figures['refused'] > 0.5 * figures['sequences']
    assert figures['not finite, made safe'] > 0


@pytest.mark.slow
def test_fault_23_whichever_node_is_killed_the_other_is_safe_and_both_go_on(tmp_path):
    figures = run('ros_kills', tmp_path / 'x', '--kills', 50 if ALL else 4, '--beyond', 0.25)
    wrong = ('not safe', 'not restarted', 'exit codes not 0', 'commands not finite')
    assert [figures[name] for name in (*wrong, 'processes left')] == [0] * 5
