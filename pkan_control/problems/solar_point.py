"""`solar_point`: the voltage of most power, from the currents at two voltages.

It is what the network of `solar_mppt` has to know; the loss is the power that is lost.
"""

from dataclasses import dataclass, field

import numpy as np

from pkan_control.arrays import Array, Floats, namespace
from pkan_control.controller.laws.solar import SolarLaw
from pkan_control.problems.problem import Examples, Split
from pkan_control.streams import stream

TRAIN, VALIDATE, TEST = 3_000, 500, 1_000
LIGHT, WARMTH_C = (400.0, 1000.0), (0.0, 60.0)


@dataclass(frozen=True)
class SolarPoint:
    """Choose a voltage for a string of modules; a target is the share of power at 0 to 200 V."""

    law: SolarLaw = field(default_factory=SolarLaw)

    name = 'solar_point'
    inputs = ('current_low', 'current_high')
    outputs = ('voltage',)
    measure = 'share of the power that is lost'

    def data(self, seed: int) -> Split:
        """Draw light and temperature as the task does."""
        generator = stream(seed, self.name)
        return Split(*(self._examples(generator, count) for count in (TRAIN, VALIDATE, TEST)))

    def _examples(self, generator: np.random.Generator, count: int) -> Examples:
        from pkan_control.photovoltaics import VOLTAGE_GRID, currents_at, curves

        light = generator.uniform(*LIGHT, (count, 4))
        table = curves(light, generator.uniform(*WARMTH_C, count))
        probes = (self.law.low_v, self.law.high_v)
        seen = np.stack([currents_at(table, np.full(count, v)) for v in probes], axis=-1)
        power = table * VOLTAGE_GRID
        shares = power / power.max(axis=1, keepdims=True)
        return Examples(self.law.observation.normalise(seen), shares)

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return the mean share of the power that is lost, and what leads back into the range."""
        xp = namespace(outputs)
        outside = xp.maximum(abs(outputs) - 1.5, 0 * outputs)
        return xp.mean(1 - self._share(outputs, targets)) + xp.mean(outside * outside)

    def score(self, outputs: Floats, targets: Floats) -> float:
        """Return the mean share of the power that is lost."""
        return float(1 - np.mean(self._share(outputs, targets)))

    def _share(self, outputs: Array, targets: Array) -> Array:
        """Return the shares `[..., 1]` at the network's voltages, between those of the grid."""
        xp = namespace(outputs)
        points = targets.shape[-1] - 1
        voltage = self.law.output.denormalise(outputs)
        place = xp.clip(voltage * (points / 200.0), 0.0, points - 1e-3)
        low = xp.astype(xp.floor(place), xp.int64)
        left = xp.take_along_axis(targets, low, axis=-1)
        right = xp.take_along_axis(targets, low + 1, axis=-1)
        return left + (right - left) * (place - xp.astype(low, place.dtype))


solar_point = SolarPoint()
