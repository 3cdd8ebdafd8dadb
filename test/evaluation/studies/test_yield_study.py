"""`pkan yield`: the same results whatever runs it, and after any kill."""

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pkan_control.chips.uri import deviations_of
from pkan_control.control.controller_file import load_controller_file
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.evaluation.rollouts.rollout import Plan
from pkan_control.evaluation.studies.yield_study import Study
from pkan_control.tasks.task import find_task

PKAN = [sys.executable, '-m', 'pkan_control.cli.main', 'yield', 'drone_hover']
SMALL = ['--chips', 12, '--episodes', 2, '--sensitivity', 0]
SOAK = bool(os.environ.get('PKAN_SOAK'))


def pkan(*words: object, cwd: Path, code: int = 0) -> str:
    command = [*PKAN, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=cwd)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope='module')
def whole(tmp_path_factory) -> Path:
    """Return a folder with the log and the figures of a study that nothing disturbed."""
    folder = tmp_path_factory.mktemp('whole')
    words = ['--chip', 'sim:?preset=bad&seed=40', '--workers', 1]
    pkan(*SMALL, *words, '--json', 'a.json', '--log', 'a.jsonl', cwd=folder)
    return folder


def test_the_figures_are_those_of_the_lines(whole):
    figures = json.loads((whole / 'a.json').read_text())
    _, *lines = map(json.loads, (whole / 'a.jsonl').read_text().splitlines())
    assert [line['chip'] for line in lines] == list(range(40, 52))
    rates = [sum(line['success']) / 2 for line in lines]
    assert figures['success_rates'] == rates
    assert figures['yield']['passed'] == sum(rate == 1 for rate in rates)
    assert 0 < figures['yield']['passed'] < 12


@pytest.mark.slow
def test_workers_change_nothing(whole, tmp_path):
    words = ['--chip', 'sim:?preset=bad&seed=40', '--workers', 2]
    pkan(*SMALL, *words, '--json', 'b.json', cwd=tmp_path)
    assert (tmp_path / 'b.json').read_text() == (whole / 'a.json').read_text()


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec('ray') is None, reason='Ray is not installed')
def test_a_cluster_changes_nothing(whole, tmp_path):
    words = ['--chip', 'sim:?preset=bad&seed=40', '--ray', 'local']
    pkan(*SMALL, *words, '--json', 'c.json', cwd=tmp_path)
    assert (tmp_path / 'c.json').read_text() == (whole / 'a.json').read_text()


@pytest.mark.slow
def test_a_study_that_was_killed_goes_on_and_ends_the_same(tmp_path):
    words = ['--chips', 6, '--episodes', 500, '--sensitivity', 0, '--workers', 1]
    words = [*words, '--scenario', 'wind', '--seed', 3]
    pkan(*words, '--json', 'whole.json', cwd=tmp_path) if SOAK else None
    log, chance = tmp_path / 'log.jsonl', random.Random(1)  # noqa: S311 (no secret)
    small = words if SOAK else [*SMALL, '--workers', 1]
    for _ in range(20 if SOAK else 2):
        command = [str(word) for word in (*PKAN, *small, '--log', log.name)]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE)
        time.sleep(chance.uniform(1.5, 12.0 if SOAK else 4.0))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    with log.open('ab') as file:
        file.write(b'{"variant": "usual", "chip"')
    pkan(*small, '--log', log.name, '--json', 'killed.json', cwd=tmp_path)
    if not SOAK:
        pkan(*small, '--json', 'whole.json', cwd=tmp_path)
    assert (tmp_path / 'killed.json').read_text() == (tmp_path / 'whole.json').read_text()


def test_temperature_and_age_are_varied_too_where_they_matter():
    task = find_task('drone_hover')
    controller_file = load_controller_file(shipped_controller(task.name))

    def varied(uri: str) -> dict[str, list[float]]:
        study = Study(Plan(task, 1), controller_file, deviations_of(uri), 1, 0, 1)
        found: dict[str, list[float]] = {}
        for variant in study.variants()[1:]:
            name = variant.name.partition('=')[0]
            found.setdefault(name, []).append(getattr(variant.deviations, name))
        return found

    typical = varied('sim:?preset=typical')
    assert typical['temperature_c'] == [0, 12.5, 50, 100, 150]
    assert typical['age_h'] == [0, 500, 2000, 4000, 8000]
    assert typical['node_noise'] == [0, 0.0025, 0.01, 0.02, 0.04]
    assert 'ageing' not in typical
    assert varied('sim:?preset=typical&age_h=100')['ageing'] == [0, 0.00025, 0.001, 0.002, 0.004]


@pytest.mark.slow
@pytest.mark.parametrize(
    ('words', 'named'),
    [
        (['--chip', 'ideal:'], ['ideal:', 'sim:']),
        (['--chip', 'sim:?preset=best'], ['best', 'typical']),
        (['--scenario', 'storm'], ['storm', 'calm']),
        (['--pass', '1.5'], ['--pass', '1']),
        (['--chips', '0'], ['--chips', '1']),
        (['--ray', '127.0.0.1:1'], ['--ray 127.0.0.1:1']),
    ],
    ids=str,
)
def test_a_mistake_is_one_line(tmp_path, words, named):
    if words[0] == '--ray' and importlib.util.find_spec('ray') is None:
        named = ['Ray is not installed']
    said = pkan(*SMALL, *words, cwd=tmp_path, code=2)
    assert said.count('\n') == 1
    assert said.startswith('error: ')
    assert all(word in said for word in named)
