"""Symmetry averaging: the mean of a network's outputs for a robot and for its mirror image.

What steers a car back from the left of its path steers it back from the right, mirrored. What a
chip adds to both outputs, its offsets above all, cancels in their mean, and the power of its noise
is halved. This needs no measurement of the chip: it is not a calibration.
"""

from collections.abc import Callable

import numpy as np

from pkan_control.common.arrays import Array, constant
from pkan_control.control.laws.law import Law, Symmetric, Symmetry

# From a normalised observation `[..., n_in]`, and further arguments of an evaluator (the time),
# to normalised outputs `[..., n_out]`.
Network = Callable[..., Array]


def symmetry_of(law: Law) -> Symmetry | None:
    """Return the symmetry that a law averages over, None where it evaluates its network once."""
    return law.symmetry if isinstance(law, Symmetric) else None


def evaluations(law: Law) -> int:
    """Return the number of evaluations of the network in each control period."""
    return 1 if symmetry_of(law) is None else 2


def symmetrised(law: Law, network: Network) -> Network:
    """Return the network averaged over the law's symmetry; the network itself without one."""
    symmetry = symmetry_of(law)
    if symmetry is None:
        return network
    on_inputs, on_outputs = np.array(symmetry.observation), np.array(symmetry.output)

    def averaged(observation: Array, *arguments: float) -> Array:
        plain = network(observation, *arguments)
        mirrored = network(observation * constant(on_inputs, observation), *arguments)
        return (plain + mirrored * constant(on_outputs, plain)) / 2

    return averaged
