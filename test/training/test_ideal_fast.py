"""Training without flaws computes what runs, and its written-out gradients are right."""

import numpy as np
import pytest
import torch

from pkan_control.networks.program import coefficients as compiled
from pkan_control.networks.program import node_inputs, propagate, squash
from pkan_control.training.ideal_fast import layer, polynomials, signs
from pkan_control.training.stacked import evaluate, stacked
from pkan_control.training.trainable import limited, make_ideal

SHAPE, K = (3, 5, 4, 2), 3


def networks(device: str):
    whole = stacked([make_ideal(device, SHAPE, K, seed) for seed in (0, 1)])
    inputs = torch.randn((2, 50, 3), generator=torch.Generator().manual_seed(0))
    return whole.double(), 2 * inputs.double()


def as_it_runs(whole, inputs):
    """Return the outputs by the functions that run, with the gradients that torch finds."""
    layers = []
    for physical in whole.physical():
        x = node_inputs(whole.device, physical)[..., None]
        edges = whole.device.response(x, physical).sum(dim=-1)
        layers.append(compiled(edges.movedim(0, 1)))

    def node(value, index):
        return limited(value) if index < len(layers) - 1 else value

    return propagate(squash(limited(inputs), 0.5), layers, whole.device.nodes, node=node)


@pytest.mark.parametrize('quantised', [False, True])
@pytest.mark.parametrize('device', ['bandpass', 'memdiode'])
def test_outputs_and_gradients_are_those_of_what_runs(device, quantised):
    whole, inputs = networks(device)
    whole.quantised = quantised
    found = [
        (outputs, *torch.autograd.grad(outputs.square().sum(), whole.parameters()))
        for outputs in (evaluate(whole, inputs), as_it_runs(whole, inputs))
    ]
    for ours, wanted in zip(*found, strict=True):
        assert (ours - wanted).abs().max() < 1e-9 * wanted.abs().max()


def test_signed_polynomials_are_those_of_chebyshev():
    t = torch.linspace(-1, 1, 30, dtype=torch.float64).reshape(1, 3, 10)
    found = polynomials(t, 9).numpy()
    wanted = np.cos(np.arange(9)[:, None, None] * np.arccos(t.numpy()[0]))
    np.testing.assert_allclose(found[0], signs(9)[:, None, None] * wanted, atol=1e-13)


def test_the_gradient_of_a_layer_is_that_of_differences():
    generator = torch.Generator().manual_seed(0)
    value = torch.randn((2, 3, 4), generator=generator, dtype=torch.float64)
    matrix = torch.randn((2, 6, 3, 5), generator=generator, dtype=torch.float64)
    leaves = (value.requires_grad_(), matrix.requires_grad_())
    assert torch.autograd.gradcheck(lambda v, m: layer(v, m, 1.0, 3.0), leaves)


def test_beyond_the_rails_nothing_is_learnt():
    value = torch.tensor([[[-4.0, 0.5, 4.0]]], requires_grad=True)
    layer(value, torch.ones((1, 4, 1, 1)), 1.0, 3.0).sum().backward()
    slopes = value.grad[0, 0]
    assert slopes[0] == slopes[2] == 0 != slopes[1]
