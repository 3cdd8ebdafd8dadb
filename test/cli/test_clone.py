"""`pkan clone`: a controller of recorded flights, and one line for what is wrong."""

import json

import pytest

from pkan_control.control.controller_file import load_controller_file
from pkan_control.evaluation.bags.writer import BagWriter
from pkan_control.evaluation.rollouts.rollout import Plan, run_expert
from pkan_control.tasks.task import find_task


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['no'], 'no: no such file or folder'),
        (['.', '--remap', 'odom=/x'], "--remap 'odom=/x': write OURS:=THEIRS"),
        (['.', '--robot', 'panda'], 'No such option: --robot'),
        (['.', '--hidden', '4'], 'No such option: --hidden'),
        ([], "Missing argument 'FOLDER'"),
    ],
)
def test_a_mistake_is_one_line(refusal, words, message):
    assert refusal('clone', 'drone_hover', *words).startswith(message)


@pytest.mark.slow
def test_recorded_flights_become_a_controller(pkan, short_training, tmp_path):
    plan = Plan(find_task('drone_hover'), 2, 9)
    for record in run_expert(plan, lambda done: None):
        BagWriter(tmp_path / 'bags').add(plan, record)
    words = ['--steps', 22, '--out', 'clone.st', '--json', 'c']
    code, out, lines = pkan('clone', 'drone_hover', 'bags', *words)
    assert (code, lines) == (0, [])
    assert '2 recordings' in out
    made = load_controller_file(tmp_path / 'clone.st')
    assert made.provenance['method'] == 'cloned from recorded flights'
    assert set(made.results) == {'ideal chip', '10 typical chips'}
    figures = json.loads((tmp_path / 'c').read_text())
    first, second = figures['flown']
    assert first.startswith('bandpass')
    assert second.startswith('MLP')
