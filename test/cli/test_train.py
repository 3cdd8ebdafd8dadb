"""`pkan train`: the file it writes, options that change a recipe, and those it refuses."""

import json

import numpy as np
import pytest

from pkan_control.control.controller_file import load_controller_file
from pkan_control.training.results import reproducible
from pkan_control.training.trainable import ChipNoise


@pytest.mark.parametrize(
    ('words', 'named'),
    [
        (['fly_to_mars'], ['fly_to_mars', 'drone_hover']),
        (['drone_hover', '--device', 'tube'], ['tube', 'bandpass']),
        (['drone_hover', '--steps', '21'], ['--steps', '22']),
        (['drone_hover', '--l1', '-1'], ['--l1', '0']),
        (['drone_hover', '--prune', 'nan'], ['--prune', '0']),
        (['drone_hover', '--patience', '0'], ['--patience', '1']),
        (['drone_hover', '--method', 'ppo'], ["method 'ppo'", 'imitation', 'td3']),
        (['drone_hover', '--airframe', 'gone.yaml'], ['gone.yaml', 'No such file']),
        (['drone_hover', '--hidden', '12,x'], ["--hidden '12,x'", '12,8']),
        (['drone_hover', '--hidden', ''], ["--hidden ''", '12,8']),
        (['drone_hover', '--hidden', '12,0'], ['(12, 0)', '1 to 512 nodes']),
        (['drone_hover', '--hidden', '513'], ['(513,)', '1 to 512 nodes']),
        (['drone_hover', '--hidden', '2,2,2,2,2,2,2,2'], ['1 to 7 layers']),
        (['drone_hover', '--k', '0'], ['k=0', '1..64']),
        (['drone_hover', '--noise', 'edge_gain'], ["--noise 'edge_gain'", 'NAME=NUMBER']),
        (['drone_hover', '--noise', ''], ["--noise ''", 'NAME=NUMBER']),
        (['drone_hover', '--noise', 'offset=1e-2,offset=0.1'], ['offset is given twice']),
        (['drone_hover', '--noise', 'gain=0.1'], ["'gain'", 'edge_gain, edge_gain_mean']),
        (['drone_hover', '--noise', 'edge_gain=2'], ['edge_gain=2', '0..1']),
        (['drone_hover', '--noise', 'dead=nan'], ['dead=nan', '0..1']),
    ],
    ids=' '.join,
)
def test_a_mistake_names_what_is_allowed(refusal, words, named):
    line = refusal('train', *words)
    for word in named:
        assert word in line


@pytest.mark.parametrize(
    ('words', 'named'),
    [
        (['drone_hover', '--device', 'mlp', '--prune', '1'], ['sparsity', 'MLP', 'edges']),
        (['drone_hover', '--device', 'mlp', '--k', '2'], ['k:', 'MLP']),
        (['drone_hover', '--device', 'mlp', '--noise', 'offset=0.1'], ['noise', 'MLP']),
        (['cartpole', '--method', 'td3', '--noise', 'offset=0.1'], ['noise', 'td3']),
        (['cartpole', '--method', 'td3', '--patience', '9'], ['patience', 'td3']),
        (['cartpole', '--method', 'td3', '--l1', '1', '--log-dir', 'x'], ['log-dir, sparsity']),
        (['solar_mppt', '--checkpoint', 'x'], ['checkpoint', 'examples']),
        (['solar_mppt', '--method', 'imitation'], ['solar_mppt', 'examples']),
        (['solar_mppt', '--mirrored'], ['solar_mppt']),
        (['cartpole', '--airframe', 'racer_500g'], ['cartpole']),
        (['drone_hover', '--robot', 'panda'], ['drone_hover']),
        (['drone_hover', '--split', 'cylindrical'], ['drone_hover']),
        (['arm_reach', '--urdf', 'x.urdf'], ['--tip']),
    ],
    ids=' '.join,
)
def test_an_option_that_would_be_ignored_is_refused(refusal, tmp_path, words, named):
    line = refusal('train', *words, '--steps', 22)
    for word in named:
        assert word in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('option', ['--from-bag', '--remap', '--chip', '--calibration'])
def test_cloning_and_finetuning_are_commands_of_their_own(refusal, option):
    assert option in refusal('train', 'drone_hover', option, 'x')


