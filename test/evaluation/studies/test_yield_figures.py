"""Yields, their intervals, and what a designer is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from pkan_control.evaluation.studies.yield_figures import interval, specification, yield_figures


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_interval_is_the_exact_one(passed, total):
    if passed > total:
        return
    wanted = binomtest(passed, total).proportion_ci(0.95, 'exact')
    assert interval(passed, total) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


def curve(*rates):
    return {'deviation': 'offset', 'values': [0.0, 0.01, 0.02, 0.04], 'yield': list(rates)}


@pytest.mark.parametrize(
    ('rates', 'limit', 'beyond'),
    [
        ((1.0, 1.0, 0.98, 0.5), 0.015, False),
        ((1.0, 0.99, 0.5, 0.0), 0.01, False),
        ((1.0, 1.0, 1.0, 1.0), 0.04, True),
        ((0.9, 0.8, 0.5, 0.0), None, False),
        ((1.0, 0.0, 1.0, 1.0), 0.0001, False),
    ],
)
def test_the_specification_lies_between_what_was_measured(rates, limit, beyond):
    found = specification(curve(*rates), 0.99)
    assert found['limit'] == (None if limit is None else pytest.approx(limit))
    assert found['beyond'] == beyond


def line(variant, chip, success, error):
    return {'variant': variant, 'chip': chip, 'success': success, 'figures': {'error_m': error}}


def test_a_study_is_summed_up():
    lines = [
        line('usual', 0, [1, 1], [0.1, 0.2]),
        line('usual', 1, [1, 0], [0.3, None]),
        line('offset=0', 0, [1, 1], [0.1, 0.1]),
        line('offset=0.1', 0, [0, 0], [None, None]),
    ]
    found = yield_figures(lines, 0.95, 0.99)
    assert found['yield']['passed'] == 1
    assert found['yield']['rate'] == 0.5
    assert found['yield']['low'] < 0.5 < found['yield']['high']
    assert found['success_rates'] == [1.0, 0.5]
    assert found['figures'] == {'error_m': {'median': 0.2, 'p95': None}}
    (offset,) = found['sensitivity']
    assert (offset['values'], offset['yield']) == ([0.0, 0.1], [1.0, 0.0])
    (limit,) = found['specification']
    assert limit['limit'] == pytest.approx(0.001)
