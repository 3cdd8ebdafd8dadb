"""Early stopping, logs, and data or devices that are not finite."""

import math

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from pkan_control.chips.ideal import IdealChip
from pkan_control.chips.simulated import SimulatedChip
from pkan_control.devices.bandpass import BandPass
from pkan_control.devices.deviations import Deviations
from pkan_control.training.early_stopping import EarlyStopping, validation_loss
from pkan_control.training.imitation import Examples, Settings
from pkan_control.training.imitation_run import Extras
from pkan_control.training.tensorboard_log import TensorboardLog
from pkan_control.training.trainable import ChipNoise


def test_a_round_without_progress_ends(train_short, monkeypatch):
    monkeypatch.setattr('pkan_control.training.early_stopping.INTERVAL', 2)
    steps = []
    train_short(Extras(patience=2), lambda share: steps.append(share))
    patient = []
    train_short(Extras(patience=10_000), lambda share: patient.append(share))
    assert len(steps) < len(patient) == 61


def test_patience_without_end_changes_nothing_but_which_step_is_kept(train_short, monkeypatch):
    """Held-out flights have random numbers of their own."""
    monkeypatch.setattr('pkan_control.training.early_stopping.INTERVAL', 10_000)
    assert train_short(Extras(patience=10_000))[2] == train_short()[2]


def test_the_best_network_of_a_round_is_kept(train_short):
    network, _, _ = train_short()
    stopping = EarlyStopping(3, 0, 12, 4)
    numbers = np.random.default_rng(0)
    seen = numbers.uniform(-1, 1, (40, 12)), numbers.uniform(-1, 1, (40, 4))
    stopping.begin(lambda policy, generator: seen, None, 0)
    best = [p.detach().clone() for p in network.parameters()]
    assert stopping.ends_round(network, 1)[0] is False
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(3.0)
    ended, loss = stopping.ends_round(network, 4)
    assert ended
    stopping.restore_best(network)
    assert all(torch.equal(p, b) for p, b in zip(network.parameters(), best, strict=True))
    assert validation_loss(network, Examples(*(torch.tensor(s).float() for s in seen))) < loss


def test_logs_are_those_of_tensorboard(train_short, tmp_path):
    with TensorboardLog(tmp_path / 'logs') as log:
        _, losses, _ = train_short(Extras(patience=1000, log=log))
    found = EventAccumulator(str(tmp_path / 'logs')).Reload()
    assert {'loss/training', 'learning rate', 'quantised', 'loss/held out'} <= set(
        found.Tags()['scalars']
    )
    curve = found.Scalars('loss/training')
    assert [point.step for point in curve] == list(range(10, 61, 10))
    assert curve[-1].value == pytest.approx(losses[-1], rel=0.5)


def test_logs_that_cannot_be_written_are_one_error(tmp_path, refused):
    (tmp_path / 'file').write_text('')
    with refused('cannot write logs', 'file'):
        TensorboardLog(tmp_path / 'file' / 'logs')


@pytest.mark.parametrize('wrong', [math.nan, math.inf])
def test_a_number_of_a_data_set_that_is_none_is_named(wrong, refused):
    observations, actions = np.zeros((5, 12)), np.zeros((5, 4))
    actions[3, 2] = wrong
    examples = Examples(torch.empty(0, 12), torch.empty(0, 4))
    with refused('actions', '1 of 20', 'row 3, column 2'):
        examples.add(observations, actions)
    assert len(examples.actions) == 0


def test_a_device_whose_response_is_not_finite_is_named_in_training(
    train_short, monkeypatch, refused
):
    def broken(self, x, physical):
        return torch.sqrt(physical[..., 0] - 10) + 0 * x

    monkeypatch.setattr('pkan_control.training.imitation_run.collect', zeros)
    monkeypatch.setattr(BandPass, 'response', broken)
    with refused('device bandpass', 'is not finite', 'layer 0'):
        train_short()


def zeros(task, policy, episodes, seconds, numbers):
    return np.zeros((20, 12)), np.zeros((20, 4))


@pytest.mark.parametrize(
    'chip', [IdealChip(), SimulatedChip(0, Deviations())], ids=['ideal', 'sim']
)
def test_and_on_a_chip(chip, make_program, monkeypatch, refused):
    program = make_program((3, 2))
    chip.program(program)
    before = chip.evaluate(np.full(3, 0.3), 0.0, 1.0)

    def broken(self, x, physical):
        return np.where(x > 0.5, np.nan, physical[..., 0])

    with monkeypatch.context() as patched:
        patched.setattr(BandPass, 'response', broken)
        patched.setattr(BandPass, 'exact_response', broken)
        with refused('device bandpass', '6 edges', 'not finite'):
            chip.program(program)
    after = chip.evaluate(np.full(3, 0.3), 0.0, 1.0)
    np.testing.assert_allclose(after, before, atol=0.01)


@pytest.mark.parametrize(
    ('name', 'value'),
    [('steps', 0), ('learning_rate', math.nan), ('beta2', 1.5), ('batch', -1), ('rounds', -1)],
)
def test_settings_out_of_range_are_refused(name, value, refused):
    with refused(f'{name}={value}', 'must be'):
        Settings(**{name: value})


@pytest.mark.parametrize('value', [-0.1, 1.1, math.nan])
def test_noise_out_of_range_is_refused(value, refused):
    with refused(f'dead={value}', 'in 0..1'):
        ChipNoise(dead=value)


def test_gains_may_be_off_to_both_sides(refused):
    assert ChipNoise(edge_gain_mean=-0.02).to_json()['edge_gain_mean'] == -0.02
    assert 'edge_gain_mean' not in ChipNoise().to_json()
    with refused('edge_gain_mean=-2', 'in -1..1'):
        ChipNoise(edge_gain_mean=-2)
