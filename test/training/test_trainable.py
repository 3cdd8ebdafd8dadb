"""What is trained is what runs: torch and NumPy compute the same, and settings are realisable."""

import numpy as np
import pytest
import torch

from pkan_control.chips.ideal import IdealChip
from pkan_control.control.controller_file import evaluate_ideal
from pkan_control.networks.program import squash
from pkan_control.training.trainable import RAIL_V, ChipNoise, TrainableMlp, TrainableNetwork

QUIET = ChipNoise(0.0, 0.0, 0.0, 0.0)
SHAPE = (12, 16, 4)


def network(noise: ChipNoise = QUIET, seed: int = 0, shape=SHAPE) -> TrainableNetwork:
    return TrainableNetwork('bandpass', shape, 4, noise, seed)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def observations(chips: int = 2, count: int = 32) -> torch.Tensor:
    return 2 * torch.rand((chips, count, 12), generator=seeded(1)) - 1


def on_chip(program, observation: torch.Tensor) -> np.ndarray:
    chip = IdealChip()
    chip.program(program)
    return chip.evaluate(squash(observation.double().numpy(), program.squash_scale), 0.0, 1.0)


def test_a_quantised_network_computes_what_the_chip_does_with_its_program():
    trainable = network()
    trainable.quantised = True
    with torch.no_grad():
        outputs = trainable.exposed(observations(), seeded())
    assert outputs.shape == (2, 32, 4)
    expected = on_chip(trainable.export(), observations())
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(outputs.numpy(), expected, atol=2e-4)


def test_before_quantisation_it_is_off_by_no_more_than_the_codes_are_coarse():
    trainable = network()
    with torch.no_grad():
        outputs = trainable.exposed(observations(), seeded()).numpy()
    expected = on_chip(trainable.export(), observations())
    off = np.abs(outputs - expected).max()
    assert 1e-5 < off < 0.25 * np.abs(expected).max()


def test_the_policy_flies_the_same_network():
    trainable = network()
    observation = observations(1)[0]
    outputs = trainable.policy(seeded(), chips=4)(observation.double().numpy())
    with torch.no_grad():
        expected = trainable.exposed(observation[None], seeded())[0]
    np.testing.assert_allclose(outputs, expected.numpy(), atol=2e-4)


def test_the_gradient_passes_straight_through_the_quantisation():
    gradients = {}
    for quantised in (False, True):
        trainable = network()
        trainable.quantised = quantised
        torch.autograd.backward(trainable.exposed(observations(), seeded()).sum())
        gradients[quantised] = torch.cat([p.grad.flatten() for p in trainable.layers])
        assert torch.isfinite(gradients[quantised]).all()
        assert (gradients[quantised] != 0).float().mean() > 0.9
    cosine = torch.nn.functional.cosine_similarity(gradients[False], gradients[True], dim=0)
    assert cosine > 0.9
    assert not torch.equal(gradients[False], gradients[True])


def test_exported_settings_are_realisable_even_far_outside_their_range():
    trainable = network()
    with torch.no_grad():
        for layer in trainable.layers:
            layer.mul_(1e4)
    program = trainable.export()
    assert program.shape == SHAPE
    for codes in program.layers:
        assert codes.dtype == np.int16
        for index, (low, high) in enumerate(trainable.device.code_limits):
            assert low <= codes[..., index].min()
            assert codes[..., index].max() <= high
    device = trainable.device
    for codes in program.layers:
        np.testing.assert_array_equal(device.encode(device.decode(codes)), codes)


def test_the_seed_decides_the_network():
    one, same, other = (network(seed=seed).export().layers[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize(
    'noise',
    [
        ChipNoise(0.1, 0, 0, 0),
        ChipNoise(0, 0.03, 0, 0),
        ChipNoise(0, 0, 0.03, 0),
        ChipNoise(0, 0, 0, 0.1),
    ],
    ids=['gain', 'offset', 'node', 'dead'],
)
def test_every_flaw_disturbs_and_is_drawn_from_the_generator(noise):
    trainable = network(noise)
    with torch.no_grad():
        quiet = network().exposed(observations(), seeded())
        one, same, other = (trainable.exposed(observations(), seeded(s)) for s in (3, 3, 4))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert 1e-3 < (one - quiet).abs().max() < RAIL_V
    observation = observations()[0].double().numpy()
    one, same = (trainable.policy(seeded(3), 2)(observation) for _ in range(2))
    np.testing.assert_array_equal(one, same)


def test_gains_that_are_off_on_the_mean_scale_what_a_layer_gives():
    with torch.no_grad():
        layers, _ = network()._flawed_layers(seeded(), 2)
        less, _ = network(ChipNoise(0, 0, 0, 0, -0.02))._flawed_layers(seeded(), 2)
    for one, other in zip(layers, less, strict=True):
        torch.testing.assert_close(other, 0.98 * one)


def test_mirrored_halves_of_a_batch_see_the_same_noise():
    observation = observations(1, 8)
    both = torch.cat([observation, observation], dim=1)
    with torch.no_grad():
        outputs = network(ChipNoise(0, 0, 0.1, 0)).exposed(both, seeded())
    assert torch.equal(outputs[:, :8], outputs[:, 8:])
    assert not torch.equal(outputs[:, :1], outputs[:, 1:2])


def test_the_mlp_computes_what_its_export_does():
    mlp = TrainableMlp((12, 8, 8, 4), 0)
    with torch.no_grad():
        outputs = mlp.exposed(observations(), seeded()).numpy()
    expected = evaluate_ideal(mlp.export(), observations().double().numpy())
    np.testing.assert_allclose(outputs, expected, atol=1e-5)
    np.testing.assert_array_equal(
        mlp.export().weights[1], TrainableMlp((12, 8, 8, 4), 0).export().weights[1]
    )
