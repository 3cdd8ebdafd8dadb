"""What is compared: networks of devices and perceptrons, each at a size."""

import itertools
from dataclasses import dataclass

from pkan_control.common.errors import unknown
from pkan_control.devices.element import find_device
from pkan_control.networks.mlp import MLP, equal_shape, parameter_count
from pkan_control.networks.program import MAX_WIDTH

# The device whose networks the perceptrons are given as many parameters as.
REFERENCE = 'bandpass'
DEVICES = ('bandpass', 'memdiode')
ONE, TWO, NODES = 'MLP, 1 hidden', 'MLP, 2 hidden', 'MLP, equal nodes'
PERCEPTRONS = (ONE, TWO, NODES)
CONTENDERS = (*DEVICES, *PERCEPTRONS)


@dataclass(frozen=True)
class Contender:
    """One network of the comparison: its kind, and what it is measured by.

    A size is the hidden nodes of a network of devices; a perceptron of that size has as many
    parameters as the band-pass network has, or as many nodes.
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
        """Hidden nodes and outputs."""
        return sum(self.shape[1:])

    @property
    def edges(self) -> int:
        """Connections."""
        return sum(a * b for a, b in itertools.pairwise(self.shape))

    @property
    def parameters(self) -> int:
        """Trainable numbers."""
        if self.is_mlp:
            return parameter_count(self.shape)
        return self.edges * self.k * len(find_device(self.kind).parameters)


def contender(kind: str, size: int, k: int, inputs: int, outputs: int) -> Contender:
    """Return a contender of a size; refuse a kind that is none."""
    if kind not in CONTENDERS:
        raise unknown('contender', kind, CONTENDERS)
    shape: tuple[int, ...] = (inputs, size, outputs)
    parameters = Contender(REFERENCE, size, shape, k).parameters
    if kind == ONE:
        shape = (inputs, one_hidden(inputs, outputs, parameters), outputs)
    elif kind == TWO:
        shape = equal_shape(inputs, outputs, parameters)
    return Contender(kind, size, shape, k)


def one_hidden(inputs: int, outputs: int, parameters: int) -> int:
    """Return how many hidden nodes give just below a number of parameters, within what is held."""
    return min(MAX_WIDTH, max(1, (parameters - outputs) // (inputs + outputs + 1)))
