"""Independent random streams by seed and purpose."""

from zlib import crc32

import numpy as np


def stream(seed: int, purpose: str, *numbers: int) -> np.random.Generator:
    """Return the generator of a seed for a purpose and numbers, such as an episode.

    Streams of different purposes or numbers are independent of each other.
    """
    key = (crc32(purpose.encode()), *numbers)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
