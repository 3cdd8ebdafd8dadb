"""What training exposes a network to, in numbers: each flaw has the size that its name states."""

import numpy as np
import pytest
import torch

from pkan_control.chips.simulated import RAIL_V
from pkan_control.common.errors import UserError
from pkan_control.training.trainable import ChipNoise, TrainableNetwork, limited, rails

CHIPS = 2000
NONE = dict.fromkeys(('edge_gain', 'offset', 'node_noise', 'dead'), 0.0)


def only(**flaw: float) -> ChipNoise:
    """Return a noise of one flaw alone."""
    return ChipNoise(**NONE | flaw)


def made(noise: ChipNoise, shape: tuple[int, ...] = (3, 2), k: int = 2) -> TrainableNetwork:
    return TrainableNetwork('bandpass', shape, k, noise, 0)


def seeded(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def same_input(chips: int, inputs: int, batch: int = 2) -> torch.Tensor:
    """Return one observation for every chip and every sample."""
    return torch.linspace(-0.5, 0.5, inputs).expand(chips, batch, inputs)


def through_training(noise: ChipNoise, shape=(3, 2), k=2, chips=CHIPS, batch=2) -> np.ndarray:
    """Return the outputs `[chips, batch, n_out]` of chips as training draws them."""
    with torch.no_grad():
        outputs = made(noise, shape, k).exposed(same_input(chips, shape[0], batch), seeded())
    return outputs.double().numpy()


def through_flight(noise: ChipNoise, shape=(3, 2), k=2, chips=CHIPS, batch=2) -> np.ndarray:
    """Return the same of chips as the flights that training learns from draw them."""
    flown = made(noise, shape, k).policy(seeded(), chips)
    observations = same_input(chips, shape[0], batch).reshape(chips * batch, -1).double().numpy()
    return flown(observations).reshape(chips, batch, -1)


BOTH = pytest.mark.parametrize('through', [through_training, through_flight])


@BOTH
def test_node_noise_is_a_share_of_the_rails_and_new_for_every_sample(through):
    noisy = through(only(node_noise=0.05))
    quiet = through(only())
    np.testing.assert_allclose((noisy - quiet).std(), 0.05 * RAIL_V, rtol=0.03)
    np.testing.assert_allclose((noisy - quiet).mean(), 0.0, atol=0.005 * RAIL_V)
    assert (noisy[0, 0] != noisy[1, 0]).all()
    if through is through_flight:
        assert (noisy[:, 0] != noisy[:, 1]).all()


@BOTH
@pytest.mark.parametrize('inputs', [4, 25])
def test_offsets_grow_with_the_square_root_of_the_inputs_and_stay_with_the_chip(through, inputs):
    off = through(only(offset=0.01), (inputs, 2)) - through(only(), (inputs, 2))
    np.testing.assert_allclose(off.std(), 0.01 * np.sqrt(inputs), rtol=0.04)
    np.testing.assert_allclose(off.mean(), 0.0, atol=0.001 * np.sqrt(inputs))
    np.testing.assert_allclose(off[:, 0], off[:, 1], atol=1e-6)
    together = np.corrcoef(off[:, 0].T)[0, 1]
    assert abs(together) < 0.1


@BOTH
def test_a_gain_is_off_by_edge_and_not_by_element(through):
    """With one input the output is one edge: it is scaled as a whole."""
    scaled = through(only(edge_gain=0.1, edge_gain_mean=-0.2), (1, 2), 3)
    gains = scaled / through(only(), (1, 2), 3)
    np.testing.assert_allclose(gains.mean(), 0.8, atol=0.006)
    # Were each element off by itself, the sum of three would spread less, by other numbers.
    np.testing.assert_allclose(gains.std(), 0.1, rtol=0.04)
    np.testing.assert_allclose(gains[:, 0], gains[:, 1], rtol=1e-4)
    assert abs(np.corrcoef(gains[:, 0].T)[0, 1]) < 0.1


def test_gains_of_different_edges_are_independent():
    """The errors of the edges into a node add up as independent ones do."""
    one = made(only(), (8, 1), 1)
    with torch.no_grad():
        for layer in one.layers:
            layer.copy_(layer[:1].expand_as(layer))
    outputs = []
    for noise in (only(edge_gain=0.1), only()):
        one.noise = noise
        with torch.no_grad():
            outputs.append(one.exposed(torch.zeros(CHIPS, 2, 8), seeded()).double().numpy())
    np.testing.assert_allclose((outputs[0] / outputs[1]).std(), 0.1 / np.sqrt(8), rtol=0.05)


@BOTH
def test_a_dead_element_gives_nothing(through):
    ratio = through(only(dead=0.3), (1, 1), 1) / through(only(), (1, 1), 1)
    dead = np.isclose(ratio, 0.0, atol=1e-6)
    np.testing.assert_allclose(ratio[~dead], 1.0, rtol=1e-5)
    np.testing.assert_allclose(dead.mean(), 0.3, atol=0.03)
    assert (dead[:, 0] == dead[:, 1]).all()


@BOTH
def test_elements_die_one_by_one(through):
    """Of an edge of two elements each dies by itself: both are alive in 49 of 100."""
    ratio = through(only(dead=0.3), (1, 1), 2) / through(only(), (1, 1), 2)
    np.testing.assert_allclose(np.isclose(ratio, 1.0, rtol=1e-5).mean(), 0.49, atol=0.04)
    np.testing.assert_allclose(np.isclose(ratio, 0.0, atol=1e-6).mean(), 0.09, atol=0.02)


@BOTH
def test_nodes_stop_at_the_rails(through):
    outputs = through(only(offset=1.0, node_noise=1.0), (9, 2))
    assert outputs.max() == pytest.approx(RAIL_V)
    assert outputs.min() == pytest.approx(-RAIL_V)


def test_rails_limit_both_ways_and_nothing_else():
    values = torch.tensor([-2 * RAIL_V, -0.5, 0.0, 0.5, 2 * RAIL_V])
    expected = torch.tensor([-RAIL_V, -0.5, 0.0, 0.5, RAIL_V])
    assert torch.equal(limited(values), expected)
    assert torch.equal(rails(values, 1), expected)


@pytest.mark.parametrize('shape', [(3, 2), (3, 5, 2)])
def test_flights_and_training_draw_the_same_chips_from_the_same_seed(shape):
    """All flaws at once; noise of nodes apart, which both draw anew for each sample."""
    noise = ChipNoise(0.1, 0.05, 0.0, 0.2, -0.05)
    trained, flown = (through(noise, shape) for through in (through_training, through_flight))
    assert trained.std(axis=0).min() > 0.01
    np.testing.assert_allclose(flown, trained, atol=2e-4)


@pytest.mark.parametrize('shape', [(3, 2), (3, 5, 2)])
def test_flights_and_training_are_equally_noisy(shape):
    noise = ChipNoise(0.1, 0.05, 0.1, 0.2)
    trained, flown = (through(noise, shape) for through in (through_training, through_flight))
    np.testing.assert_allclose(flown.mean(axis=(0, 1)), trained.mean(axis=(0, 1)), atol=0.06)
    np.testing.assert_allclose(flown.std(axis=(0, 1)), trained.std(axis=(0, 1)), rtol=0.1)


def test_flights_are_divided_among_the_chips_in_their_order():
    flown = made(only(offset=0.1)).policy(seeded(), 3)
    outputs = flown(np.zeros((6, 3)))
    first, second, third = outputs[:2], outputs[2:4], outputs[4:]
    for chip in (first, second, third):
        np.testing.assert_array_equal(chip[0], chip[1])
    assert not np.array_equal(first, second)
    assert not np.array_equal(second, third)


@pytest.mark.parametrize('name', ['edge_gain', 'offset', 'node_noise', 'dead'])
def test_a_magnitude_is_a_share_from_0_to_1(name):
    only(**{name: 0.0})
    only(**{name: 1.0})
    for value in (-0.001, 1.001, float('nan')):
        with pytest.raises(UserError, match=rf'^noise in training: {name}={value}: .*0\.\.1$'):
            only(**{name: value})


def test_the_mean_error_of_a_gain_has_a_sign():
    only(edge_gain_mean=-1.0)
    for value in (-1.001, 1.001):
        with pytest.raises(UserError, match=rf'edge_gain_mean={value}: .*-1\.\.1$'):
            only(edge_gain_mean=value)


def test_what_is_not_zero_is_written_down():
    assert ChipNoise(0.1, 0.0, 0.2, 0.0, -0.05).to_json() == {
        'edge_gain': 0.1,
        'node_noise': 0.2,
        'edge_gain_mean': -0.05,
    }
    assert ChipNoise().to_json() == {
        'edge_gain': 0.05,
        'offset': 0.02,
        'node_noise': 0.02,
        'dead': 0.004,
    }
