"""Damaged frames and wild payloads: nothing wrong is believed, nothing raises."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[2] / 'benchmark' / 'fuzz.py'


@pytest.mark.slow
def test_fault_24_nothing_wrong_is_believed_and_nothing_raises(tmp_path):
    scale = 1.0 if os.environ.get('PKAN_SOAK') else 0.1
    path = tmp_path / 'fuzz.json'
    words = ['--scale', str(scale), '--json', str(path)]
    done = subprocess.run([sys.executable, str(FUZZ), *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    damaged, *wild = json.loads(path.read_text()).values()
    assert damaged['frames'] == 200_000 * scale
    assert 0.11 < damaged['damaged'] / damaged['frames'] < 0.13
    assert damaged['noticed'] > 0.9 * damaged['damaged']
    assert (damaged['wrong'], damaged['missed']) == (0, 0)
    assert [each['frames'] for each in wild] == [1_000_000 * scale] * 2
    assert [(each['raised'], each['wrong']) for each in wild] == [(0, 0)] * 2, done.stdout
