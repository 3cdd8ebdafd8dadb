"""The command line: what `rollout` and `train` write, and one line for every mistake."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from programs import program

from pkan_control.cli.commands.options import write_json
from pkan_control.common.yaml_files import shipped_files
from pkan_control.control.controller_file import (
    ControllerFile,
    save_controller_file,
)
from pkan_control.control.laws.drone import DroneLaw
from pkan_control.evaluation.controllers import shipped_controller, shipped_mlp
from pkan_control.robots.arm import load_arm
from pkan_control.robots.quadrotor import load_airframe
from pkan_control.tasks.options import ArmChoice, configured
from pkan_control.tasks.task import TASKS, find_task

PKAN = program('pkan')
FIELDS = {
    'task',
    'scenario',
    'airframe',
    'path',
    'robot',
    'controller',
    'chip',
    'chips',
    'calibration',
    'episodes',
    'seed',
    'success_rate',
    'final_error_m',
    'settling_time_s',
    'real_time_factor',
    'inference_us',
    'hash',
    'outcomes',
    'beside',
}


def executable(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [str(PKAN), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=cwd)


@pytest.mark.parametrize(
    ('words', 'named'),
    [
        (['rollout', 'fly_to_mars'], ['fly_to_mars', 'drone_hover']),
        (['rollout', 'drone_hover', '--controller', 'none.st'], ['none.st', 'no such file']),
        (['demo', '--controller', 'none.st'], ['none.st', 'no such file']),
        (['demo', '--chip', 'usb:'], ['usb:', 'ideal:', 'sim:']),
        (['demo', '--chip', 'sim:?readout=multiplexed'], ['sim-0', 'ms']),
        (['rollout', 'drone_hover', '--nope'], ['--nope']),
        (['rollout', 'drone_hover', '--airframe', 'balloon'], ["'balloon'", 'crazyflie']),
        (['rollout', 'drone_hover', '--path', 'circle'], ['drone_hover', 'no path']),
        (['rollout', 'drone_track', '--path', 'spiral'], ["'spiral'", 'circle']),
        (['rollout', 'drone_hover', '--off', 'wings'], ["'wings'", 'force', 'all']),
        (['rollout'], ['TASK']),
        (['fly'], ['fly']),
        (['rollout', 'drone_hover', '--episodes', '0'], ['--episodes', '1']),
        (['rollout', 'drone_hover', '--episodes', 'nan'], ['--episodes']),
        (['rollout', 'drone_hover', '--seed', '-1'], ['--seed', '0']),
        (['rollout', 'drone_hover', '--seed', str(2**31)], ['--seed', str(2**31 - 1)]),
        (['rollout', 'drone_hover', '--seed', 'nan'], ['--seed']),
        (['rollout', 'drone_hover', '--chips', '0'], ['--chips', '1']),
        (['rollout', 'drone_hover', '--chips', '2'], ['ideal:', 'sim:']),
    ],
    ids=' '.join,
)
def test_a_mistake_is_one_line_and_exit_code_two(pkan, words, named):
    code, out, lines = pkan(*words)
    assert (code, out, len(lines)) == (2, '', 1)
    assert lines[0].startswith('error: ')
    assert lines[0].isprintable()
    for word in named:
        assert word in lines[0]


AIRFRAME = shipped_files('airframes')['crazyflie'].read_text()


@pytest.mark.parametrize(
    ('words', 'text', 'named'),
    [
        (
            'rollout drone_hover --airframe',
            AIRFRAME.replace('mass: 0.027', 'mass: 27'),
            'airframe {}: max_speed: 2273.7 rad/s give a thrust of 0.5959 N, not more than',
        ),
        ('rollout drone_hover --airframe', f'{AIRFRAME}mass: 1', "line 17: key 'mass' appears"),
        (
            'rollout drone_hover --airframe',
            AIRFRAME.replace('9.18e-7, ', '1e, '),
            "airframe {}: drag[0]: must be a number, not '1e'",
        ),
        (
            'rollout drone_hover --scenario',
            'text: A.\ndrone: {mass: yes}',
            "scenario {}: drone.mass.value: must be a number, not 'yes'",
        ),
        (
            'rollout drone_track --path',
            'shape: circle\nradius: 2',
            "path {}: unknown key 'radius': allowed are shape, speed_m_s, radius_m,",
        ),
        (
            'rollout arm_reach --robot',
            'model: pybullet_data/franka_panda/panda.urdf\ntip: panda_grasptarget\nhome: 9',
            'robot {}: home: 1 numbers for 7 joints',
        ),
        (
            'proxy tcp://127.0.0.1:1 --plan',
            'to_board: {rates: {drop: 2}}',
            "fault plan {}: to_board.rates['drop']: must be from 0 to 1, not 2.0",
        ),
    ],
    ids=lambda text: text[:20],
)
def test_a_mistake_in_a_file_is_one_line_and_exit_code_two(refusal, tmp_path, words, text, named):
    path = tmp_path / 'mine.yaml'
    path.write_text(text)
    assert named.format(path) in refusal(*words.split(), path)


@pytest.mark.parametrize(
    ('chip', 'named'),
    [
        ('usb:', ['usb:', 'ideal:', 'sim:']),
        ('', ['ideal:']),
        ('ideal:?seed=1', ['no options']),
        ('sim:?sed=1', ['sed', 'seed', 'preset']),
        ('sim:?seed=1.5', ['seed', '1.5']),
        ('sim:?seed=nan', ['seed', 'nan']),
        ('sim:?edge_gain=nan', ['edge_gain', 'nan']),
        ('sim:?edge_gain=-1', ['edge_gain', '-1']),
        ('sim:?preset=superb', ['superb', 'typical']),
        ('sim:?readout=slow', ['slow', 'multiplexed']),
        ('sim:?readout=multiplexed', ['sim-0', 'ms', '20.0 ms']),
    ],
)
@pytest.mark.parametrize('chips', [1, 2])
def test_a_chip_that_is_none(pkan, controller, chip, named, chips):
    words = ['rollout', 'drone_hover', '--controller', controller, '--chip', chip]
    code, out, lines = pkan(*words, '--chips', chips)
    assert (code, out, len(lines)) == (2, '', 1)
    if chips == 1:
        assert all(word in lines[0] for word in named)


@pytest.mark.parametrize('damage', ['truncated', 'flipped', 'empty', 'text', 'folder'])
def test_a_damaged_controller(pkan, controller, tmp_path, damage):
    whole, path = controller.read_bytes(), tmp_path / 'damaged.safetensors'
    middle = len(whole) * 3 // 4
    contents = {
        'truncated': whole[:middle],
        'flipped': whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        'empty': b'',
        'text': b'not a controller\n' * 50,
    }
    if damage == 'folder':
        path.mkdir()
    else:
        path.write_bytes(contents[damage])
    code, out, lines = pkan('rollout', 'drone_hover', '--controller', path)
    assert (code, out, len(lines)) == (2, '', 1)
    assert str(path) in lines[0]


@pytest.mark.parametrize(
    ('task', 'rate', 'named'),
    [('drone_hover', 100.0, ['100.0 Hz', '50.0']), ('cartpole', 50.0, ['cartpole'])],
)
@pytest.mark.parametrize('command', [['rollout', 'drone_hover'], ['demo']], ids=' '.join)
def test_a_controller_for_something_else(pkan, make_program, tmp_path, task, rate, named, command):
    path, law = tmp_path / 'other.safetensors', DroneLaw(rate_hz=rate)
    save_controller_file(path, ControllerFile(task, law, rate, make_program((12, 4))))
    code, out, lines = pkan(*command, '--controller', path)
    assert (code, out, len(lines)) == (2, '', 1)
    assert all(word in lines[0] for word in named)


@pytest.mark.parametrize('where', ['a_file/x.json', 'a_folder', '/proc/none/x.json'])
def test_json_that_cannot_be_written_is_refused_before_anything_is_flown(pkan, tmp_path, where):
    (tmp_path / 'a_file').write_text('old')
    (tmp_path / 'a_folder').mkdir()
    code, out, lines = pkan('rollout', 'drone_hover', '--json', where)
    assert (code, out, len(lines)) == (2, '', 1)
    assert f'cannot write {where}' in lines[0]
    assert sorted(p.name for p in tmp_path.rglob('*')) == ['a_file', 'a_folder']


def test_demo_needs_a_folder_to_write_to(pkan, controller, tmp_path):
    (tmp_path / 'a_file').write_text('old')
    code, out, lines = pkan('demo', '--controller', controller, '--out', 'a_file')
    assert (code, out, len(lines)) == (2, '', 1)
    assert 'a_file' in lines[0]


def test_json_is_replaced_as_a_whole_or_not_at_all(tmp_path):
    path = tmp_path / 'figures.json'
    path.write_text('old')
    with pytest.raises(ValueError, match='JSON'):
        write_json(path, {'value': float('nan')})
    assert path.read_text() == 'old'
    write_json(path, {'value': 1})
    assert json.loads(path.read_text()) == {'value': 1}
    assert [p.name for p in tmp_path.iterdir()] == ['figures.json']


def test_rollout_writes_exactly_these_figures(pkan, controller, tmp_path):
    words = ['rollout', 'drone_hover', '--controller', controller, '--episodes', 2]
    words += ['--seed', 3, '--chip', 'sim:?seed=1']
    code, out, _ = pkan(*words, '--json', 'deep/down/one.json')
    assert code == 0
    told = ' '.join(out.split())
    assert all(word in told for word in ('bandpass', 'expert', 'success', 'seed 3'))
    figures = json.loads((tmp_path / 'deep/down/one.json').read_text())
    assert set(figures) == FIELDS
    run = {name: figures[name] for name in ('task', 'controller', 'chip', 'episodes', 'seed')}
    assert run == {
        'task': 'drone_hover',
        'controller': str(controller),
        'chip': 'sim:?seed=1',
        'episodes': 2,
        'seed': 3,
    }
    assert set(figures['final_error_m']) == {'median', 'p95'}
    assert set(figures['inference_us']) == {'median', 'p99'}
    assert set(figures['settling_time_s']) == {'median', 'p95'}
    assert figures['beside']['expert']['success_rate'] == 1
    pkan(*words, '--json', 'two.json')
    again = json.loads((tmp_path / 'two.json').read_text())
    assert again['hash'] == figures['hash']
    assert again['beside']['expert']['hash'] == figures['beside']['expert']['hash']


def test_power_is_compared_and_losing_is_said(pkan, tmp_path):
    code, out, lines = pkan(
        'power', shipped_controller('drone_hover'), '--json', 'p', '--constants'
    )
    assert (code, lines) == (0, [])
    told = ' '.join(out.split())
    assert all(w in told for w in ('dedicated CMOS', 'memristive', 'MLP', 'does not win', 'SPI'))
    found = json.loads((tmp_path / 'p').read_text())
    assert found['law_cycles'] > 0
    assert found['rows']['dedicated CMOS']['power_w'][1] == pytest.approx(6.5e-4, rel=0.05)
    code, _, lines = pkan('power', shipped_mlp('drone_hover'))
    assert (code, len(lines)) == (2, 1)
    code, _, lines = pkan(
        'power', shipped_controller('drone_hover'), '--mlp', shipped_controller('drone_hover')
    )
    assert (code, len(lines)) == (2, 1)
    assert 'is no MLP' in lines[0]


@pytest.mark.slow
def test_the_executable(tmp_path, controller):
    done = executable(
        'rollout', 'drone_hover', '--controller', controller, '--episodes', 1, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert 'expert' in done.stdout
    assert 'Traceback' not in done.stderr
    wrong = executable('rollout', 'fly_to_mars', cwd=tmp_path)
    assert wrong.returncode == 2
    allowed = ', '.join(TASKS.names())
    assert wrong.stderr == f"error: unknown task 'fly_to_mars': allowed are {allowed}\n"
    assert 'arm_reach, ' in allowed
    assert os.listdir(tmp_path) == []


def test_help_and_no_command(tmp_path):
    helped = executable('--help', cwd=tmp_path)
    assert helped.returncode == 0
    assert all(
        command in helped.stdout for command in ('demo', 'rollout', 'train', 'clone', 'finetune')
    )
    bare = executable(cwd=tmp_path)
    assert (bare.returncode, bare.stderr) == (2, '')
    assert 'rollout' in bare.stdout


@pytest.mark.slow
def test_inspect_tells_what_a_controller_is(pkan, controller, tmp_path):
    code, out, lines = pkan('inspect', controller, '--json', 'facts.json')
    assert (code, lines) == (0, [])
    facts = json.loads((tmp_path / 'facts.json').read_text())
    assert facts['shape'] == [12, 16, 4]
    assert facts['command'] == ['rotor_1', 'rotor_2', 'rotor_3', 'rotor_4']
    assert facts['codes']['gain'] == '-20 to 20'
    assert np.shape(facts['layers'][0]) == (12, 16, 4, 5)
    assert 'codes.low_c1' in out
    assert 'bandpass' in out
    assert (tmp_path / 'edges.png').stat().st_size > 10_000


def test_another_airframe_path_and_parts_switched_off(pkan):
    words = ['--episodes', 1, '--airframe', 'racer_500g', '--path', 'circle', '--off', 'lead']
    code, _, lines = pkan('rollout', 'drone_track', *words, '--json', 'run.json')
    assert (code, lines) == (0, [])
    run = json.loads(Path('run.json').read_text())
    assert (run['airframe'], run['path']) == ('racer_500g', 'circle')
    assert 'cascaded PID' in run['beside']
    assert any(row.endswith('lead off') for row in run['beside'])
    assert run['success_rate'] == 1.0


def test_a_controller_flies_its_own_airframe(pkan, make_program):
    law = replace(find_task('drone_hover').law, airframe=load_airframe('carrier_1500g'))
    assert configured('drone_hover', law=law).law.airframe == law.airframe
    assert configured('drone_hover', 'racer_500g', law=law).law.airframe.mass == 0.5


def test_an_arm_of_a_urdf(pkan, make_program, tmp_path):
    urdf = str(load_arm('xarm6').file)
    task = configured('arm_reach', arm=ArmChoice(urdf=urdf, tip='link6'))
    path = tmp_path / 'arm.safetensors'
    save_controller_file(
        path, ControllerFile('arm_reach', task.law, 60.0, make_program((4, 3, 15)))
    )
    words = ['rollout', 'arm_reach', '--controller', path, '--episodes', 1]
    code, out, _ = pkan(*words, '--scenario', 'payload', '--json', tmp_path / 'out.json')
    assert code == 0
    assert 'expert' in out
    assert 'MLP' not in out
    figures = json.loads((tmp_path / 'out.json').read_text())
    assert figures['beside']['expert']['success_rate'] == 1
    _, _, (line,) = pkan(*words, '--robot', 'panda')
    assert 'made for arm' in line
    _, _, (line,) = pkan('train', 'arm_reach', '--urdf', 'x.urdf')
    assert '--tip' in line
    _, _, (line,) = pkan('train', 'arm_pick_place', '--urdf', urdf, '--tip', 'link6')
    assert 'has no gripper' in line


@pytest.mark.slow
def test_a_chip_is_calibrated_used_and_finetuned(pkan, controller, tmp_path):
    chip = ['--chip', 'sim:?seed=4']
    code, out, _ = pkan('calibrate', controller, *chip, '--out', 'a/x.calibration', '--json', 'c')
    assert code == 0
    assert 'outputs, NRMSE' in out
    figures = json.loads((tmp_path / 'c').read_text())
    assert figures['trimmed']['output_nrmse'] < figures['raw']['output_nrmse']
    assert sorted(path.suffix for path in (tmp_path / 'a').iterdir()) == ['.calibration', '.png']
    words = ['drone_hover', '--controller', controller, '--calibration', 'a/x.calibration']
    code, _, _ = pkan('rollout', *words, *chip, '--episodes', 1, '--json', 'r')
    assert code == 0
    assert json.loads((tmp_path / 'r').read_text())['calibration'] == 'a/x.calibration'
    code, _, error = pkan('rollout', *words, '--chip', 'sim:?seed=5')
    wrong = 'error: the calibration is of chip sim-4: this one is sim-5'
    assert (code, error) == (2, [wrong])
    code, out, _ = pkan('finetune', *words, *chip, '--json', 't')
    assert code == 0
    tuned = json.loads((tmp_path / 't').read_text())
    assert tuned['after'] <= tuned['before']
    code, _, error = pkan('finetune', 'drone_hover', *chip)
    assert (code, error) == (2, ["error: Missing option '--calibration' (see --help)"])


def test_a_network_is_exported_for_other_tools(pkan, controller, tmp_path):
    code, out, lines = pkan('export', controller, '--spice', 'a/n.cir', '--onnx', 'a/n.onnx')
    assert (code, lines) == (0, [])
    assert 'SPICE netlist' in out
    assert 'double precision' in out
    assert sorted(path.name for path in (tmp_path / 'a').iterdir()) == ['n.cir', 'n.onnx']
    code, _, lines = pkan('export', controller)
    assert (code, lines) == (
        2,
        ['error: nothing to export to: give --spice FILE, --onnx FILE or both'],
    )
    mlp = shipped_mlp('drone_hover')
    code, _, lines = pkan('export', mlp, '--spice', 'mlp.cir')
    assert (code, lines) == (
        2,
        ['error: MLP 12-45-45-4 has no elements: only --onnx can export it'],
    )
    assert pkan('export', mlp, '--onnx', 'mlp.onnx', '--single')[0] == 0
