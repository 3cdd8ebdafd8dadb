"""What a report shows: the worst first, only finite numbers, and nothing of a user unescaped."""

import json
import math

import numpy as np
import pytest

from pkan_control.evaluation.rollouts.record import EpisodeRecord
from pkan_control.reporting.reports import figures
from pkan_control.reporting.reports.evidence import Evidence, important_edges, read_yield
from pkan_control.reporting.reports.page import page
from pkan_control.tasks.task import Score, find_task

TASK = find_task('drone_hover')


def record(number: int, error: float, success: bool = True) -> EpisodeRecord:
    states = np.zeros((11, 13))
    states[:, 0] = error
    return EpisodeRecord(
        'drone_hover', 0, number, 50.0, states, np.zeros((11, 3)), np.zeros((10, 4)),
        np.zeros(10, dtype=np.int64), 1.0, Score(success, {'final_error_m': error}),
    )  # fmt: skip


def evidence(**changes) -> Evidence:
    rows = {'<b>pkan</b>': [record(i, 0.01 * (1 + i)) for i in range(30)]}
    about = {
        'task': 'drone_hover', 'scenario': '<script>', 'chip': '{{BODY}}', 'controller': 'a/b.st',
    }  # fmt: skip
    values = {
        'about': about, 'task': TASK, 'rows': rows, 'edges': [], 'fidelity': {}, 'yields': [],
        'power_w': {},
    }  # fmt: skip
    return Evidence(**{**values, **changes})


def test_the_worst_come_first_and_failures_before_all():
    records = [record(0, 0.5), record(1, 0.1, False), record(2, math.inf), record(3, 0.2)]
    assert [each.number for each in figures.ranked(records)] == [1, 2, 0, 3]
    many = [record(i, 0.01 * i) for i in range(40)]
    chosen = [each.number for each in figures.selected(many)]
    assert chosen == [39, 38, 37, 36, 35, *range(15)]


def test_what_comes_from_outside_is_text():
    text = page(evidence())
    head = text.split('<script type="application/json"')[0]
    assert '<script>' not in head
    assert '<b>pkan' not in head
    assert '&lt;b&gt;pkan&lt;/b&gt;' in head
    assert '{{BODY}}' in head


def test_numbers_that_are_none_stay_out_of_the_data():
    rows = {'pkan': [record(0, math.inf, False), record(1, 0.1)]}
    text = page(evidence(rows=rows))
    data = text.split('id="plots">')[1].split('</script>')[0]
    plots = json.loads(data)
    assert set(plots) == {'trajectories', 'errors', 'time'}
    assert plots['errors']['data'][0]['x'] == [0.1, None]


def test_the_most_important_edges_are_shown(make_program):
    program = make_program((3, 2), gain=1)
    program.layers[0][1, 1, :, 0] = 90
    assert (important_edges(program)[0].source, important_edges(program)[0].target) == (1, 1)


@pytest.mark.parametrize('text', ['', '[]', '{"yield": 1}', 'nothing'])
def test_a_file_that_is_no_study_is_refused(tmp_path, text, refused):
    path = tmp_path / 'yield.json'
    path.write_text(text)
    with refused(str(path)):
        read_yield(path)
