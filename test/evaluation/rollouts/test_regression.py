"""Regressions: what is caught, what is chance, and what cannot be compared."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from pkan_control.common.errors import UserError
from pkan_control.evaluation.rollouts.regression import (
    ALPHA,
    at_least,
    compare,
    compare_figure,
    judge,
)

RUN = {
    'task': 'drone_hover', 'scenario': 'calm', 'airframe': None, 'path': None, 'episodes': 4,
    'seed': 0,
}  # fmt: skip


def run(success, errors, **changes):
    return {**RUN, 'outcomes': {'success': success, 'final_error_m': errors}, **changes}


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_test_is_the_exact_binomial_one(worse, better):
    if worse + better:
        wanted = binomtest(worse, worse + better, 0.5, 'greater').pvalue
        assert math.isclose(at_least(worse, worse + better), wanted, rel_tol=1e-9)


def test_pairs_are_counted_and_ties_are_none():
    found = compare_figure('error_m', [1.0, 1.0, 1.0, None, 2.0], [1.005, 1.5, 0.5, None, None])
    assert (found.worse, found.better) == (2, 1)
    found = compare_figure('success', [1, 1, 0, 0], [0, 1, 1, 0])
    assert (found.worse, found.better) == (1, 1)


def test_a_drop_of_three_points_in_a_thousand_is_caught():
    draw = np.random.default_rng(1)
    before = (draw.random(1000) < 0.99).astype(float)
    after = before.copy()
    after[np.flatnonzero(before)[:30]] = 0
    (verdict,) = judge([compare_figure('success', before.tolist(), after.tolist())])
    assert not verdict.passed
    assert '30 worse' in verdict.found


def test_chance_seldom_alarms():
    draw, alarms = np.random.default_rng(2), 0
    for _ in range(1000):
        pairs = [
            ((draw.random((2, 200)) < 0.9).astype(float), 'success'),
            (draw.lognormal(size=(2, 200)), 'error_m'),
        ]
        found = [compare_figure(name, *values.tolist()) for values, name in pairs]
        alarms += not all(verdict.passed for verdict in judge(found))
    assert alarms / 1000 < 3 * ALPHA


def test_a_figure_that_got_worse_fails_and_the_others_pass():
    errors = [0.01] * 40
    verdicts = compare(run([1.0] * 40, errors), run([1.0] * 40, [0.02] * 40))
    assert [(v.name, v.passed) for v in verdicts] == [
        ('no regression of success', True),
        ('no regression of final_error_m', False),
    ]


def test_other_chips_of_the_same_kind_count_as_one_each():
    errors = [0.01, 0.02] * 20
    worse, better = ([e * f for e, f in zip(errors, [a, b] * 20, strict=True)]
                     for a, b in ((2, 2), (2, 0.5)))  # fmt: skip
    chip = {'chip': 'sim:?preset=bad&seed=0', 'chips': 2}
    old = run([1.0] * 40, errors, **chip)
    for after, uri, found in (
        (worse, 'sim:?preset=bad&seed=7', '2 worse, 0 better, p = 0.25'),
        (better, 'sim:?seed=9&preset=bad', '1 worse, 1 better, p = 0.75'),
        (worse, 'sim:?preset=bad&seed=0', '40 worse, 0 better, p = 9.1e-13'),
        (worse, 'sim:?preset=typical&seed=7', '40 worse, 0 better, p = 9.1e-13'),
    ):
        verdicts = compare(old, run([1.0] * 40, after, chip=uri, chips=2))
        assert verdicts[1].found == found


def test_several_scenarios_share_the_level():
    after = [0.02] * 9 + [0.01]
    old, new = run([1.0] * 10, [0.01] * 10), run([1.0] * 10, after)
    assert not compare(old, new)[1].passed
    assert compare(old, new, scenarios=5)[1].passed


@pytest.mark.parametrize(
    ('old', 'words'),
    [
        (run([1], [1], seed=1), 'its seed is 1, now 0'),
        (run([1], [1], scenario='wind'), "its scenario is 'wind', now 'calm'"),
        ({**RUN}, 'no outcomes'),
        (run([1, 1], [1, 1]), '2 outcomes of success, now 1'),
    ],
)
def test_what_is_no_pair_is_refused(old, words):
    with pytest.raises(UserError, match=words):
        compare(old, run([1], [1]))
