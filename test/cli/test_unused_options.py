"""An option that a command would ignore is refused in one line that names it."""

from pathlib import Path

import pytest

from pkan_control.evaluation.rollouts.baselines import shipped_mlp

BOARD = 'tcp://127.0.0.1:9'


@pytest.mark.parametrize(
    ('words', 'named'),
    [
        (['rollout', 'drone_hover', '--alone', '--off', 'lead'], ['off:', 'alone']),
        (['rollout', 'drone_hover', '--junit', 'x.xml'], ['--junit', '--require', '--baseline']),
        (['rollout', 'drone_hover', '--chip', BOARD, '--workers', '2'], ['workers=2', BOARD]),
        (
            ['rollout', 'drone_hover', '--scenario', 'gusts', '--scenario', 'gusts'],
            ['--scenario gusts, gusts', 'twice'],
        ),
        (['yield', 'drone_hover', '--ray', 'local', '--workers', '2'], ['workers=2', 'Ray']),
        (
            ['yield', 'drone_hover', '--chip', 'sim:?readout=multiplexed'],
            ['chip sim:?readout=multiplexed', 'readout'],
        ),
        (
            ['compare', 'feynman', '--kind', 'memdiode', '--kind', 'memdiode'],
            ['memdiode', 'twice'],
        ),
        (['compare', 'feynman', '--sizes', '4,x'], ["--sizes '4,x'"]),
        (['compare', 'feynman', '--sizes', '8,4'], ['--sizes 8,4', 'rising']),
        (['emulate', '--tcp', '127.0.0.1:0', '--pty', 'x'], ['--tcp', '--pty']),
        (['emulate', '--seed', '-1', '--pty', 'x'], ['--seed -1', str(2**63 - 1)]),
    ],
    ids=' '.join,
)
def test_options_that_exclude_each_other(refusal, tmp_path, words, named):
    line = refusal(*words)
    for word in named:
        assert word in line
    assert list(tmp_path.iterdir()) == []


def test_an_onnx_option_without_an_onnx_file(refusal, controller, tmp_path):
    line = refusal('export', controller, '--spice', 'n.cir', '--single')
    assert line.startswith('--single: only for --onnx')
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    'words',
    [
        ['rollout', 'drone_hover', '--chip', 'sim:?seed=4'],
        ['report', 'drone_hover', '--chip', 'sim:?seed=4'],
        ['plot', 'drone_hover', '--chip', 'sim:?seed=4'],
        ['report', 'drone_hover', '--chips', '2'],
        ['demo', 'drone_hover', '--chip', 'sim:?seed=4'],
    ],
    ids=' '.join,
)
def test_an_mlp_takes_no_chip(refusal, words):
    line = refusal(*words, '--controller', shipped_mlp('drone_hover'))
    assert line == 'MLP 12-45-45-4 runs on no chip: give no chip, chips or calibration'


def test_an_mlp_has_no_edges_to_draw(refusal, tmp_path):
    line = refusal('inspect', shipped_mlp('drone_hover'), '--out', 'edges.png')
    assert line == '--out edges.png: MLP 12-45-45-4 has no edges to draw'
    assert not Path(tmp_path, 'edges.png').exists()


@pytest.mark.slow
def test_a_calibration_is_that_of_one_chip(pkan, refusal, controller):
    words = ['--chip', 'sim:?seed=4']
    assert pkan('calibrate', controller, *words, '--out', 'c')[0] == 0
    words += ['--controller', controller, '--calibration', 'c', '--chips', 3, '--episodes', 3]
    for command in ('rollout', 'report', 'plot'):
        line = refusal(command, 'drone_hover', *words)
        assert line == 'calibration: is that of one chip, but there are 3 chips'
