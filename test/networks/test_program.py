"""Networks: their shapes, and the Chebyshev interpolation against element-by-element sums."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.devices.bandpass import bandpass
from pkan_control.networks.program import (
    MAX_ELEMENTS,
    MAX_LAYERS,
    MAX_WIDTH,
    Program,
    chebyshev,
    chebyshev_nodes,
    check_shapes,
    coefficients,
    compile_layer,
    layer_in_blocks,
    plain_layer,
    propagate,
    squash,
)


def codes(*shape: int, gain: int = 1) -> np.ndarray:
    layer = np.ones((*shape, 5), dtype=np.int16)
    layer[..., 0] = gain
    return layer


def test_a_program_knows_its_shape_and_elements(make_program):
    program = make_program((12, 16, 4), elements=4)
    assert program.shape == (12, 16, 4)
    assert program.elements == 1024


@pytest.mark.parametrize(
    ('shapes', 'words'),
    [
        ([], ('0 layers', f'1 to {MAX_LAYERS}')),
        ([(1, 1, 1, 5)] * (MAX_LAYERS + 1), (f'{MAX_LAYERS + 1} layers',)),
        ([(2, 3, 5)], ('layer 0', '(2, 3, 5)', '[n_in, n_out, K, 5]')),
        ([(2, 3, 1, 4)], ('layer 0', '[n_in, n_out, K, 5]')),
        ([(2, 0, 1, 5)], ('layer 0', 'sizes')),
        ([(MAX_WIDTH + 1, 1, 1, 5)], ('layer 0', 'sizes', str(MAX_WIDTH))),
        ([(1, 1, MAX_ELEMENTS + 1, 5)], ('layer 0', 'sizes', str(MAX_ELEMENTS))),
        ([(2, 3, 1, 5), (2, 1, 1, 5)], ('layer 1 takes 2', 'layer 0 gives 3')),
        ([(2, 3, 1, 5), (4, 1, 1, 5)], ('layer 1 takes 4', 'layer 0 gives 3')),
    ],
)
def test_shapes_that_are_no_network_are_refused(refused, shapes, words):
    with refused(*words):
        check_shapes(shapes, 5)


def test_largest_shapes_are_taken():
    check_shapes([(MAX_WIDTH, MAX_WIDTH, MAX_ELEMENTS, 5)] * MAX_LAYERS, 5)


@pytest.mark.parametrize(
    ('index', 'value', 'words'),
    [
        (0, 151, ('gain', '151', '-150..150')),
        (0, -151, ('gain', '-151')),
        (1, 0, ('low_c1', '1..255')),
        (4, 256, ('high_c2', '256')),
    ],
)
def test_codes_that_the_device_lacks_are_refused(refused, index, value, words):
    layer = codes(2, 2, 1)
    layer[1, 1, 0, index] = value
    with refused(*words):
        Program('bandpass', (layer,))


@pytest.mark.parametrize('scale', [0.0, -1.0, float('nan'), float('inf')])
def test_a_squash_scale_that_is_none_is_refused(refused, scale):
    with refused('squash scale', str(scale)):
        Program('bandpass', (codes(1, 1, 1),), scale)


def test_unknown_device_is_refused(refused):
    with refused('lamp', 'bandpass'):
        Program('lamp', (codes(1, 1, 1),))


def test_interpolation_is_right_to_1e_5_in_gain_units():
    elements = bandpass.bounded(np.random.default_rng(1).normal(0, 3, (40, 50, 1, 3)))
    x = np.linspace(0, 1, 301)
    for row in range(40):
        matrix = compile_layer(bandpass, elements[row : row + 1])
        direct = bandpass.response(x[:, None], elements[row, :, 0])
        error = chebyshev(x[:, None], bandpass.nodes) @ matrix - direct
        assert abs(error).max() <= 1e-5


@pytest.mark.parametrize('shape', [(1, 1), (3, 2), (3, 4, 2), (2, 3, 3, 1)])
def test_a_network_computes_what_its_elements_do(make_program, by_hand, shape):
    program = make_program(shape, elements=2, seed=len(shape))
    layers = [compile_layer(bandpass, bandpass.decode(layer)) for layer in program.layers]
    x = np.random.default_rng(2).random((4, shape[0]))
    found = propagate(x, layers, bandpass.nodes, program.squash_scale)
    expected = [by_hand(program, row) for row in x]
    np.testing.assert_allclose(found, expected, atol=5e-5)


def test_a_node_hook_sees_every_layer(make_program):
    program = make_program((2, 3, 1))
    layers = [compile_layer(bandpass, bandpass.decode(layer)) for layer in program.layers]
    seen = []

    def node(value, layer):
        seen.append((layer, value.shape))
        return value + 1

    x = np.full(2, 0.5)
    with_node = propagate(x, layers, bandpass.nodes, 0.5, node)
    hidden = chebyshev(x, bandpass.nodes) @ layers[0] + 1
    expected = chebyshev(1 / (1 + np.exp(-2 * hidden)), bandpass.nodes) @ layers[1] + 1
    assert seen == [(0, (3,)), (1, (1,))]
    np.testing.assert_allclose(with_node, expected, rtol=1e-12)


def test_many_networks_at_once_are_each_of_them(make_program):
    programs = [make_program((3, 4, 2), seed=seed) for seed in range(3)]
    single = [
        [compile_layer(bandpass, bandpass.decode(layer)) for layer in program.layers]
        for program in programs
    ]
    x = np.random.default_rng(0).random((3, 5, 3))
    together = propagate(x, [np.stack(layers) for layers in zip(*single, strict=True)], 17)
    for index, layers in enumerate(single):
        np.testing.assert_allclose(together[index], propagate(x[index], layers, 17), rtol=1e-12)


@given(st.floats(0, 1), st.integers(1, 20))
def test_chebyshev_polynomials(x, count):
    expected = np.polynomial.chebyshev.chebvander(np.array([2 * x - 1]), count - 1)[0]
    np.testing.assert_allclose(chebyshev(np.array([x]), count), expected, atol=1e-11)


@pytest.mark.parametrize('count', [3, 8, 17])
def test_polynomials_are_recovered_exactly(count):
    wanted = np.random.default_rng(count).normal(size=(count, 1))
    values = np.polynomial.chebyshev.chebval(2 * chebyshev_nodes(count) - 1, wanted[:, 0])
    np.testing.assert_allclose(coefficients(values.reshape(-1, 1, 1)), wanted, atol=1e-12)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8), st.floats(1e-3, 1e3))
def test_squash_stays_in_the_unit_interval_and_in_order(values, scale):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)
        squashed = squash(np.sort(values), scale)
    assert ((squashed >= 0) & (squashed <= 1)).all()
    assert (np.diff(squashed) >= 0).all()


@pytest.mark.parametrize(('value', 'squashed'), [(0.0, 0.5), (0.5, 0.7310586), (-3.0, 0.0024726)])
def test_squash_is_the_logistic_function(value, squashed):
    assert squash(np.array(value), 0.5) == pytest.approx(squashed, rel=1e-5)


def test_a_layer_stays_finite_at_both_ends_of_its_inputs():
    assert np.isfinite(chebyshev(np.array([0.0, 1.0]), 17)).all()


def test_torch_and_numpy_compute_the_same(make_program):
    program = make_program((3, 4, 2))
    x = np.random.default_rng(3).random((5, 3))

    def run(x, layers):
        matrices = [compile_layer(bandpass, bandpass.decode(layer)) for layer in layers]
        return propagate(x, matrices, bandpass.nodes)

    theirs = run(torch.from_numpy(x), [torch.from_numpy(layer) for layer in program.layers])
    np.testing.assert_allclose(theirs.numpy(), run(x, program.layers), rtol=1e-10, atol=1e-12)


def test_gradients_are_finite_between_the_rails():
    draw = torch.Generator().manual_seed(0)
    shapes = ((3, 4, 2, 3), (4, 2, 2, 3))
    trainable = [torch.randn(shape, generator=draw).requires_grad_() for shape in shapes]
    normal = torch.tensor([[-3.0, 0.0, 3.0]]).requires_grad_()
    layers = [compile_layer(bandpass, bandpass.bounded(t)) for t in trainable]
    propagate(squash(normal, 0.5), layers, bandpass.nodes).square().sum().backward()
    for leaf in (*trainable, normal):
        assert torch.isfinite(leaf.grad).all()
        assert (leaf.grad != 0).any()


@given(
    st.integers(64, 1500), st.integers(1, 5), st.integers(1, 4), st.integers(1, 20), st.booleans()
)
def test_in_blocks_a_layer_is_the_same(rows, n_in, n_out, nodes, squashed):
    draw = np.random.default_rng(rows)
    x, matrix = draw.uniform(size=(rows, n_in)), draw.normal(size=(n_in * nodes, n_out))
    scale = 0.5 if squashed else 0.0
    wanted = plain_layer(x, matrix, nodes, scale)
    np.testing.assert_allclose(layer_in_blocks(x, matrix, nodes, scale), wanted, atol=1e-10)


@pytest.mark.parametrize('bad', [-0.1, 1.1, np.nan, np.inf])
def test_in_blocks_an_input_out_of_range_has_no_value(bad):
    x = np.full((100, 2), 0.5)
    x[70, 1] = bad
    out = layer_in_blocks(x, np.ones((10, 3)), 5, 0.0)
    assert np.isnan(out[70]).all()
    assert np.isfinite(np.delete(out, 70, axis=0)).all()
