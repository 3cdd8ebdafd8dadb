"""Inputs at equal distances, as boards sweep them."""

import numpy as np

from pkan_control.arrays import Floats
from pkan_control.bridge.fixed import ONE_INPUT

MOST_READINGS = 1000


def even_parts(x: Floats) -> list[Floats]:
    """Return inputs as parts of equal distances: all in one or a few, or one by one."""
    parts = np.array_split(x, max(1, -(-len(x) // MOST_READINGS)))
    if all(np.allclose(p, np.linspace(p[0], p[-1], len(p)), 0, 0.5 / ONE_INPUT) for p in parts):
        return list(parts)
    return list(x.reshape(-1, 1))
