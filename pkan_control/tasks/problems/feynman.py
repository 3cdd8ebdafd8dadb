"""`feynman`: eight dimensionless formulas of physics, each of two variables.

Numbers are those of the AI Feynman set (S. Udrescu, M. Tegmark, Science Advances 6, 2020); each
formula is made dimensionless by ratios of its quantities.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pkan_control.common.arrays import Array, Floats
from pkan_control.common.seeding import stream
from pkan_control.tasks.problems.problem import Examples, Split, mean_square

TRAIN, VALIDATE, TEST = 2_000, 500, 2_000
Range = tuple[float, float]


@dataclass(frozen=True)
class Feynman:
    """One formula: its number, and its two variables with their ranges."""

    number: str
    inputs: tuple[str, str]
    ranges: tuple[Range, Range]
    formula: Callable[[Floats, Floats], Floats]

    outputs = ('value',)
    measure = 'rms error, standard deviations'

    @property
    def name(self) -> str:
        """Name on the command line, for example `feynman_I.12.11`."""
        return f'feynman_{self.number}'

    def data(self, seed: int) -> Split:
        """Draw the variables uniformly; values are standardised by those of the training set."""
        generator = stream(seed, self.name)
        low, high = np.array(self.ranges).T
        seen = [generator.uniform(-1, 1, (count, 2)) for count in (TRAIN, VALIDATE, TEST)]
        values = [self.formula(*(low + (high - low) * (s + 1) / 2).T)[:, None] for s in seen]
        mean, deviation = values[0].mean(), values[0].std()
        pairs = zip(seen, values, strict=True)
        return Split(*(Examples(s, (v - mean) / deviation) for s, v in pairs))

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return the mean square error."""
        return mean_square(outputs - targets)

    def score(self, outputs: Floats, targets: Floats) -> float:
        """Return the root of the mean square error, in standard deviations of the value."""
        return float(np.sqrt(np.mean((outputs - targets) ** 2)))


PI = np.pi
gaussian = Feynman(
    'I.6.20',
    ('theta', 'sigma'),
    ((-3, 3), (0.5, 2)),
    lambda t, s: np.exp(-((t / s) ** 2) / 2) / np.sqrt(2 * PI * s**2),
)
lorentz_force = Feynman(
    'I.12.11', ('a', 'theta'), ((0, 2), (-PI, PI)), lambda a, t: 1 + a * np.sin(t)
)
added_speeds = Feynman(
    'I.16.6', ('u', 'v'), ((-0.9, 0.9), (-0.9, 0.9)), lambda u, v: (u + v) / (1 + u * v)
)
centre_of_mass = Feynman(
    'I.18.4', ('m', 'r'), ((0, 3), (0, 3)), lambda m, r: (1 + m * r) / (1 + m)
)
refraction = Feynman(
    'I.26.2', ('n', 'theta'), ((0, 0.95), (-PI / 2, PI / 2)), lambda n, t: np.arcsin(n * np.sin(t))
)
lens = Feynman('I.27.6', ('n', 'd'), ((0, 3), (0, 3)), lambda n, d: 1 / (1 + n * d))
grating = Feynman(
    'I.30.3',
    ('n', 'theta'),
    ((1, 4), (0.3, PI)),
    lambda n, t: (np.sin(n * t / 2) / np.sin(t / 2)) ** 2,
)
interference = Feynman(
    'I.37.4',
    ('a', 'delta'),
    ((0, 2), (0, 2 * PI)),
    lambda a, d: 1 + a + 2 * np.sqrt(a) * np.cos(d),
)
