"""Random streams by seed and purpose: two purposes never share one."""

from zlib import crc32

import numpy as np


def stream(seed: int, purpose: str, *numbers: int) -> np.random.Generator:
    """Return the random generator of a seed for a purpose, and for numbers such as an episode."""
    key = (crc32(purpose.encode()), *numbers)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
