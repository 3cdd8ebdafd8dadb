"""A pole on a cart as array functions.

A. Barto, R. Sutton, C. Anderson, "Neuronlike adaptive elements that can solve difficult learning
control problems", IEEE SMC 13, 1983, without friction; semi-implicit Euler.
"""

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.robots.quadrotor import GRAVITY

# Masses in kg, half of the pole's length in m, one step of the physics in s.
CART_KG, POLE_KG, HALF_M = 1.0, 0.1, 0.5
STEP_S = 0.02


class BatchedCartpole:
    """Poles `[..., 4]`: cart in m and m/s, pole in rad from upright and rad/s."""

    def __init__(self, rate_hz: float) -> None:
        """Create a simulation with a control rate in Hz."""
        self._substeps = round(1 / (STEP_S * rate_hz))
        self._state: Array = None

    def reset(self, state: Array, generator: np.random.Generator) -> Array:
        """Set all states `[..., 4]`."""
        self._state = state
        return state

    def restart(self, rows: NDArray[np.bool_], state: Floats, generators: object) -> Floats:
        """Put the poles of the rows `[n]` into states `[n, 4]`; return the states of all."""
        self._state = np.where(rows[:, None], state, self._state)
        return np.array(self._state)

    def step(self, command: Array) -> Array:
        """Apply forces `[..., 1]` in N for one control period; return the states."""
        for _ in range(self._substeps):
            self._state = advance(self._state, command)
        return self._state

    def close(self) -> None:
        """Release nothing."""


def advance(state: Array, force: Array) -> Array:
    """Return states `[..., 4]` after a step of 20 ms with forces `[..., 1]` in N."""
    xp = namespace(state)
    x, v, angle, rate = (state[..., i] for i in range(4))
    both = CART_KG + POLE_KG
    sin, cos = xp.sin(angle), xp.cos(angle)
    pushed = (force[..., 0] + POLE_KG * HALF_M * rate * rate * sin) / both
    turned = (GRAVITY * sin - cos * pushed) / (HALF_M * (4 / 3 - POLE_KG * cos * cos / both))
    moved = pushed - POLE_KG * HALF_M * turned * cos / both
    v, rate = v + STEP_S * moved, rate + STEP_S * turned
    return xp.stack([x + STEP_S * v, v, angle + STEP_S * rate, rate], axis=-1)
