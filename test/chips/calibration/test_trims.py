"""Trims: a robust line per edge, a ridge fit of the outputs, and one trim after another."""

import numpy as np
import pytest

from pkan_control.chips.calibration.trims import compose, edge_trims, refit_outputs
from pkan_control.chips.ideal import MAX_GAIN

X = np.linspace(0, 1, 50)
SIGMA = 1e-3


def edges(gain=1.0, offset=0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return readings `[50, 1, 1]` that a gain and an offset correct, and the wanted values."""
    wanted = (0.5 + 0.4 * np.sin(5 * X)).reshape(-1, 1, 1)
    return (wanted - offset) / gain, wanted


def line(measured: np.ndarray, wanted: np.ndarray, sigma: float = SIGMA) -> tuple[float, float]:
    gain, offset = edge_trims(measured, wanted, sigma)
    assert gain.shape == offset.shape == (1, 1)
    return gain.item(), offset.item()


@pytest.mark.parametrize(('gain', 'offset'), [(1.0, 0.0), (1.3, -0.2), (0.7, 0.1), (-0.5, 0.3)])
def test_an_exact_line_is_found(gain, offset):
    measured, wanted = edges(gain, offset)
    assert line(measured, wanted, 1e-9) == pytest.approx((gain, offset), abs=1e-9)


def test_every_edge_has_a_line_of_its_own():
    lines = [[(1.2, 0.1), (0.8, -0.1)], [(1.0, 0.0), (-1.1, 0.4)]]
    wanted = np.tile(edges()[1], (1, 2, 2))
    trims = np.array(lines)
    measured = (wanted - trims[..., 1]) / trims[..., 0]
    gain, offset = edge_trims(measured, wanted, 1e-9)
    np.testing.assert_allclose(gain, [[1.2, 0.8], [1.0, -1.1]], atol=1e-9)
    np.testing.assert_allclose(offset, [[0.1, -0.1], [0.0, 0.4]], atol=1e-9)


def test_an_edge_that_does_not_vary_keeps_gain_one():
    measured, wanted = np.full((50, 1, 1), 0.3), np.full((50, 1, 1), 0.5)
    assert line(measured, wanted) == pytest.approx((1.0, 0.2), abs=1e-12)


def test_the_prior_of_the_gain_is_a_tenth():
    """Without outliers it is the posterior mean: (S_yt + p) / (S_yy + p), p = (sigma / 0.1)^2."""
    measured, wanted = edges(2.0, 0.0)
    centred = measured - measured.mean()
    spread, sigma = float((centred**2).sum()), 0.2
    gain, offset = line(measured, wanted, sigma)
    prior = (sigma / 0.1) ** 2
    assert gain == pytest.approx((2 * spread + prior) / (spread + prior), rel=1e-9)
    assert offset == pytest.approx((wanted.mean() - gain * measured.mean()).item(), rel=1e-9)


@pytest.mark.parametrize(('factor', 'limit'), [(10.0, MAX_GAIN), (-10.0, -MAX_GAIN)])
def test_a_gain_stays_within_what_a_board_can_hold(factor, limit):
    measured, wanted = edges(factor)
    gain, offset = line(measured, wanted, 1e-9)
    assert gain == limit == np.sign(factor) * 3.999
    # Around the mean the edge is still right; weights shift it a little.
    assert (wanted - gain * measured - offset).mean() == pytest.approx(0, abs=0.05)


def test_outliers_hardly_move_the_line():
    measured, wanted = edges(1.2, 0.1)
    measured = measured + SIGMA * np.random.default_rng(0).standard_normal(measured.shape)
    clean = line(measured, wanted)
    measured[::10] += 0.3
    slope, constant = np.polyfit(measured[:, 0, 0], wanted[:, 0, 0], 1)
    gain, offset = line(measured, wanted)
    assert abs(gain - clean[0]) < 0.25 * abs(slope - clean[0])
    assert abs(offset - clean[1]) < 0.25 * abs(constant - clean[1])


def by_hand(y: np.ndarray, t: np.ndarray, sigma: float) -> tuple[float, float]:
    """Fit one edge by Huber's weights, renewed five times, point by point."""
    weights = [1.0] * len(y)
    for _ in range(5):
        total = sum(weights)
        y_mean = sum(w * a for w, a in zip(weights, y, strict=True)) / total
        t_mean = sum(w * b for w, b in zip(weights, t, strict=True)) / total
        prior = (sigma / 0.1) ** 2
        spread, both = prior, prior
        for w, a, b in zip(weights, y, t, strict=True):
            spread += w * (a - y_mean) ** 2
            both += w * (a - y_mean) * (b - t_mean)
        gain = both / spread
        offset = t_mean - gain * y_mean
        residuals = [abs(b - gain * a - offset) for a, b in zip(y, t, strict=True)]
        scale = max(1.4826 * float(np.median(residuals)), sigma)
        weights = [min(1.0, 1.345 * scale / r) for r in residuals]
    return gain, offset


@pytest.mark.parametrize('sigma', [1e-4, 3e-3, 0.05])
def test_weights_are_those_of_huber(sigma):
    draw = np.random.default_rng(1)
    measured, wanted = edges(1.2, 0.1)
    measured = measured + 0.01 * draw.standard_t(2, measured.shape)
    expected = by_hand(measured[:, 0, 0], wanted[:, 0, 0], sigma)
    assert line(measured, wanted, sigma) == pytest.approx(expected, rel=1e-9)


def last_layer(sources=3, targets=2, n=40) -> tuple[np.ndarray, np.ndarray]:
    """Return edges `[n, sources, targets]` and the outputs that are their sums."""
    found = np.random.default_rng(2).normal(0.3, 0.5, (n, sources, targets))
    return found, found.sum(axis=1)


def test_outputs_that_lack_a_line_of_the_edges_are_mended():
    found, outputs = last_layer()
    change, constant = np.array([[0.1, -0.2], [0.0, 0.05], [-0.1, 0.3]]), np.array([0.3, -0.6])
    wanted = outputs + (found * change).sum(axis=1) + constant
    gain, offset = refit_outputs(outputs, wanted, found, np.full(2, 1e-9))
    np.testing.assert_allclose(gain, 1 + change, atol=1e-9)
    np.testing.assert_allclose(offset, [constant / 3] * 3, atol=1e-9)
    np.testing.assert_allclose((found * gain + offset).sum(axis=1), wanted, atol=1e-9)


def test_outputs_that_are_right_change_nothing():
    found, outputs = last_layer()
    gain, offset = refit_outputs(outputs, outputs, found, np.full(2, 0.1))
    np.testing.assert_array_equal(gain, np.ones((3, 2)))
    np.testing.assert_array_equal(offset, np.zeros((3, 2)))


def test_the_noise_of_an_output_draws_its_gains_to_one():
    """Ridge regression: (C'C + (sigma / 0.1)^2 I) change = C' lack, each output by its sigma."""
    found, outputs = last_layer()
    wanted = outputs + found[:, 0] * 0.4 + 0.3
    sigma = np.array([0.2, 0.9])
    gain, offset = refit_outputs(outputs, wanted, found, sigma)
    for target in range(2):
        edge, lack = found[:, :, target], (wanted - outputs)[:, target]
        centred, ridge = edge - edge.mean(axis=0), sigma[target] / 0.1 * np.eye(3)
        rows, aim = np.vstack([centred, ridge]), np.append(lack - lack.mean(), np.zeros(3))
        change = np.linalg.lstsq(rows, aim, rcond=None)[0]
        np.testing.assert_allclose(gain[:, target], 1 + change, rtol=1e-9)
        left = lack.mean() - (edge.mean(axis=0) * change).sum()
        np.testing.assert_allclose(offset[:, target], left / 3, rtol=1e-9)
    assert abs(gain[0, 0] - 1.4) < abs(gain[0, 1] - 1.4)


def test_one_trim_after_another_is_both():
    draw, y = np.random.default_rng(3), np.linspace(-1, 1, 9).reshape(-1, 1, 1)
    first, second = (tuple(draw.uniform(0.5, 1.5, (2, 3, 2))) for _ in range(2))
    gain, offset = compose(first, second)
    np.testing.assert_allclose(
        y * gain + offset, (y * first[0] + first[1]) * second[0] + second[1], rtol=1e-12
    )


@pytest.mark.parametrize('sign', [1.0, -1.0])
def test_the_gain_of_both_is_limited_too(sign):
    trim = np.full((1, 1), 3.0), np.full((1, 1), 0.5)
    gain, offset = compose(trim, (sign * trim[0], trim[1]))
    assert (gain.item(), offset.item()) == (sign * 3.999, sign * 1.5 + 0.5)