def test_a_controller_is_written_with_its_results(pkan, tmp_path, short_training):
    code, out, _ = pkan(
        'train', 'drone_hover', '--out', 'made/it.st', '--steps', 22, '--json', 'x'
    )
    assert code == 0
    assert 'made/it.st' in out
    made = load_controller_file(tmp_path / 'made/it.st')
    figures = json.loads((tmp_path / 'x').read_text())
    assert made.policy.shape == (12, 4, 4)
    assert set(made.results) == {'success_rate', 'final_error_m', 'settling_time_s'}
    assert made.results.items() <= reproducible(figures).items()
    assert made.provenance['seed'] == 0
    assert {'hidden', 'k', 'sparsity', 'patience'}.isdisjoint(made.provenance)


def test_size_and_noise_change_the_recipe_and_are_kept_in_the_file(pkan, short_training, tmp_path):
    words = ['--hidden', '3,5', '--k', 2, '--noise', 'edge_gain=0.5,node_noise=1e-3']
    code, _, lines = pkan('train', 'drone_hover', *words, '--steps', 22, '--out', 'own.st')
    assert (code, lines) == (0, [])
    made = load_controller_file(tmp_path / 'own.st')
    assert made.policy.shape == (12, 3, 5, 4)
    assert made.policy.elements == 2 * (12 * 3 + 3 * 5 + 5 * 4)
    assert (made.provenance['hidden'], made.provenance['k']) == ([3, 5], 2)
    noise = ChipNoise(edge_gain=0.5, node_noise=1e-3)
    assert made.provenance['noise'] == noise.to_json()


def test_hidden_nodes_of_an_mlp(pkan, short_training, tmp_path):
    words = ['--device', 'mlp', '--hidden', '7', '--steps', 22]
    code, _, lines = pkan('train', 'drone_hover', *words, '--out', 'mlp.st')
    assert (code, lines) == (0, [])
    assert load_controller_file(tmp_path / 'mlp.st').policy.shape == (12, 7, 4)


def test_training_is_made_sparse_logged_and_resumed(pkan, refusal, tmp_path, short_training):
    words = ['train', 'drone_hover', '--steps', 40, '--checkpoint', 'run.checkpoint']
    given = ['--l1', 0.01, '--entropy', 0.01, '--prune', 0.02, '--patience', 500]
    code, out, lines = pkan(*words, *given, '--log-dir', 'logs', '--out', 'one.st')
    assert (code, lines) == (0, [])
    assert 'connected elements' in out
    assert any(path.name.startswith('events') for path in (tmp_path / 'logs').iterdir())
    assert pkan(*words, *given, '--out', 'again.st')[0] == 0
    assert (tmp_path / 'one.st').read_bytes() == (tmp_path / 'again.st').read_bytes()
    assert 'run.checkpoint: it is of seed 0, this run of 1' in refusal(*words, '--seed', 1)
    line = refusal(*words, *given, '--hidden', '5')
    assert 'run.checkpoint: it is of hidden [4], this run of [5]' in line


def test_reproducible_figures_are_the_same_on_every_machine():
    figures = {'success_rate': 1, 'final_error_m': {}, 'settling_time_s': {}, 'hash': 'x'}
    kept = reproducible({**figures, 'inference_us': np.nan, 'rms_error_m': {'p95': 0.1 + 1e-13}})
    assert kept == {
        'success_rate': 1,
        'final_error_m': {},
        'settling_time_s': {},
        'rms_error_m': {'p95': 0.1},
    }


def test_training_with_symmetry_averaging(pkan, refusal, tmp_path, short_training):
    words = ['train', 'drone_hover', '--mirrored', '--steps', 22]
    code, _, _ = pkan(*words, '--out', 'twice.st')
    assert (code, load_controller_file(tmp_path / 'twice.st').law.mirrored) == (0, True)
    line = refusal('train', 'arm_reach', '--mirrored', '--out', 'x')
    assert line.startswith('arm_reach: ')


def test_an_unwritable_file_is_refused_before_training(refusal, tmp_path):
    (tmp_path / 'taken').mkdir()
    assert 'taken' in refusal('train', 'drone_hover', '--out', 'taken')
