"""Each example runs as a user would run it, and prints what it promises."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / 'examples'
EXPECTED = {
    'load_and_step': r'after 30 s: cart \+0\.0\d\d m, pole [+-]0\.\d\d deg',
    'vector_environment': r'its controller: reward 0\.9\d, picture of \(480, 640, 3\)',
    'train': r'100% of 20 episodes on 5 typical chips',
    'study': r'typical: yield 100\.0% \(91\.2% to 100\.0%\), 0\.\d\d cm\ngood: yield 100\.0%',
    'calibrate_a_board': r'as fabricated: \d{2,3}\.\d\d cm\ncalibrated: [01]\.\d\d cm',
}
SLOW = {'train', 'study', 'calibrate_a_board'}


def test_every_example_is_tested():
    assert set(EXPECTED) == {path.stem for path in EXAMPLES.glob('*.py')}
    lengths = {path.stem: len(path.read_text().splitlines()) for path in EXAMPLES.glob('*.py')}
    assert max(lengths.values()) <= 45, lengths


@pytest.mark.parametrize(
    'name', [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in EXPECTED]
)
def test_an_example_runs(name: str, tmp_path: Path):
    command = [sys.executable, str(EXAMPLES / f'{name}.py')]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=600)
    assert done.returncode == 0, done.stderr
    assert re.search(EXPECTED[name], done.stdout), done.stdout
    assert list(tmp_path.iterdir()) == []
