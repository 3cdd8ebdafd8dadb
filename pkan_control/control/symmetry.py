"""A network that is asked twice, for the robot as it is and for its mirror image.

What steers a car back from the left of its path steers it back from the right, mirrored. What a
chip adds to both answers, its offsets above all, falls out of their mean, and noise is halved in
power. Nothing is measured for that: it is no calibration, and knows nothing of the chip.
"""

from collections.abc import Callable

import numpy as np

from pkan_control.common.arrays import Array, constant
from pkan_control.control.laws.law import Law, Mirror, Mirrored

# From a normalised observation `[..., n_in]`, and what else is told to an evaluator (the time,
# say), to normalised outputs `[..., n_out]`.
Network = Callable[..., Array]


def mirror_of(law: Law) -> Mirror | None:
    """Return the mirror of a law, None where it has none."""
    return law.mirror if isinstance(law, Mirrored) else None


def evaluations(law: Law) -> int:
    """Return how often a network is asked in each control period."""
    return 1 if mirror_of(law) is None else 2


def asked_by(law: Law, network: Network) -> Network:
    """Return what asks a network as its law wants it: once, or twice for the mean of both."""
    mirror = mirror_of(law)
    if mirror is None:
        return network
    seen, said = np.array(mirror.seen), np.array(mirror.said)

    def both(observation: Array, *told: float) -> Array:
        plain = network(observation, *told)
        turned = network(observation * constant(seen, observation), *told)
        return (plain + turned * constant(said, plain)) / 2

    return both
