"""What is trained is what runs: torch and NumPy compute the same, and settings are realisable."""

import numpy as np
import pytest
import torch

from pkan_control.chips.ideal import IdealChip
from pkan_control.common.errors import UserError
from pkan_control.networks.program import squash
from pkan_control.training.sparsity import Sparsity, edge_sizes
from pkan_control.training.trainable import (
    RAIL_V,
    ChipNoise,
    TrainableMlp,
    TrainableNetwork,
    make_ideal,
)

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
        layers, _ = network()._sampled_layers(seeded(), 2)
        less, _ = network(ChipNoise(0, 0, 0, 0, -0.02))._sampled_layers(seeded(), 2)
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
    expected = mlp.export().evaluate(observations().double().numpy())
    np.testing.assert_allclose(outputs, expected, atol=1e-5)
    np.testing.assert_array_equal(
        mlp.export().weights[1], TrainableMlp((12, 8, 8, 4), 0).export().weights[1]
    )


def test_without_flaws_it_is_the_ideal_chip():
    trainable = network(ChipNoise())
    trainable.quantised = True
    with torch.no_grad():
        outputs = trainable.undisturbed(observations()[0]).numpy()
    expected = on_chip(trainable.export(), observations()[0])
    np.testing.assert_allclose(outputs, expected, atol=2e-4)


def test_an_undisturbed_node_stops_at_the_rails():
    trainable = network(shape=(12, 2))
    with torch.no_grad():
        for layer in trainable.layers:
            layer.copy_(40 * layer.sign())
        outputs = trainable.undisturbed(observations()[0])
    assert outputs.abs().max() == RAIL_V


def test_initial_elements_shrink_with_the_square_root_of_the_inputs():
    generator = np.random.default_rng(7)
    trainable = network(seed=7, shape=(9, 4, 2))
    for layer, (inputs, outputs) in zip(trainable.layers, ((9, 4), (4, 2)), strict=True):
        draw = trainable.device.initial(generator, (inputs, outputs, 4))
        expected = (draw / (inputs / 4) ** 0.5).astype(np.float32)
        np.testing.assert_array_equal(layer.detach().numpy(), expected)
        assert layer.dtype == torch.float32


def test_settings_are_bounded_and_realisable_where_quantised():
    trainable = network()
    device = trainable.device
    for quantised in (False, True):
        trainable.quantised = quantised
        for layer, settings in zip(trainable.layers, trainable.physical(), strict=True):
            bounded = device.bounded(layer)
            expected = device.decode(device.encode(bounded)) if quantised else bounded
            torch.testing.assert_close(settings, expected.to(settings.dtype))


@pytest.mark.parametrize('device', ['bandpass', 'memdiode'])
def test_what_is_pruned_gives_nothing_and_is_left_out_of_the_program(device):
    trainable = TrainableNetwork(device, (3, 4, 2), 2, QUIET, 0)
    trainable.quantised = True
    assert trainable.kept == []
    trainable.prune(0.0)
    assert all(bool(kept.all()) for kept in trainable.kept)
    # An input and a hidden node without edges: the node is left out of the program.
    trainable.kept[0][0] = False
    trainable.kept[0][:, 1] = False
    trainable.kept[1][1] = False
    with torch.no_grad():
        outputs = trainable.undisturbed(observations()[0, :, :3]).numpy()
        moved = observations()[0, :, :3] + torch.tensor([0.3, 0.0, 0.0])
        np.testing.assert_allclose(trainable.undisturbed(moved).numpy(), outputs, atol=1e-6)
    program = trainable.export()
    assert program.shape == (3, 3, 2)
    np.testing.assert_allclose(outputs, on_chip_of(device, program), atol=2e-4)


def on_chip_of(device: str, program) -> np.ndarray:
    assert program.device == device
    return on_chip(program, observations()[0, :, :3])


