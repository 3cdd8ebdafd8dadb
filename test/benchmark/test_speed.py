"""The runner of `make benchmark`: candidates by turns, bars, checks, peers that are not there."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SPEED = Path(__file__).parents[2] / 'benchmark' / 'speed'


@pytest.fixture(autouse=True)
def _speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SPEED))


def measured(path: Path, *options: str) -> dict[str, Any]:
    command = [sys.executable, str(SPEED), '--quick', '--json', str(path), *options]
    subprocess.run(command, check=True, capture_output=True)
    found: dict[str, Any] = json.loads(path.read_text())['rows']
    return found


@pytest.mark.slow
def test_rows_are_measured_checked_and_compared(tmp_path: Path) -> None:
    rows = measured(tmp_path / 'a.json', '--rows', 'infer_mlp_numpy', 'train_continuous_phykan')
    row = rows['infer_mlp_numpy']
    assert row['ratio']['p10'] <= row['ratio']['median'] <= row['ratio']['p90']
    assert row['met'] == (row['ratio']['median'] <= 5)
    assert 'error' in row['checked']
    skipped = rows['train_continuous_phykan']
    assert skipped['met'] is None
    assert skipped['ratio'] is None
    assert '--phykan PATH' in skipped['skipped'] or '.venv-peers' in skipped['skipped']


def test_an_unknown_row_is_one_clear_line() -> None:
    command = [sys.executable, str(SPEED), '--rows', 'nothing']
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr.startswith("error: row 'nothing' is unknown: there are train_")


def test_a_wrong_candidate_has_no_ratio() -> None:
    from contest import Bar, Candidate, Pace, Row, compete

    def wrong(ours: object, theirs: object) -> str:
        raise ValueError('it computes something else')

    mlp = Candidate('MLP', 'inference:mlp', {'shape': [2, 2]})
    outcome = compete(Row('a', 'a', mlp, mlp, Bar('<=', 9), wrong), Pace(1, 0.001, 1.0))
    assert (outcome.ratio, outcome.failed) == (None, 'it computes something else')
    assert 'wrong' in outcome.verdict


@pytest.mark.parametrize(('sign', 'ratio', 'met'), [('>=', 3.0, True), ('>=', 2.9, False)])
def test_a_bar_of_speed_is_met_above_it(sign: str, ratio: float, met: bool) -> None:
    from contest import Bar

    assert Bar(sign, 3).met(ratio) is met
    assert Bar('<=', 3).met(ratio) is (ratio <= 3)


@pytest.mark.parametrize('power', [0.5, 1.0, 2.0])
def test_the_exponent_is_that_of_the_larger_sizes(power: float) -> None:
    from growth import exponent

    sizes = (1, 2, 4, 8, 16, 32)
    seconds = [9.0, 9.0] + [size**power for size in sizes[2:]]
    assert exponent(sizes, seconds) == pytest.approx(power)
