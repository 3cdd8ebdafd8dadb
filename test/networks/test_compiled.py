"""The compiled layer computes what NumPy's does, and refuses what does not fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.networks import compiled
from pkan_control.networks.program import chebyshev, squash

if not compiled.AVAILABLE:
    pytest.skip('installed without a compiler or Python.h', allow_module_level=True)

from pkan_control.networks import _layer

SIZES = st.integers(1, 7)


@given(SIZES, SIZES, st.integers(1, 20), st.lists(SIZES, max_size=3), st.booleans(), st.data())
def test_it_is_numpys_layer(n_in, n_out, nodes, batch, squashed, data):
    draw = np.random.default_rng(data.draw(st.integers(0, 1000)))
    networks = tuple(batch[: data.draw(st.integers(0, max(0, len(batch) - 1)))])
    matrix = draw.normal(size=(*networks, n_in * nodes, n_out))
    x = draw.normal(size=(*batch, n_in)) if squashed else draw.uniform(size=(*batch, n_in))
    assert compiled.is_for(x, matrix)
    inputs = chebyshev(squash(x, 0.5) if squashed else x, nodes)
    wanted = (inputs.reshape(*networks, -1, n_in * nodes) @ matrix).reshape(*batch, n_out)
    got = compiled.layer(x, matrix, nodes, 0.5 if squashed else 0.0)
    np.testing.assert_allclose(got, wanted, atol=1e-11)


def test_a_sample_alone_is_what_it_is_in_a_batch():
    draw = np.random.default_rng(0)
    x, matrix = draw.uniform(size=(300, 12)), draw.normal(size=(12 * 17, 16))
    batch = compiled.layer(x, matrix, 17, 0.0)
    assert all((compiled.layer(row, matrix, 17, 0.0) == batch[i]).all() for i, row in enumerate(x))


@pytest.mark.parametrize('bad', [-0.1, 1.1, np.nan, np.inf])
def test_an_input_out_of_range_has_no_value(bad):
    x = np.array([[0.5, 0.5], [0.5, bad]])
    out = compiled.layer(x, np.ones((2 * 5, 3)), 5, 0.0)
    assert np.isfinite(out[0]).all()
    assert np.isnan(out[1]).all()


def test_the_ends_of_the_range_have_values():
    assert np.isfinite(compiled.layer(np.array([0.0, 1.0]), np.ones((10, 3)), 5, 0.0)).all()
    assert np.isfinite(compiled.layer(np.array([-1e9, 1e9]), np.ones((10, 3)), 5, 0.5)).all()


@pytest.mark.parametrize(
    ('x', 'matrix', 'out', 'nodes'),
    [
        ((2,), (11, 3), (3,), 5),
        ((2,), (10, 3), (4,), 5),
        ((4, 2), (10, 3), (3, 3), 5),
        ((3, 2), (2, 10, 3), (3, 3), 5),
        ((2,), (10, 3), (3,), 0),
        ((2,), (10, 3), (3,), -5),
        ((2,), (30,), (3,), 5),
        ((0,), (10, 3), (3,), 5),
    ],
)
def test_shapes_that_do_not_fit_are_refused(x, matrix, out, nodes):
    with pytest.raises(ValueError, match='do not fit'):
        _layer.evaluate(np.zeros(x), np.zeros(matrix), np.zeros(out), nodes, 0.0)


@pytest.mark.parametrize('dtype', [np.float32, np.int64, np.complex128])
def test_other_numbers_are_refused(dtype):
    with pytest.raises(ValueError, match='do not fit'):
        _layer.evaluate(np.zeros(2, dtype), np.zeros((10, 3)), np.zeros(3), 5, 0.0)


def test_without_it_all_is_the_same_up_to_rounding(both_ways):
    code = (
        'import numpy as np; from pkan_control.networks import compiled; '
        'from pkan_control.networks.program import propagate; d = np.random.default_rng(0); '
        'm = [d.normal(size=(12 * 17, 5)), d.normal(size=(5 * 17, 2))]; '
        'print(compiled.AVAILABLE, *propagate(d.uniform(size=12), m, 17))'
    )
    compiled_does, numpy_does = both_ways(code)
    found, wanted = np.array(compiled_does, float), np.array(numpy_does, float)
    np.testing.assert_allclose(found, wanted, atol=1e-11)
