"""Trims of edges: a robust straight line from measured to wanted values."""

import numpy as np

from pkan_control.chips.ideal import MAX_GAIN, Trim
from pkan_control.common.arrays import Floats

# Prior of the gain of a trim: 1, with this sigma.
GAIN_SIGMA = 0.1
# Huber's constant (95 % efficient on normal residuals), and the rounds of reweighting.
HUBER, ROUNDS = 1.345, 5


def edge_trims(measured: Floats, wanted: Floats, sigma: float) -> Trim:
    """Return gain and offset `[n_in, n_out]` of the line that maps readings to wanted values.

    Both are `[n, n_in, n_out]`; `sigma` is the noise of a reading. Iteratively reweighted
    least squares with Huber's weights and a Gaussian prior of the gain, so that an edge that
    hardly varies keeps a gain near 1.
    """
    weights = np.ones_like(measured)
    for _ in range(ROUNDS):
        gain, offset = _line(measured, wanted, weights, sigma)
        residual = np.abs(wanted - gain * measured - offset)
        scale = np.maximum(1.4826 * np.median(residual, axis=0), sigma)
        weights = np.minimum(1.0, HUBER * scale / np.maximum(residual, 1e-12))
    return gain, offset


def _line(y: Floats, t: Floats, weights: Floats, sigma: float) -> Trim:
    total = weights.sum(axis=0)
    y_mean, t_mean = (weights * y).sum(axis=0) / total, (weights * t).sum(axis=0) / total
    prior = (sigma / GAIN_SIGMA) ** 2
    spread = (weights * (y - y_mean) ** 2).sum(axis=0) + prior
    gain = ((weights * (y - y_mean) * (t - t_mean)).sum(axis=0) + prior) / spread
    gain = np.clip(gain, -MAX_GAIN, MAX_GAIN)
    return gain, t_mean - gain * y_mean


def refit_outputs(outputs: Floats, wanted: Floats, edges: Floats, sigma: Floats) -> Trim:
    """Return gain and offset `[n_before, n_out]` of the last layer, on top of its trims.

    Ridge regression of the errors of the outputs, `wanted - outputs` `[n, n_out]`, on the
    values of the last layer's edges, `[n, n_before, n_out]`, and a constant.
    The noise of an output is `sigma[n_out]`; gains have the same prior as those of edges.
    """
    _, sources, targets = edges.shape
    gain, offset = np.ones((sources, targets)), np.zeros((sources, targets))
    for target in range(targets):
        lack = wanted[:, target] - outputs[:, target]
        centred = edges[:, :, target] - edges[:, :, target].mean(axis=0)
        normal = centred.T @ centred + (sigma[target] / GAIN_SIGMA) ** 2 * np.eye(sources)
        change = np.linalg.solve(normal, centred.T @ (lack - lack.mean()))
        constant = lack.mean() - edges[:, :, target].mean(axis=0) @ change
        gain[:, target] += change
        offset[:, target] = constant / sources
    return gain, offset


def compose(first: Trim, second: Trim) -> Trim:
    """Return the composition of two trims, the first applied first."""
    gain = np.clip(first[0] * second[0], -MAX_GAIN, MAX_GAIN)
    return gain, first[1] * second[0] + second[1]
