"""`kinematics_forward`, `kinematics_inverse`: kinematics of a six-axis arm.

Joint angles are measured with an error, drawn uniformly within +-0.01, 0.05 or 0.1 rad. Training
and validation use measured angles; the test uses the true map, without that error.
"""

import math
from dataclasses import dataclass

import numpy as np

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.common.seeding import stream
from pkan_control.tasks.problems.problem import Examples, Split, mean_square

TRAIN, VALIDATE, TEST = 12_000, 3_000, 5_000
# Denavit-Hartenberg rows (a, d, alpha) in m and rad; theta is the joint's angle.
ROWS = (
    (0.0, 0.290, -math.pi / 2),
    (0.270, 0.0, 0.0),
    (0.070, 0.134, -math.pi / 2),
    (0.0, 0.168, math.pi / 2),
    (0.072, 0.0, -math.pi / 2),
    (0.0, 0.0, 0.0),
)
# Range of each joint in rad: its centre, and half of its width.
CENTRE = np.array([0.0, 0.0, 1.57, 0.0, 0.0, 3.14])
HALF = np.array([2.88, 1.92, 0.35, 2.79, 2.09, 3.14])
# Positions are normalised around the shoulder, in m.
SHOULDER, REACH_M = np.array([0.0, 0.0, 0.29]), 0.35


def forward(angles: Array) -> Array:
    """Return the position `[..., 3]` of the hand in m for joint angles `[..., 6]` in rad.

    A row transforms a point of its frame to `Rz(theta) (Rx(alpha) p + (a, 0, d))`.
    """
    xp = namespace(angles)
    x = y = z = 0 * angles[..., 0]
    for joint, (a, d, alpha) in reversed(list(enumerate(ROWS))):
        tilted = math.cos(alpha) * y - math.sin(alpha) * z
        z = math.sin(alpha) * y + math.cos(alpha) * z + d
        x = x + a
        cos, sin = xp.cos(angles[..., joint]), xp.sin(angles[..., joint])
        x, y = cos * x - sin * tilted, sin * x + cos * tilted
    return xp.stack([x, y, z], axis=-1)


def to_angles(normalised: Array) -> Array:
    """Return joint angles in rad for numbers in [-1, 1], `[..., 6]`."""
    xp = namespace(normalised)
    half, centre = (xp.asarray(v, dtype=normalised.dtype) for v in (HALF, CENTRE))
    return normalised * half + centre


def to_position(normalised: Array) -> Array:
    """Return the position `[..., 3]` in m for normalised numbers."""
    xp = namespace(normalised)
    return normalised * REACH_M + xp.asarray(SHOULDER, dtype=normalised.dtype)


@dataclass(frozen=True)
class Kinematics:
    """The forward kinematics, or the inverse with a loss by the known forward kinematics."""

    noise_rad: float
    inverse: bool = False

    measure = 'rms distance, mm'

    @property
    def name(self) -> str:
        """Direction and noise."""
        return f'kinematics_{"inverse" if self.inverse else "forward"}_{self.noise_rad:g}'

    @property
    def inputs(self) -> tuple[str, ...]:
        """Joint angles, or for the inverse the position."""
        return ('x', 'y', 'z') if self.inverse else tuple(f'q{i}' for i in range(1, 7))

    @property
    def outputs(self) -> tuple[str, ...]:
        """The position, or for the inverse the joint angles."""
        return tuple(f'q{i}' for i in range(1, 7)) if self.inverse else ('x', 'y', 'z')

    def data(self, seed: int) -> Split:
        """Draw joint angles uniformly, with errors of measurement but for the test."""
        generator = stream(seed, 'kinematics')
        return Split(
            self._examples(generator, TRAIN, self.noise_rad),
            self._examples(generator, VALIDATE, self.noise_rad),
            self._examples(generator, TEST, 0.0),
        )

    def _examples(self, generator: np.random.Generator, count: int, noise: float) -> Examples:
        """Return normalised inputs, and true positions `[count, 3]` in m."""
        true = generator.uniform(-1, 1, (count, len(HALF)))
        seen = true + generator.uniform(-noise, noise, true.shape) / HALF
        if self.inverse:
            seen = (forward(to_angles(seen)) - SHOULDER) / REACH_M
        return Examples(seen, forward(to_angles(true)))

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return the mean square of the distance, normalised."""
        return mean_square((self._reached(outputs) - targets) / REACH_M)

    def score(self, outputs: Floats, targets: Floats) -> float:
        """Return the root of the mean square of the distance in mm."""
        distance = np.linalg.norm(self._reached(outputs) - targets, axis=-1)
        return float(1e3 * np.sqrt(np.mean(distance**2)))

    def _reached(self, outputs: Array) -> Array:
        return forward(to_angles(outputs)) if self.inverse else to_position(outputs)


forward_0_01, forward_0_05, forward_0_1 = (Kinematics(noise) for noise in (0.01, 0.05, 0.1))
inverse_0_01, inverse_0_05, inverse_0_1 = (Kinematics(noise, True) for noise in (0.01, 0.05, 0.1))
