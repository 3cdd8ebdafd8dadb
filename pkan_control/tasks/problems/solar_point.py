"""`solar_point`: the step to the maximum power point, from two points of a string's curve.

The problem of the network of `solar_mppt`; the loss is the lost power.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.common.seeding import stream
from pkan_control.control.laws.solar import STEP_V, SolarLaw, secant_observation
from pkan_control.tasks.problems.problem import Examples, Split

# Numbers of curves; each gives five examples.
TRAIN, VALIDATE, TEST = 3_000, 500, 1_000
LIGHT, WARMTH_C = (400.0, 1000.0), (0.0, 60.0)
# Standard deviations in V of a tracker from the best point after one, two and three steps.
AWAY_V = (6.0, 3.0, 1.5)
# Step in V of the grid of the curves, and the voltage steps whose power is known, on that grid.
GRID_V = 0.5
STEPS = np.arange(-round(STEP_V / GRID_V), round(STEP_V / GRID_V) + 1)


@dataclass(frozen=True)
class SolarPoint:
    """The step for a string; a target is the share of power after each step of -30 to 30 V."""

    law: SolarLaw = field(default_factory=SolarLaw)

    name = 'solar_point'
    inputs = ('voltage', 'current', 'rise', 'moved')
    outputs = ('step',)
    measure = 'share of the power that is lost'

    def data(self, seed: int) -> Split:
        """Draw light and temperature as the task does."""
        generator = stream(seed, self.name)
        return Split(*(self._examples(generator, count) for count in (TRAIN, VALIDATE, TEST)))

    def _examples(self, generator: np.random.Generator, count: int) -> Examples:
        """Return the observations of a tracker from the first voltage to the best."""
        from pkan_control.robots.solar_modules import VOLTAGE_GRID, curves

        table = curves(generator.uniform(*LIGHT, (count, 4)), generator.uniform(*WARMTH_C, count))
        power = table * VOLTAGE_GRID
        shares = power / power.max(axis=1, keepdims=True)
        rows = np.arange(count)
        best = VOLTAGE_GRID[shares.argmax(axis=1)]
        first = np.full(count, self.law.first_v)
        second = self.law.second(table[rows, _place(first)])
        third, fourth, fifth = (best + generator.normal(0, away, count) for away in AWAY_V)
        sources = (first, second, second, third, fourth)
        places = (second, first, third, fourth, fifth)
        parts = [_seen(table, shares, *way) for way in zip(sources, places, strict=True)]
        seen, targets = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Examples(self.law.observation.normalise(seen), targets)

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return the mean lost share of the power, and a penalty for steps out of range."""
        xp = namespace(outputs)
        outside = xp.maximum(abs(outputs) - 1.0, 0 * outputs)
        return xp.mean(1 - self._share(outputs, targets)) + xp.mean(outside * outside)

    def score(self, outputs: Floats, targets: Floats) -> float:
        """Return the mean lost share of the power."""
        return float(1 - np.mean(self._share(outputs, targets)))

    def _share(self, outputs: Array, targets: Array) -> Array:
        """Return the shares `[..., 1]` after the network's steps, interpolated on the grid."""
        xp = namespace(outputs)
        points = targets.shape[-1] - 1
        place = xp.clip((1 + outputs) * (points / 2), 0.0, points - 1e-3)
        low = xp.astype(xp.floor(place), xp.int64)
        left = xp.take_along_axis(targets, low, axis=-1)
        right = xp.take_along_axis(targets, low + 1, axis=-1)
        return left + (right - left) * (place - xp.astype(low, place.dtype))


def _seen(table: Floats, shares: Floats, source: Floats, here: Floats) -> tuple[Floats, Floats]:
    """Return the observations at voltages `[n]` after others, and the shares after each step."""
    rows = np.arange(len(table))
    at, before = _place(here), _place(source)
    points = (at * GRID_V, table[rows, at], before * GRID_V, table[rows, before])
    seen: Floats = secant_observation(*(values[:, None] for values in points))
    reached = np.clip(at[:, None] + STEPS, 0, table.shape[1] - 1)
    return seen, np.take_along_axis(shares, reached, axis=1)


def _place(voltage: Floats) -> NDArray[np.int64]:
    """Return the places of voltages on the grid of the curves."""
    places: NDArray[np.int64] = np.round(voltage / GRID_V).astype(np.int64)
    return places


solar_point = SolarPoint()
