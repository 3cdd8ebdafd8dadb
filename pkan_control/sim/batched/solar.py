"""Strings of solar modules with a voltage that is set in steps, one or many at once, in NumPy.

Light and temperature of an episode are part of its state, and so are the time and the result of
the change of light.
"""

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.robots.solar_modules import HIGHEST_V, MODULES, best_points, currents_at, curves

# The state: voltage, current, last step, power; the best voltage and power at present; numbers of
# the next step and of the one at which the light changes; temperature of the cells in degC; light
# on each module in W/m2 before and after the change.
VOLTAGE, CURRENT, LAST, POWER, BEST_V, BEST_W, STEP, CHANGE, WARMTH = range(9)
BEFORE, AFTER = slice(9, 9 + MODULES), slice(9 + MODULES, 9 + 2 * MODULES)
STATE = 9 + 2 * MODULES


class BatchedSolar:
    """Strings `[n, 17]`, or one `[17]`."""

    def __init__(self) -> None:
        """Create a simulation, to be reset first."""
        self._state: Floats
        self._tables: Floats
        self._after: Floats
        self._one = False

    def reset(self, state: Floats, generator: np.random.Generator) -> Floats:
        """Set the states, and compute both curves of each episode."""
        self._one = state.ndim == 1
        self._state = np.array(np.atleast_2d(state))
        warmth = self._state[:, WARMTH]
        self._tables = curves(self._state[:, BEFORE], warmth)
        self._after = curves(self._state[:, AFTER], warmth)
        return self._measured()

    def restart(self, rows: NDArray[np.bool_], state: Floats, generators: object) -> Floats:
        """Put the strings of the rows `[n]` into states `[n, 25]`; return the states of all."""
        warmth = state[rows, WARMTH]
        self._state = np.where(rows[:, None], state, self._state)
        # Curves are cached, so that they must not be changed in place.
        self._tables, self._after = self._tables.copy(), self._after.copy()
        self._tables[rows] = curves(state[rows, BEFORE], warmth)
        self._after[rows] = curves(state[rows, AFTER], warmth)
        return self._measured()

    def step(self, command: Floats) -> Floats:
        """Step the voltages by `[n, 1]` in V, then change the light where it is due."""
        state = np.array(self._state)
        before = state[:, VOLTAGE]
        state[:, VOLTAGE] = np.clip(before + np.atleast_2d(command)[:, 0], 0, HIGHEST_V)
        state[:, LAST] = state[:, VOLTAGE] - before
        state[:, STEP] += 1
        changed = state[:, STEP] == state[:, CHANGE]
        self._tables = np.where(changed[:, None], self._after, self._tables)
        self._state = state
        return self._measured()

    def _measured(self) -> Floats:
        state = self._state
        state[:, CURRENT] = currents_at(self._tables, state[:, VOLTAGE])
        state[:, POWER] = state[:, VOLTAGE] * state[:, CURRENT]
        state[:, BEST_V], state[:, BEST_W] = best_points(self._tables)
        return np.array(state[0] if self._one else state)

    def close(self) -> None:
        """Release nothing."""
