"""Fixed-point numbers of the wire: inputs Q1.15, values Q15.16, trim gains Q2.13."""

from collections.abc import Iterable, Sequence

ONE_INPUT = 1 << 15
ONE_VALUE = 1 << 16
ONE_GAIN = 1 << 13
_LIMITS = {ONE_INPUT: (0, ONE_INPUT), ONE_VALUE: (-(1 << 31), (1 << 31) - 1)}
_LIMITS[ONE_GAIN] = (-(1 << 15), (1 << 15) - 1)


def to_fixed(values: Iterable[float], one: int) -> tuple[int, ...]:
    """Return numbers as multiples of `1/one`; raise `ValueError` for one out of range."""
    low, high = _LIMITS[one]
    fixed = []
    for value in values:
        scaled = value * one
        if not low - 0.5 <= scaled <= high + 0.5:
            raise ValueError(f'{value}: must be in {low / one:g} to {high / one:g}')
        fixed.append(min(max(round(scaled), low), high))
    return tuple(fixed)


def saturated(values: Iterable[float], one: int) -> tuple[int, ...]:
    """Return numbers as multiples of `1/one`, limited to the range."""
    low, high = _LIMITS[one]
    return tuple(round(min(max(value * one, low), high)) for value in values)


def to_floats(fixed: Sequence[int], one: int) -> list[float]:
    """Return multiples of `1/one` as numbers."""
    return [value / one for value in fixed]
