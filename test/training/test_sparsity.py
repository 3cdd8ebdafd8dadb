"""The penalty thins edges out, pruning drops them, and the program is the smaller for it."""

import dataclasses

import numpy as np
import pytest
import torch

from pkan_control.tasks.drone_hover import drone_hover
from pkan_control.training.imitation_run import Extras
from pkan_control.training.sparsity import Sparsity, edge_sizes, penalty, survivors
from pkan_control.training.train import Options, train_controller
from pkan_control.training.trainable import ChipNoise, TrainableNetwork

QUIET = ChipNoise(0.0, 0.0, 0.0, 0.0)


def network(device='bandpass', shape=(3, 4, 2)):
    return TrainableNetwork(device, shape, 2, QUIET, 0)


def sizes_of(trainable):
    with torch.no_grad():
        return [edge_sizes(trainable.device, each) for each in trainable.physical()]


def test_the_size_of_an_edge_is_its_mean_over_the_input():
    trainable = network()
    (found, _) = sizes_of(trainable)
    physical = trainable.physical()[0].detach().double().numpy()
    x = (np.arange(2000) + 0.5) / 2000
    values = trainable.device.response(x.reshape(-1, 1, 1, 1), physical).sum(axis=-1)
    # Chebyshev nodes lie closer at both ends: the mean is weighted a little.
    np.testing.assert_allclose(found.numpy(), abs(values).mean(axis=0), rtol=0.25, atol=0.01)


def test_the_penalty_is_l1_and_entropy_and_its_gradient_is_finite():
    layer = torch.tensor([[1.0, 1.0], [2.0, 0.0]], requires_grad=True)
    assert penalty([layer, layer], Sparsity(l1=0.5)).item() == pytest.approx(4.0)
    share = np.array([0.25, 0.25, 0.5])
    found = penalty([layer], Sparsity(entropy=2.0))
    assert found.item() == pytest.approx(-2 * (share * np.log(share)).sum(), rel=1e-5)
    torch.autograd.backward(found)
    assert torch.isfinite(layer.grad).all()


def test_a_hidden_node_without_a_large_edge_goes_with_all_its_edges():
    first = torch.tensor([[1.0, 0.0, 1.0], [0.3, 0.1, 1.0]])
    second = torch.tensor([[1.0, 1.0], [1.0, 1.0], [0.0, 0.1]])
    kept = survivors([first, second], 0.2)
    assert kept[0].tolist() == [[True, False, False], [True, False, False]]
    assert kept[1].tolist() == [[True, True], [False, False], [False, False]]


def test_an_output_keeps_its_largest_edge_and_a_way_to_an_input():
    first = torch.tensor([[1.0, 0.1], [1.0, 0.2]])
    second = torch.tensor([[1.0, 0.1], [0.1, 0.3]])
    kept = survivors([first, second], 0.5)
    assert kept[0].tolist() == [[True, False], [True, True]]
    assert kept[1].tolist() == [[True, False], [False, True]]


@pytest.mark.parametrize('device', ['bandpass', 'memdiode'])
def test_the_pruned_program_is_smaller_and_computes_what_was_trained(device):
    trainable = network(device)
    trainable.quantised = True
    gain = trainable.device.parameters.index('gain')
    with torch.no_grad():
        # Nothing reaches one hidden node, and another has an edge less.
        trainable.layers[0][:, 2, :, gain] = 0
        trainable.layers[1][0, 1, :, gain] = 0
        trainable.layers[1][..., gain] *= 4
    trainable.prune(1e-6)
    program = trainable.export()
    assert program.shape == (3, 3, 2)
    assert program.connected == program.elements - 2
    observation = torch.linspace(-2, 2, 30).reshape(10, 3)
    with torch.no_grad():
        trained = trainable.undisturbed(observation).numpy()
        flawed = trainable.exposed(observation[None], torch.Generator())[0].numpy()
    wanted = program.evaluate(observation.double().numpy())
    np.testing.assert_allclose(trained, wanted, atol=5e-4)
    np.testing.assert_allclose(flawed, wanted, atol=5e-4)


def test_pruned_edges_are_disconnected_and_learn_nothing_more():
    trainable = network()
    kept = [torch.ones(3, 4, dtype=torch.bool), torch.ones(4, 2, dtype=torch.bool)]
    kept[0][1, 2] = False
    trainable.kept = kept
    torch.autograd.backward(trainable.undisturbed(torch.rand(5, 3)).square().sum())
    gradient = trainable.layers[0].grad
    assert (gradient[1, 2] == 0).all()
    assert (gradient[0, 2] != 0).any()
    assert (trainable.export().layers[0][1, 2, :, 0] == 0).all()


def test_a_penalty_makes_small_edges_smaller(train_short):
    plain, _, _ = train_short()
    sparse, _, _ = train_short(Extras(Sparsity(l1=0.02, entropy=0.02)))
    before, after = (torch.cat([s.flatten() for s in sizes_of(n)]) for n in (plain, sparse))
    assert after.sum() < 0.8 * before.sum()
    assert not sparse.kept


def test_training_goes_on_after_pruning_and_the_file_says_what_was_asked(
    monkeypatch, short_recipe
):
    monkeypatch.setattr('pkan_control.training.train.find_recipe', lambda task: short_recipe)
    asked = Sparsity(l1=0.01, entropy=0.01, prune=0.04)
    controller_file = train_controller(
        drone_hover, 'bandpass', 0, lambda *_: None, Options(sparsity=asked)
    )
    assert controller_file.policy.connected < controller_file.policy.elements
    assert controller_file.provenance['sparsity'] == dataclasses.asdict(asked)
    plain = train_controller(drone_hover, 'bandpass', 0, lambda *_: None)
    assert 'sparsity' not in plain.provenance


@pytest.mark.parametrize(
    ('name', 'value'),
    [('l1', -1.0), ('l1', float('nan')), ('entropy', float('inf')), ('prune_at', 1.1)],
)
def test_numbers_out_of_range_are_refused(name, value, refused):
    with refused(f'{name}={value}', 'must be'):
        Sparsity(**{name: value})


def test_an_mlp_cannot_be_pruned(refused):
    with refused('an MLP has no edges'):
        options = Options(sparsity=Sparsity(prune=0.1))
        train_controller(drone_hover, 'mlp', 0, lambda *_: None, options)
