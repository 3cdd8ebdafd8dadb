"""Named numbers with unit, frame, scale, offset and clip."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pkan_control.common.arrays import Array, constant, namespace
from pkan_control.common.errors import UserError


@dataclass(frozen=True)
class Signal:
    """One observation, output or command term.

    The normalised value is `(value - offset) / scale`, limited to +-clip; `value`, `scale` and
    `offset` are in `unit`.
    """

    name: str
    unit: str
    frame: str
    scale: float = 1.0
    offset: float = 0.0
    clip: float = 3.0


class Terms:
    """An ordered list of signals, applied to the last axis of arrays."""

    def __init__(self, signals: Sequence[Signal]) -> None:
        """Take the signals, in order."""
        self.signals = tuple(signals)
        self._scale = np.array([s.scale for s in signals])
        self._offset = np.array([s.offset for s in signals])
        self._high = np.array([s.clip for s in signals])
        self._low = -self._high

    def __len__(self) -> int:
        return len(self.signals)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the terms, in order."""
        return tuple(signal.name for signal in self.signals)

    def normalise(self, values: Array) -> Array:
        """Return the normalised values of values `[..., n]` in their units."""
        scale, offset, low, high = self._like(values)
        xp = namespace(values)
        return xp.minimum(xp.maximum((values - offset) / scale, low), high)

    def denormalise(self, outputs: Array) -> Array:
        """Return the values in their units of normalised values `[..., n]`."""
        scale, offset, low, high = self._like(outputs)
        xp = namespace(outputs)
        return xp.minimum(xp.maximum(outputs, low), high) * scale + offset

    def _like(self, values: Array) -> tuple[Array, Array, Array, Array]:
        """Return scales, offsets, lowest and highest values, as arrays of the same library."""
        if values.shape[-1] != len(self):
            raise ValueError(f'{values.shape[-1]} values for the {len(self)} terms {self.names}')
        scale, offset, low, high = self._scale, self._offset, self._low, self._high
        if isinstance(values, np.ndarray):
            return scale, offset, low, high
        return (
            constant(scale, values),
            constant(offset, values),
            constant(low, values),
            constant(high, values),
        )


def signals_to_json(signals: Sequence[Signal]) -> list[dict[str, Any]]:
    """Return the signals as JSON objects."""
    return [asdict(signal) for signal in signals]


def signals_from_json(values: Any, what: str) -> tuple[Signal, ...]:
    """Return the signals of JSON objects; raise a `UserError` for anything else."""
    try:
        signals = tuple(Signal(**value) for value in values)
        rows = [(s.scale, s.offset, s.clip) for s in signals]
        numbers = np.array(rows, dtype=np.float64).reshape(-1, 3)
    except (TypeError, ValueError, OverflowError):
        raise UserError(
            f'{what} terms: each needs name, unit, frame, scale, offset, clip'
        ) from None
    if not (np.isfinite(numbers).all() and (numbers[:, [0, 2]] > 0).all()):
        raise UserError(f'{what} terms: scale and clip must be positive, all numbers finite')
    return signals
