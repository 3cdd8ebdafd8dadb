"""`classification`: which of two spirals a point lies on: a boundary, not a smooth function."""

import math
from dataclasses import dataclass

import numpy as np

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.common.seeding import stream
from pkan_control.tasks.problems.problem import Examples, Split

TRAIN, VALIDATE, TEST = 4_000, 1_000, 4_000
# Turns of the arms around each other, and the standard deviation of points from them.
TURNS, SCATTER = 1.25, 0.04


@dataclass(frozen=True)
class TwoSpirals:
    """Classify points by the arm of a double spiral."""

    name = 'classification'
    inputs = ('x', 'y')
    outputs = ('logit',)
    measure = 'share of wrong answers'

    def data(self, seed: int) -> Split:
        """Draw points of both arms, uniform in area; targets are +-1."""
        generator = stream(seed, self.name)
        return Split(*(_points(generator, count) for count in (TRAIN, VALIDATE, TEST)))

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return the mean logistic loss."""
        xp = namespace(outputs)
        margin = 4 * outputs * targets
        return xp.mean(xp.log1p(xp.exp(-xp.abs(margin))) + (xp.abs(margin) - margin) / 2)

    def score(self, outputs: Floats, targets: Floats) -> float:
        """Return the share of points on the wrong side."""
        return float(np.mean(outputs * targets <= 0))


def _points(generator: np.random.Generator, count: int) -> Examples:
    side = np.where(generator.random(count) < 0.5, 1.0, -1.0)
    along = np.sqrt(generator.uniform(0.02, 1, count))
    angle = 2 * math.pi * TURNS * along
    points = (side * along)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    scattered = points + SCATTER * generator.standard_normal(points.shape)
    return Examples(scattered, side[:, None])


two_spirals = TwoSpirals()
