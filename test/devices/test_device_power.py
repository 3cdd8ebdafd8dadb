"""Power of filters against published ones."""

import numpy as np
import pytest
from scipy import stats

from pkan_control.devices.power import (
    FIGURE_OF_MERIT_J,
    PERCENTILES,
    draw_figures_of_merit,
    filter_power,
)


def test_measured_filter_is_reproduced():
    watts = filter_power(np.array(3.3e-17), 2, np.array(1e3), 10**5.9)
    assert watts == pytest.approx(52e-9, rel=0.02)


def test_power_is_proportional_to_every_factor():
    base = filter_power(np.array(1e-18), 1, np.array(1e4), 1e5)
    assert base == pytest.approx(1e-9)
    assert filter_power(np.array([1e-18, 2e-18]), 2, np.array(3e4), 4e5) == pytest.approx(
        [24e-9, 48e-9]
    )


def test_figures_of_merit_are_triangular_in_their_logarithm():
    low, mode, high = np.log10(FIGURE_OF_MERIT_J)
    expected = stats.triang((mode - low) / (high - low), low, high - low)
    drawn = np.log10(draw_figures_of_merit(0, 100_000))
    wanted = expected.ppf(np.array(PERCENTILES) / 100)
    np.testing.assert_allclose(np.percentile(drawn, PERCENTILES), wanted, atol=0.02)
    assert low <= drawn.min() < drawn.max() <= high


def test_draws_belong_to_their_seed():
    assert (draw_figures_of_merit(3, 50) == draw_figures_of_merit(3, 50)).all()
    assert (draw_figures_of_merit(3, 50) != draw_figures_of_merit(4, 50)).all()
