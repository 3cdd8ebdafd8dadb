"""A multilayer perceptron in floating point, the reference for analogue networks."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Array, Floats, constant, namespace
from pkan_control.common.errors import UserError
from pkan_control.networks.program import MAX_LAYERS, MAX_WIDTH

MLP = 'mlp'


class DigitalWork(NamedTuple):
    """Operations of a processor for one evaluation of a network."""

    multiplications: int
    activations: int


@dataclass(frozen=True)
class Mlp:
    """Layers of weights `[n_in, n_out]` and biases `[n_out]` with tanh between them."""

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    def __post_init__(self) -> None:
        """Raise a `UserError` for shapes that do not fit, and for values that are not finite."""
        if not 1 <= len(self.weights) == len(self.biases) <= MAX_LAYERS:
            raise UserError(f'MLP of {len(self.weights)} layers: allowed are 1 to {MAX_LAYERS}')
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            if weight.ndim != 2 or bias.ndim != 1:
                raise UserError(f'MLP layer {index}: weights {weight.shape}, bias {bias.shape}')
            inputs = weight.shape[0] if index == 0 else self.weights[index - 1].shape[1]
            if weight.shape != (inputs, len(bias)) or max(weight.shape) > MAX_WIDTH:
                raise UserError(f'MLP layer {index}: weights {weight.shape}, bias {bias.shape}')
            if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
                raise UserError(f'MLP layer {index} holds a number that is not finite')

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]], layers: int) -> 'Mlp':
        """Return the MLP that a controller file holds."""
        weights = tuple(tensors[f'weight_{i}'] for i in range(layers))
        return cls(weights, tuple(tensors[f'bias_{i}'] for i in range(layers)))

    @property
    def device(self) -> str:
        """Kind of network: `mlp`."""
        return MLP

    @property
    def title(self) -> str:
        """Kind and size: `MLP 12-23-23-4`."""
        return f'MLP {"-".join(map(str, self.shape))}'

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of inputs, of nodes in each layer, and of outputs."""
        return (self.weights[0].shape[0], *(len(bias) for bias in self.biases))

    @property
    def elements(self) -> int:
        """Number of analogue elements: none."""
        return 0

    @property
    def parameters(self) -> int:
        """Number of trainable numbers."""
        return parameter_count(self.shape)

    @property
    def digital_work(self) -> DigitalWork:
        """One multiplication per weight and one activation per hidden node."""
        return DigitalWork(sum(w.size for w in self.weights), sum(self.shape[1:-1]))

    @property
    def chip_program(self) -> None:
        """None: it is digital."""

    def evaluate(self, observation: Floats, *, portable: bool = False) -> Floats:
        """Return the outputs `[..., n_out]` of normalised observations `[..., n_in]`."""
        value = observation
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            value = np.tanh(value @ weight + bias)
        return value @ self.weights[-1] + self.biases[-1]

    def evaluate_exactly(self, observation: Array) -> Array:
        """Return the outputs for arrays of any library."""
        xp, value = namespace(observation), observation
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            inputs = xp.tanh(value) if index else value
            value = inputs @ constant(weight, value) + constant(bias, value)
        return value

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return weights and biases by the names that the controller file has for them."""
        weights = {f'weight_{i}': np.ascontiguousarray(w) for i, w in enumerate(self.weights)}
        biases = {f'bias_{i}': np.ascontiguousarray(b) for i, b in enumerate(self.biases)}
        return {**weights, **biases}

    def metadata(self) -> dict[str, Any]:
        """Return no squash scale."""
        return {'squash_scale': None}

    def facts(self) -> dict[str, Any]:
        """Return no further facts."""
        return {}


def parameter_count(shape: tuple[int, ...]) -> int:
    """Return the number of weights and biases of an MLP of that shape."""
    return sum(a * b + b for a, b in itertools.pairwise(shape))


def equal_shape(inputs: int, outputs: int, parameters: int) -> tuple[int, int, int, int]:
    """Return the two-hidden-layer shape whose parameter count is just below a number."""
    a = inputs + outputs + 2
    hidden = int((math.sqrt(a * a + 4 * (parameters - outputs)) - a) / 2)
    return inputs, hidden, hidden, outputs
