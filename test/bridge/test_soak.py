"""Virtual hours with a fault every ten seconds: all of it is accounted for, nothing grows."""

import json
import os
import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).parents[2] / 'benchmark' / 'soak'


def test_every_fault_is_accounted_for_and_nothing_grows(tmp_path):
    hours, shifts = (24, 2) if os.environ.get('PKAN_SOAK') else (2.4, 1)
    words = ['--hours', str(hours), '--shifts', str(shifts), '--json', str(tmp_path / 'soak.json')]
    done = subprocess.run([sys.executable, str(SOAK), *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / 'soak.json').read_text())
    assert figures['all']['count'] == hours * 360
    assert figures['commands'] > 0.97 * hours * 3600 * 50
    assert figures['all']['host_s'] <= 0.2
    assert figures['all']['board_s'] <= 0.2
    assert figures['all']['recovered_s'] <= 2.0
    grown = figures['grown']
    assert (grown['threads'], grown['descriptors']) == (0, 0)
    assert grown['objects'] < 100
    assert grown['memory_kib'] < 2048


def test_the_same_seed_is_the_same_day(tmp_path):
    figures = []
    for number in range(2):
        path = tmp_path / f'{number}.json'
        words = ['--hours', '0.1', '--shifts', '1', '--seed', '5', '--json', str(path)]
        subprocess.run([sys.executable, str(SOAK), *words], check=True, capture_output=True)
        figures.append(json.loads(path.read_text()))
    first, second = figures
    assert first['kinds'] == second['kinds']
    assert first['commands'] == second['commands']
