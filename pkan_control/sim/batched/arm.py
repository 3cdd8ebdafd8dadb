"""Kinematic arms as array functions, for training."""

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.control.laws.law import HasArm

# Share of the episodes in training with commands that arrive one control period late.
LATE_SHARE = 0.3


class BatchedArm:
    """Arms `[..., 2 n]` without dynamics: joints move at the commanded velocity, within limits."""

    def __init__(self, law: HasArm, rate_hz: float, late: Array = False) -> None:
        """Create a simulation; `late` says which arms get their commands one period late."""
        self._law, self._rate_hz, self._late = law, rate_hz, late
        self._state: Array = None
        self._last: Array = None

    def reset(self, state: Array, generator: object = None) -> Array:
        """Set the states `[..., 2 n]` of all arms."""
        self._state = state
        self._last = 0 * state[..., : len(self._law.joint_names)]
        return state

    def restart(self, rows: NDArray[np.bool_], state: Floats, generators: object) -> Floats:
        """Put the arms of the rows `[k]` into states `[k, 2 n]`; return the states of all."""
        self._state = np.where(rows[:, None], state, self._state)
        self._last = np.where(rows[:, None], 0.0, self._last)
        return np.array(self._state)

    def step(self, command: Array) -> Array:
        """Apply velocities `[..., n]` for one control period; return the states."""
        xp = namespace(command)
        arm, count = self._law.arm, len(self._law.joint_names)
        moved = command + (self._last - command) * self._late
        self._last = command
        q = self._state[..., :count] + moved / self._rate_hz
        low, high = (
            xp.asarray(np.pad(limit, (0, count - len(limit)), constant_values=at), dtype=q.dtype)
            for limit, at in ((arm.low, -np.inf), (arm.high, np.inf))
        )
        inside = xp.minimum(xp.maximum(q, low), high)
        speed = xp.where(inside == q, moved, xp.zeros_like(moved))
        self._state = xp.concat([inside, speed], axis=-1)
        return self._state

    def close(self) -> None:
        """Release nothing."""
