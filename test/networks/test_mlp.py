"""The multilayer perceptron that analogue networks are compared with."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.networks.mlp import Mlp, equal_shape, parameter_count
from pkan_control.networks.program import MAX_LAYERS, MAX_WIDTH


def mlp(*shape: int, seed: int = 0) -> Mlp:
    draw = np.random.default_rng(seed)
    weights = tuple(draw.normal(size=pair) for pair in itertools.pairwise(shape))
    return Mlp(weights, tuple(draw.normal(size=size) for size in shape[1:]))


def test_it_sums_and_bends_node_by_node():
    net, x = mlp(3, 4, 5, 2), [0.1, -0.7, 1.3]
    for number, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        x = [sum(a * w for a, w in zip(x, column, strict=True)) for column in weight.T]
        x = [a + b for a, b in zip(x, bias, strict=True)]
        if number < 2:
            x = [math.tanh(a) for a in x]
    np.testing.assert_allclose(net.evaluate(np.array([0.1, -0.7, 1.3])), x, rtol=1e-12)


def test_a_batch_is_each_of_its_rows():
    net, x = mlp(3, 4, 2), np.random.default_rng(1).normal(size=(2, 5, 3))
    np.testing.assert_allclose(net.evaluate(x)[1, 3], net.evaluate(x[1, 3]), rtol=1e-12)


def test_parameters_are_counted():
    assert mlp(12, 64, 64, 4).parameters == 5252
    assert mlp(12, 64, 64, 4).shape == (12, 64, 64, 4)


@pytest.mark.parametrize(
    ('weights', 'biases', 'words'),
    [
        ([], [], '0 layers'),
        ([(1, 1)] * (MAX_LAYERS + 1), [1] * (MAX_LAYERS + 1), '9 layers'),
        ([(2, 3)], [3, 3], '1 layers'),
        ([(2, 3)], [2], 'layer 0'),
        ([(2,)], [2], 'layer 0'),
        ([(2, 3), (4, 1)], [3, 1], 'layer 1'),
        ([(MAX_WIDTH + 1, 3)], [3], 'layer 0'),
        ([(3, MAX_WIDTH + 1)], [MAX_WIDTH + 1], 'layer 0'),
        ([()], [1], 'layer 0'),
    ],
)
def test_shapes_that_do_not_fit_are_refused(refused, weights, biases, words):
    with refused(words):
        Mlp(tuple(map(np.zeros, weights)), tuple(map(np.zeros, biases)))


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_numbers_that_are_not_finite_are_refused(refused, value):
    with refused('layer 0', 'not finite'):
        Mlp((np.full((1, 1), value),), (np.zeros(1),))
    with refused('layer 0', 'not finite'):
        Mlp((np.zeros((1, 1)),), (np.full(1, value),))


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 20_000))
def test_the_shape_of_equal_parameters_is_the_largest_that_fits(inputs, outputs, extra):
    parameters = parameter_count((inputs, 1, 1, outputs)) + extra
    shape = equal_shape(inputs, outputs, parameters)
    wider = (inputs, shape[1] + 1, shape[2] + 1, outputs)
    assert (shape[0], shape[1], shape[3]) == (inputs, shape[2], outputs)
    assert parameter_count(shape) <= parameters < parameter_count(wider)
