"""Candidates of a comparison: networks of devices and perceptrons of several sizes."""

import itertools
from dataclasses import dataclass

from pkan_control.common.errors import unknown
from pkan_control.devices.element import find_device
from pkan_control.networks.mlp import MLP, equal_shape, parameter_count
from pkan_control.networks.program import MAX_WIDTH

# Perceptrons equal the networks of this device in the number of parameters.
REFERENCE = 'bandpass'
DEVICES = ('bandpass', 'memdiode')
ONE, TWO, NODES = 'MLP, 1 hidden', 'MLP, 2 hidden', 'MLP, equal nodes'
PERCEPTRONS = (ONE, TWO, NODES)
KINDS = (*DEVICES, *PERCEPTRONS)


@dataclass(frozen=True)
class Candidate:
    """A network of the comparison: its kind, size, shape and number of elements on an edge.

    The size is the number of hidden nodes of a network of devices. A perceptron of that size has
    as many parameters as the band-pass network, or as many nodes.
    """

    kind: str
    size: int
    shape: tuple[int, ...]
    k: int

    @property
    def is_mlp(self) -> bool:
        """Whether it is a perceptron."""
        return self.kind in PERCEPTRONS

    @property
    def device(self) -> str:
        """The device of its elements, or `mlp`."""
        return MLP if self.is_mlp else self.kind

    @property
    def nodes(self) -> int:
        """Number of hidden nodes and outputs."""
        return sum(self.shape[1:])

    @property
    def edges(self) -> int:
        """Number of connections."""
        return sum(a * b for a, b in itertools.pairwise(self.shape))

    @property
    def parameters(self) -> int:
        """Number of trainable parameters."""
        if self.is_mlp:
            return parameter_count(self.shape)
        return self.edges * self.k * len(find_device(self.kind).parameters)


def candidate(kind: str, size: int, k: int, inputs: int, outputs: int) -> Candidate:
    """Return the candidate of a kind and a size; refuse an unknown kind."""
    if kind not in KINDS:
        raise unknown('kind of network', kind, KINDS)
    shape: tuple[int, ...] = (inputs, size, outputs)
    parameters = Candidate(REFERENCE, size, shape, k).parameters
    if kind == ONE:
        shape = (inputs, one_hidden(inputs, outputs, parameters), outputs)
    elif kind == TWO:
        shape = equal_shape(inputs, outputs, parameters)
    return Candidate(kind, size, shape, k)


def one_hidden(inputs: int, outputs: int, parameters: int) -> int:
    """Return the hidden nodes of a perceptron with just below a number of parameters."""
    return min(MAX_WIDTH, max(1, (parameters - outputs) // (inputs + outputs + 1)))
