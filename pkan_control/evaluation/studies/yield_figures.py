"""Figures of a yield study: the yield with its interval, sensitivities, and a specification."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pkan_control.evaluation.studies.yield_study import NOMINAL

CONFIDENCE = 0.95
Line = Mapping[str, Any]


def yield_figures(lines: Sequence[Line], criterion: float, target: float) -> dict[str, Any]:
    """Return the figures of a study's lines.

    A chip passes whose share of successful episodes is at least the criterion; the specification
    is how large each deviation may be for the target share of chips to pass.
    """
    nominal = [line for line in lines if line['variant'] == NOMINAL]
    curves = sensitivity(lines, criterion)
    return {
        'yield': share(nominal, criterion) | {'criterion': criterion},
        'success_rates': [rate(line) for line in nominal],
        'figures': {name: spread(nominal, name) for name in nominal[0]['figures']},
        'sensitivity': curves,
        'specification': [specification(curve, target) for curve in curves],
        'target': target,
    }


def rate(line: Line) -> float:
    """Return the share of a chip's episodes that succeeded."""
    return float(np.mean(line['success']))


def share(lines: Sequence[Line], criterion: float) -> dict[str, Any]:
    """Return how many chips pass, their share, and its interval of Clopper and Pearson."""
    passed = sum(rate(line) >= criterion for line in lines)
    low, high = interval(passed, len(lines))
    return {'passed': passed, 'rate': passed / len(lines), 'low': low, 'high': high}


def interval(passed: int, total: int) -> tuple[float, float]:
    """Return the exact interval of a share (Clopper and Pearson, Biometrika 1934)."""
    from scipy.stats import beta

    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if passed == 0 else float(beta.ppf(tail, passed, total - passed + 1))
    high = 1.0 if passed == total else float(beta.ppf(1 - tail, passed + 1, total - passed))
    return low, high


def spread(lines: Sequence[Line], name: str) -> dict[str, float | None]:
    """Return median and 95 % quantile of a figure over all episodes of all chips."""
    values = [v for line in lines for v in line['figures'][name]]
    ordered = np.array([math.inf if value is None else value for value in values])
    quantiles = {'median': 0.5, 'p95': 0.95}
    found = {
        key: float(np.quantile(ordered, part, method='inverted_cdf'))
        for key, part in quantiles.items()
    }
    return {key: value if math.isfinite(value) else None for key, value in found.items()}


def sensitivity(lines: Sequence[Line], criterion: float) -> list[dict[str, Any]]:
    """Return for each deviation that was varied the yield against its magnitude."""
    by_variant: dict[str, list[Line]] = {}
    for line in lines:
        by_variant.setdefault(line['variant'], []).append(line)
    by_variant.pop(NOMINAL)
    curves: dict[str, list[tuple[float, dict[str, Any]]]] = {}
    for variant, those in by_variant.items():
        name, _, value = variant.partition('=')
        curves.setdefault(name, []).append((float(value), share(those, criterion)))
    return [_curve(name, sorted(points, key=lambda p: p[0])) for name, points in curves.items()]


def _curve(name: str, points: list[tuple[float, dict[str, Any]]]) -> dict[str, Any]:
    return {
        'deviation': name,
        'values': [value for value, _ in points],
        'yield': [found['rate'] for _, found in points],
        'low': [found['low'] for _, found in points],
        'high': [found['high'] for _, found in points],
    }


def specification(curve: Mapping[str, Any], target: float) -> dict[str, Any]:
    """Return the largest magnitude that meets the target, interpolated between measurements.

    None where no magnitude meets it. `beyond` is true where even the largest one does.
    """
    values, rates = curve['values'], curve['yield']
    good = 0
    while good < len(rates) and rates[good] >= target:
        good += 1
    found = {'deviation': curve['deviation'], 'beyond': good == len(rates)}
    if good == 0:
        return {**found, 'limit': None}
    if good == len(rates):
        return {**found, 'limit': values[-1]}
    low, high = values[good - 1], values[good]
    part = (rates[good - 1] - target) / (rates[good - 1] - rates[good])
    return {**found, 'limit': low + part * (high - low)}
