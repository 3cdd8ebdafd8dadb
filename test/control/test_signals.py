"""Signals: scaling, clipping, and the JSON that they are stored as."""

import json

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pkan_control.control.laws.drone import OBSERVATION, OUTPUT
from pkan_control.control.signals import Signal, Terms, signals_from_json, signals_to_json

TERMS = Terms([Signal('a', 'm', 'map', 2.0, 1.0, 3.0), Signal('b', 'rad', 'map', 0.5, -4.0, 1.5)])
ANY = arrays.arrays(np.float64, (3, 2), elements=st.floats(-1e307, 1e307))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(['name', 'unit', 'frame', 'scale', 'offset', 'clip', 'x']), inner
        )
    ),
    max_leaves=12,
)


def test_values_are_shifted_scaled_and_clipped():
    np.testing.assert_allclose(TERMS.normalise(np.array([5.0, -3.75])), [2.0, 0.5])
    np.testing.assert_allclose(TERMS.normalise(np.array([100.0, -100.0])), [3.0, -1.5])
    np.testing.assert_allclose(TERMS.denormalise(np.array([2.0, 0.5])), [5.0, -3.75])
    np.testing.assert_allclose(TERMS.denormalise(np.array([9.0, -9.0])), [7.0, -4.75])
    assert (len(TERMS), TERMS.names) == (2, ('a', 'b'))


@given(ANY)
def test_nothing_passes_the_clip(values):
    assert (abs(TERMS.normalise(values)) <= [3.0, 1.5]).all()
    assert (abs(TERMS.denormalise(values) - [1.0, -4.0]) <= [6.0, 0.75]).all()


@given(st.floats(-3, 3), st.floats(-1.5, 1.5))
def test_what_is_inside_the_clip_comes_back(a, b):
    outputs = np.array([a, b])
    np.testing.assert_allclose(TERMS.normalise(TERMS.denormalise(outputs)), outputs, atol=1e-12)


def test_a_value_that_is_no_number_stays_none():
    assert np.isnan(TERMS.normalise(np.array([np.nan, 0.0]))).tolist() == [True, False]
    assert np.isnan(TERMS.denormalise(np.array([0.0, np.nan]))).tolist() == [False, True]


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_torch_and_numpy_scale_the_same(dtype):
    values = np.random.default_rng(0).normal(0, 5, (50, 2))
    for function in (TERMS.normalise, TERMS.denormalise):
        tensor = function(torch.from_numpy(values).to(dtype))
        assert tensor.dtype == dtype
        np.testing.assert_allclose(tensor.numpy(), function(values), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('count', [1, 3])
def test_a_wrong_number_of_values_is_refused_by_name(count):
    for function in (TERMS.normalise, TERMS.denormalise):
        with pytest.raises(ValueError, match=r"\('a', 'b'\)"):
            function(np.zeros(count))


@pytest.mark.parametrize('terms', [TERMS, OBSERVATION, OUTPUT])
def test_json_brings_the_same_signals_back(terms):
    text = json.dumps(signals_to_json(terms.signals))
    assert signals_from_json(json.loads(text), 'observation') == terms.signals


GOOD = {'name': 'a', 'unit': 'm', 'frame': 'map', 'scale': 1.0, 'offset': 0.0, 'clip': 3.0}


@pytest.mark.parametrize(
    'change',
    [
        {'scale': 0.0},
        {'scale': -1.0},
        {'clip': 0.0},
        {'offset': float('nan')},
        {'clip': float('inf')},
        {'scale': 'one'},
        {'scale': None},
        {'scale': [1.0, 2.0]},
        {'scale': 10**400},
        {'colour': 'red'},
    ],
)
def test_signals_that_are_none_are_refused(refused, change):
    with refused('output terms'):
        signals_from_json([GOOD, {**GOOD, **change}], 'output')


@given(JSON)
@example([])
def test_any_json_is_refused_or_makes_signals_that_scale(attempt, value):
    signals, refusal = attempt(signals_from_json, value, 'output')
    assert refusal.isprintable()
    if not refusal:
        assert np.isfinite(Terms(signals).normalise(np.zeros(len(signals)))).all()
