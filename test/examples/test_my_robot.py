"""The example package: installed elsewhere, its robot is trained, run, studied, and run over ROS.

Nothing of it is known to `pkan_control`: it finds device, law, world, task and recipe by name.
"""

import json
import os
import shutil
import signal
import site
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from domain_coordinator import domain_id

from pkan_control.evaluation.rollouts.record import read_records, rollout_hash

EXAMPLE = Path(__file__).parents[2] / 'examples' / 'my_robot'
SIMULATED_CHIP = 'sim:?seed=3&preset=typical'
PATIENCE_S = 120.0
LINES = 200

pytestmark = [pytest.mark.slow, pytest.mark.ros]


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('my_robot')


@pytest.fixture(scope='module')
def python(folder) -> Path:
    """Return the interpreter of a fresh environment with the example beside `pkan_control`."""
    venv.create(folder / 'venv', with_pip=False)
    interpreter = folder / 'venv' / 'bin' / 'python'
    packages = Path(folder / 'venv' / 'lib' / f'python3.{sys.version_info.minor}/site-packages')
    lines = [f'import site; site.addsitedir({path!r})' for path in site.getsitepackages()]
    (packages / 'present.pth').write_text('\n'.join(lines))
    source = shutil.copytree(EXAMPLE, folder / 'source')
    quiet = ['--quiet', '--disable-pip-version-check', '--no-deps', '--no-build-isolation']
    subprocess.run([interpreter, '-m', 'pip', 'install', *quiet, source], check=True)
    return interpreter


@pytest.fixture(scope='module')
def pkan(python, folder) -> Callable[..., dict[str, Any]]:
    """Return a function that runs a command of `pkan` in that environment: its JSON file."""

    def pkan(*words: object) -> dict[str, Any]:
        path = folder / 'figures.json'
        command = [python, '-m', 'pkan_control.cli.main', *words, '--json', path]
        done = subprocess.run(
            list(map(str, command)), cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(path.read_text())

    return pkan


@pytest.fixture(scope='module')
def controller(pkan, folder) -> Path:
    """Return the controller file that the example's recipe and device make, somewhat shortened."""
    path = folder / 'ball_on_beam.safetensors'
    options = ('--device', 'differential_pair', '--steps', 300, '--out', path)
    assert pkan('train', 'ball_on_beam', *options)['success_rate'] > 0.9
    return path


@pytest.fixture
def ros(tmp_path, monkeypatch) -> None:
    """Keep traffic on this machine and in a domain of its own."""
    with domain_id() as number:
        monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        monkeypatch.setenv('ROS_DOMAIN_ID', str(number))
        monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path))
        yield


def test_the_example_stays_short():
    sources = (EXAMPLE / 'my_robot').glob('*.py')
    assert sum(len(path.read_text().splitlines()) for path in sources) <= LINES


def test_its_device_is_right(python):
    code = (
        'import torch; from pkan_control.devices.testing import check_device; '
        'from my_robot.device import differential_pair as it; check_device(it, torch.asarray)'
    )
    subprocess.run([python, '-c', code], cwd=python.parent, check=True)


def test_its_gymnasium_environment_needs_no_more(python):
    code = (
        'import gymnasium, pkan_control; '
        "environment = gymnasium.make('pkan_control/BallOnBeam-v0'); "
        'print(environment.reset(seed=0)[0].shape)'
    )
    done = subprocess.run(
        [python, '-c', code], cwd=python.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout == '(3,)\n'


def test_its_robot_runs_on_a_simulated_chip(pkan, controller):
    options = ('--controller', controller, '--chip', SIMULATED_CHIP, '--episodes', 10)
    calm = pkan('rollout', 'ball_on_beam', *options)
    assert calm['success_rate'] > 0.5
    assert set(calm['beside']) == {'expert'}


def test_its_section_of_a_scenario_holds(pkan, controller, folder):
    options = ('--controller', controller, '--episodes', 3, '--alone')
    (folder / 'slope.yaml').write_text('text: A slope.\nball_on_beam: {slope_rad: 0.02}\n')
    calm, slope = (
        pkan('rollout', 'ball_on_beam', *options, *more)
        for more in ((), ('--scenario', folder / 'slope.yaml'))
    )
    assert calm != slope


def test_its_yield_is_studied(pkan, controller):
    options = ('--controller', controller, '--chips', 8, '--episodes', 3, '--sensitivity', 0)
    assert pkan('yield', 'ball_on_beam', *options)['chips'] == 8


def test_its_robot_runs_over_ros_as_in_process(ros, python, pkan, controller, folder, tmp_path):
    record = tmp_path / 'episodes.jsonl'
    simulation = {
        'task': 'ball_on_beam',
        'seed': 3,
        'episodes': 2,
        'record': record,
        'lockstep': 'true',
        'real_time_factor': 0.0,
    }
    control = {
        'controller': controller,
        'chip': f"'{SIMULATED_CHIP}'",
        'autostart': 'true',
        'enable': 'true',
        'use_sim_time': 'true',
    }
    nodes = [
        start(python, name, parameters, tmp_path)
        for name, parameters in (('controller_node', control), ('simulation_node', simulation))
    ]
    try:
        assert nodes[1].wait(PATIENCE_S) == 0, (tmp_path / 'simulation_node.log').read_text()
    finally:
        for node in nodes:
            if node.poll() is None:
                os.killpg(node.pid, signal.SIGKILL)
                node.wait(PATIENCE_S)
    options = ('--controller', controller, '--chip', SIMULATED_CHIP, '--episodes', 2, '--seed', 3)
    figures = pkan('rollout', 'ball_on_beam', *options, '--alone')
    assert rollout_hash(read_records(record)) in json.dumps(figures)


def start(
    python: Path, name: str, parameters: dict[str, object], folder: Path
) -> subprocess.Popen[bytes]:
    """Start a node in a process group of its own, whose output goes to a file."""
    words = [w for key, value in parameters.items() for w in ('-p', f'{key}:={value}')]
    command = [python, '-m', f'pkan_control.ros.nodes.{name}', '--ros-args', *words]
    with (folder / f'{name}.log').open('wb') as out:
        return subprocess.Popen(
            command, cwd=folder, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
