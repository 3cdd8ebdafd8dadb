"""A report of few flights, made once."""

import json
import subprocess
import sys

import pytest

STUDY = {
    'task': 'drone_hover', 'chips': 40, 'episodes': 5, 'target': 0.99,
    'yield': {'passed': 39, 'rate': 0.975, 'low': 0.868, 'high': 0.999, 'criterion': 0.95},
    'success_rates': [1.0] * 40,
    'sensitivity': [
        {'deviation': 'offset', 'values': [0.0, 0.01, 0.04], 'yield': [1.0, 0.9, 0.2],
         'low': [0.9, 0.7, 0.1], 'high': [1.0, 0.97, 0.4]},
    ],
    'specification': [{'deviation': 'offset', 'limit': 0.001, 'beyond': False}],
}  # fmt: skip


@pytest.fixture(scope='session')
def folder(tmp_path_factory):
    """Return a folder with `report.html` and the pictures in `plots`."""
    folder = tmp_path_factory.mktemp('report')
    (folder / 'yield.json').write_text(json.dumps(STUDY))
    words = ['drone_hover', '--episodes', '12', '--scenario', 'gusts', '--yield', 'yield.json']
    for name, out in (('report', 'report.html'), ('plot', 'plots')):
        command = [sys.executable, '-m', 'pkan_control.cli.main', name, *words, '--out', out]
        subprocess.run(command, check=True, cwd=folder, capture_output=True)
    return folder
