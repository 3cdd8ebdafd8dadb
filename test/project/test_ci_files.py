"""The workflow that users copy, and our own CI script, are right: parsed, checked, run."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / 'examples' / 'github-actions' / 'controller.yml'
BIN = Path(sys.executable).parent


def steps() -> dict[str, str]:
    """Return the scripts of the workflow by the names of their steps."""
    jobs = yaml.safe_load(WORKFLOW.read_text())['jobs']
    return {step['name']: step['run'] for step in jobs['fly']['steps'] if 'run' in step}


def shellcheck(script: str) -> str:
    command = [str(BIN / 'shellcheck'), '--shell=bash', '-']
    return subprocess.run(command, input=script, capture_output=True, text=True).stdout


@pytest.mark.parametrize('script', [*steps().values(), (ROOT / '.ci' / 'run').read_text()])
def test_scripts_have_nothing_that_shellcheck_finds(script):
    assert shellcheck(script) == ''


def test_the_workflow_has_what_github_asks_for():
    # YAML takes the key `on` for a truth value, as GitHub's own parser does not.
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert {'name', True, 'permissions', 'jobs'} <= set(workflow)
    for step in workflow['jobs']['fly']['steps']:
        assert ('run' in step) != ('uses' in step)
        assert '@' in step.get('uses', '@')


@pytest.mark.slow
def test_the_flight_step_passes_for_the_shipped_controller_and_against_its_own_baseline(tmp_path):
    (tmp_path / 'controllers').mkdir()
    shipped = ROOT / 'controllers' / 'drone_hover.safetensors'
    shutil.copy(shipped, tmp_path / 'controllers')
    script = steps()['Fly'].replace('200', '3')
    environment = {**os.environ, 'PATH': f'{BIN}:{os.environ["PATH"]}'}
    for baseline in ('', 'baseline.json'):
        if baseline:
            (tmp_path / 'rollout.json').rename(tmp_path / baseline)
            (tmp_path / 'flights.jsonl').unlink()
        done = subprocess.run(
            ['bash', '-euo', 'pipefail', '-c', script], cwd=tmp_path, env=environment,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert ('no regression of' in done.stdout) == bool(baseline)
    assert set(json.loads((tmp_path / 'rollout.json').read_text())['scenarios']) == {
        'calm', 'gusts', 'worn',
    }  # fmt: skip


def test_ci_installs_what_is_missing_and_never_fails_for_it(tmp_path):
    """Run `.ci/run` where apt-get fails: it is asked for the missing programs, then tests run."""
    folder = tmp_path / 'bin'
    folder.mkdir()
    for name in ('bash', 'dirname', 'timeout'):
        (folder / name).symlink_to(shutil.which(name))
    log = tmp_path / 'log'
    for name, code in (('apt-get', 100), ('make', 0)):
        (folder / name).write_text(f'#!/bin/bash\necho {name} "$@" >> {log}\nexit {code}\n')
        (folder / name).chmod(0o755)
    (folder / 'id').write_text('#!/bin/bash\necho 0\n')
    (folder / 'id').chmod(0o755)
    done = subprocess.run([ROOT / '.ci' / 'run'], env={'PATH': str(folder)}, capture_output=True)
    assert done.returncode == 0
    assert done.stdout == done.stderr == b''
    assert log.read_text().splitlines() == ['apt-get -qq update', 'make test']