def test_edges_below_the_threshold_are_pruned_and_others_stay():
    trainable = network(shape=(3, 2))
    with torch.no_grad():
        sizes = edge_sizes(trainable.device, trainable.physical()[0])
    threshold = float(sizes.sort().values.flatten().median())
    trainable.prune(threshold)
    (kept,) = trainable.kept
    assert torch.equal(kept, sizes >= threshold)
    trainable.prune(1e9)
    (kept,) = trainable.kept
    assert torch.equal(kept, sizes == sizes.max(dim=0).values)


def test_the_penalty_on_edges_is_differentiable_and_grows_with_them():
    trainable = network(shape=(3, 4, 2))
    cost = trainable.cost(Sparsity(l1=1.0))
    torch.autograd.backward(cost)
    assert all(layer.grad is not None for layer in trainable.layers)
    assert cost.item() > 0
    assert trainable.cost(Sparsity(l1=2.0)).item() == pytest.approx(2 * cost.item())


def test_the_diagnosis_names_what_is_not_finite():
    trainable = network(shape=(3, 4, 2))
    well = 'the loss is not finite: try a smaller learning rate'
    assert trainable.diagnosis() == well
    assert TrainableMlp((3, 2), 0).diagnosis() == well
    with torch.no_grad():
        trainable.layers[1][0, 0, :3] = torch.nan
    assert trainable.diagnosis() == (
        'device bandpass: the response of 3 elements of layer 1 is not finite: '
        'run check_device on it'
    )


def test_an_mlp_has_no_edges_to_prune():
    mlp = TrainableMlp((3, 2), 0)
    with pytest.raises(UserError, match=r'^an MLP has no edges: train it without a penalty on'):
        mlp.cost(Sparsity(l1=1.0))
    with pytest.raises(UserError, match=r'^an MLP has no edges that could be pruned$'):
        mlp.prune(0.1)
    assert mlp.kept == []


def test_an_mlp_is_exposed_to_nothing():
    mlp = TrainableMlp((12, 8, 4), 0)
    observation = observations()[0]
    with torch.no_grad():
        plain = mlp.undisturbed(observation)
        torch.testing.assert_close(mlp.exposed(observation, seeded()), plain, rtol=0, atol=0)
    flown = mlp.policy(seeded(), 4)(observation.double().numpy())
    np.testing.assert_allclose(flown, plain.numpy(), atol=1e-5)


def test_an_mlp_begins_uniformly_within_the_root_of_its_inputs():
    generator = np.random.default_rng(5)
    mlp = TrainableMlp((16, 25, 2), 5)
    for weight, bias, inputs in zip(mlp.weights, mlp.biases, (16, 25), strict=True):
        draw = generator.uniform(-(inputs**-0.5), inputs**-0.5, (inputs + 1, len(bias)))
        np.testing.assert_array_equal(weight.detach().numpy(), draw[:-1].astype(np.float32))
        np.testing.assert_array_equal(bias.detach().numpy(), draw[-1].astype(np.float32))
        assert weight.dtype == bias.dtype == torch.float32
    exported = mlp.export()
    assert {part.dtype for part in (*exported.weights, *exported.biases)} == {np.dtype('f8')}


@pytest.mark.parametrize('device', ['bandpass', 'memdiode'])
def test_an_ideal_network_is_exposed_to_nothing(device):
    ideal = make_ideal(device, (12, 5, 4), 3, 6)
    assert [tuple(layer.shape[:3]) for layer in ideal.layers] == [(12, 5, 3), (5, 4, 3)]
    assert ideal.device.name == device
    assert ideal.noise.to_json() == {}
    same = TrainableNetwork(device, (12, 5, 4), 3, QUIET, 6)
    torch.testing.assert_close(list(ideal.layers), list(same.layers), rtol=0, atol=0)


def test_an_ideal_network_may_be_an_mlp():
    ideal = make_ideal('mlp', (12, 5, 4), 3, 6)
    same = TrainableMlp((12, 5, 4), 6)
    torch.testing.assert_close(list(ideal.weights), list(same.weights), rtol=0, atol=0)
    assert [tuple(weight.shape) for weight in ideal.weights] == [(12, 5), (5, 4)]
