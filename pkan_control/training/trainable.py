"""Networks that torch can train: the same functions as at run time, on trainable parameters."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from pkan_control.chips.simulated import RAIL_V
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.devices.element import Device, DifferentiableDevice, find_device
from pkan_control.networks.mlp import MLP, Mlp
from pkan_control.networks.policy import Policy
from pkan_control.networks.program import (
    SQUASH_SCALE,
    Program,
    coefficients,
    compile_layer,
    node_inputs,
    plain_layer,
    propagate,
    squash,
)
from pkan_control.training import ideal_fast
from pkan_control.training.sparsity import (
    Sparsity,
    disconnected,
    edge_sizes,
    penalty,
    pruned_codes,
    survivors,
)

PolicyFunction = Callable[[Floats], Floats]
# Progress callback: the share of the work that is done.
Report = Callable[[float], None]


@dataclass(frozen=True)
class ChipNoise:
    """Deviations of the chips on which a network is trained, so that it survives real ones.

    They are those of `devices/deviations.py`, drawn anew for each chip of each step.

    Args:
        edge_gain: relative error of an edge's gain (sigma)
        offset: offset of an edge in gain units (sigma)
        node_noise: noise of a node as a share of the rails (sigma)
        dead: probability of an element being dead
        edge_gain_mean: mean relative error of the gains
    """

    edge_gain: float = 0.05
    offset: float = 0.02
    node_noise: float = 0.02
    dead: float = 4e-3
    edge_gain_mean: float = 0.0

    def __post_init__(self) -> None:
        """Refuse magnitudes out of range."""
        for name, value in asdict(self).items():
            low = -1 if name == 'edge_gain_mean' else 0
            if not low <= value <= 1:
                raise UserError(f'noise in training: {name}={value}: must be in {low}..1')

    def to_json(self) -> dict[str, float]:
        """Return the magnitudes that are not 0."""
        return {name: value for name, value in asdict(self).items() if value}


class Trainable(Protocol):
    """A network under training; its inputs are normalised observations."""

    quantised: bool
    # Edges `[n_in, n_out]` of each layer that were not pruned; empty if none were.
    kept: list[Tensor]

    def parameters(self) -> Iterator[nn.Parameter]:
        """Return the tensors that an optimiser changes."""

    def exposed(self, observation: Tensor, generator: torch.Generator) -> Tensor:
        """Return the outputs of sampled chips for observations `[chips, batch, n_in]`."""

    def undisturbed(self, observation: Tensor) -> Tensor:
        """Return the outputs of an ideal chip for observations `[batch, n_in]`."""

    def cost(self, sparsity: Sparsity) -> Tensor:
        """Return the penalty on its edges."""

    def prune(self, threshold: float) -> None:
        """Remove edges whose size is below a threshold, and nodes without edges."""

    def diagnosis(self) -> str:
        """Return why its loss may not be finite."""

    def policy(self, generator: torch.Generator, chips: int) -> PolicyFunction:
        """Return a NumPy function of observations `[episodes, n_in]`, on so many sampled chips."""

    def export(self) -> Policy:
        """Return the network to run."""


class TrainableNetwork(nn.Module):
    """A network of a device; its parameters are unbounded, and become settings on export."""

    # Attributes that a stack of networks holds for all its members.
    stacked_lists = ('layers',)

    def __init__(
        self, device: str, shape: tuple[int, ...], k: int, noise: ChipNoise, seed: int
    ) -> None:
        """Draw a network of a shape, with `k` elements on each edge."""
        super().__init__()
        self.device: Device = find_device(device)
        self.noise = noise
        self.quantised = False
        self.kept: list[Tensor] = []
        generator = np.random.default_rng(seed)
        draws = [
            self.device.initial(generator, (inputs, outputs, k)) / math.sqrt(inputs / 4)
            for inputs, outputs in itertools.pairwise(shape)
        ]
        self.layers = nn.ParameterList([torch.tensor(d, dtype=torch.float32) for d in draws])

    def physical(self) -> list[Tensor]:
        """Return the elements' parameters, realisable where `quantised` (straight through)."""
        kept: list[Tensor] | list[None] = self.kept or [None] * len(self.layers)
        return [self.settings(*each) for each in zip(self.layers, kept, strict=True)]

    def settings(self, trainable: Tensor, kept: Tensor | None = None) -> Tensor:
        """Return the parameters of elements `[..., P]`, of those that are kept where some are not.

        They are realisable where `quantised`.
        """
        bounded: Tensor = self.device.bounded(trainable)
        if kept is not None:
            bounded = disconnected(self.device, bounded, ~kept)
        return self._realised(bounded) if self.quantised else bounded

    def _realised(self, physical: Tensor) -> Tensor:
        device, exact = self.device, physical.detach()
        if isinstance(device, DifferentiableDevice):
            realised = device.realised(exact)
        else:
            realised = device.decode(device.encode(exact))
        straight_through: Tensor = physical + (realised.to(physical.dtype) - physical).detach()
        return straight_through

    def exposed(self, observation: Tensor, generator: torch.Generator) -> Tensor:
        """Return the outputs of sampled chips for observations `[chips, batch, n_in]`."""
        layers, offsets = self._sampled_layers(generator, len(observation))
        half = observation.shape[1] // 2

        def node(value: Tensor, layer: int) -> Tensor:
            # Both halves of a chip's batch see the same noise, so that the difference between the
            # states of a pair comes from the network and not from the noise.
            shape = (value.shape[0], half, value.shape[2])
            draw = torch.randn(shape, generator=generator) * (self.noise.node_noise * RAIL_V)
            return limited(value + offsets[layer] + torch.cat([draw, draw], dim=1))

        x = squash(observation, SQUASH_SCALE)
        outputs: Tensor = propagate(x, layers, self.device.nodes, node=node)
        return outputs

    def evaluate_stacked(self, inputs: Tensor) -> Tensor:
        """Return the outputs of all members of a stack on ideal chips, `[members, batch, n]`."""
        shapes = [layer.shape for layer in self.layers]
        flat = torch.cat([layer.flatten(1, 3) for layer in self.layers], dim=1)
        layers = ideal_fast.coefficients(self.device, self.settings(flat), shapes)
        return ideal_fast.evaluate(layers, inputs)

    def _sampled_layers(
        self, generator: torch.Generator, chips: int
    ) -> tuple[list[Tensor], list[Tensor]]:
        noise, layers, offsets = self.noise, [], []
        for physical in self.physical():
            size = (chips, *physical.shape[:3])
            error = noise.edge_gain * torch.randn((*size[:3], 1), generator=generator)
            gain = 1 + noise.edge_gain_mean + error
            alive = torch.rand(size, generator=generator) >= noise.dead
            elements = self.device.response(node_inputs(self.device, physical), physical)
            edges = torch.einsum('nijk,cijk->cnij', elements, gain * alive)
            layers.append(coefficients(edges))
            spread = noise.offset * math.sqrt(size[1])
            offsets.append(spread * torch.randn((chips, 1, size[2]), generator=generator))
        return layers, offsets

    def policy(self, generator: torch.Generator, chips: int) -> PolicyFunction:
        """Return the network on sampled chips, the episodes divided among them."""
        with torch.no_grad():
            sampled = self._sampled_layers(generator, chips)
        layers, offsets = ([tensor.double().numpy() for tensor in part] for part in sampled)
        seed = int(torch.randint(2**31, (1,), generator=generator))
        numbers, sigma = np.random.default_rng(seed), self.noise.node_noise * RAIL_V

        def node(value: Floats, layer: int) -> Floats:
            noisy = value + offsets[layer] + sigma * numbers.standard_normal(value.shape)
            inside: Floats = np.clip(noisy, -RAIL_V, RAIL_V)
            return inside

        def outputs(observation: Floats) -> Floats:
            x = squash(observation, SQUASH_SCALE).reshape(chips, -1, observation.shape[-1])
            # The result of a seed does not depend on whether there is a compiler.
            y: Floats = propagate(x, layers, self.device.nodes, node=node, layer=plain_layer)
            return y.reshape(len(observation), -1)

        return outputs

    def undisturbed(self, observation: Tensor) -> Tensor:
        """Return the outputs of an ideal chip for observations `[batch, n_in]`."""
        layers = [compile_layer(self.device, physical) for physical in self.physical()]
        outputs: Tensor = propagate(
            squash(observation, SQUASH_SCALE), layers, self.device.nodes, node=rails
        )
        return outputs

    def cost(self, sparsity: Sparsity) -> Tensor:
        """Return the penalty on its edges."""
        return penalty([edge_sizes(self.device, each) for each in self.physical()], sparsity)

    def prune(self, threshold: float) -> None:
        """Remove edges whose size is below a threshold, and nodes without edges."""
        with torch.no_grad():
            sizes = [edge_sizes(self.device, each) for each in self.physical()]
        self.kept = survivors(sizes, threshold)

    def diagnosis(self) -> str:
        """Return why its loss may not be finite."""
        with torch.no_grad():
            for number, physical in enumerate(self.physical()):
                values = self.device.response(node_inputs(self.device, physical), physical)
                wrong = int((~torch.isfinite(values)).any(dim=0).sum())
                if wrong:
                    return (
                        f'device {self.device.name}: the response of {wrong} elements of layer '
                        f'{number} is not finite: run check_device on it'
                    )
        return 'the loss is not finite: try a smaller learning rate'

    def export(self) -> Program:
        """Return the realisable settings, without pruned nodes."""
        with torch.no_grad():
            codes = [
                self.device.encode(self.device.bounded(p).double()).numpy() for p in self.layers
            ]
        if self.kept:
            codes = pruned_codes(self.device, codes, [kept.numpy() for kept in self.kept])
        return Program(self.device.name, tuple(codes))


class TrainableMlp(nn.Module):
    """The MLP that networks are compared with: digital, hence without deviations."""

    quantised = False
    # Attributes that a stack of networks holds for all its members.
    stacked_lists = ('weights', 'biases')

    def __init__(self, shape: tuple[int, ...], seed: int) -> None:
        """Draw weights uniformly within `1 / sqrt(n_in)`."""
        super().__init__()
        self.kept: list[Tensor] = []
        generator = np.random.default_rng(seed)
        weights, biases = [], []
        for inputs, outputs in itertools.pairwise(shape):
            bound = 1 / math.sqrt(inputs)
            draw = generator.uniform(-bound, bound, (inputs + 1, outputs))
            weights.append(torch.tensor(draw[:-1], dtype=torch.float32))
            biases.append(torch.tensor(draw[-1], dtype=torch.float32))
        self.weights, self.biases = nn.ParameterList(weights), nn.ParameterList(biases)

    def exposed(self, observation: Tensor, generator: torch.Generator) -> Tensor:
        """Return the outputs, undisturbed."""
        value = observation
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            value = torch.tanh(value @ weight + bias)
        outputs: Tensor = value @ self.weights[-1] + self.biases[-1]
        return outputs

    def undisturbed(self, observation: Tensor) -> Tensor:
        """Return the outputs."""
        return self.exposed(observation, torch.Generator())

    def cost(self, sparsity: Sparsity) -> Tensor:
        """Refuse: it has no edges."""
        raise UserError('an MLP has no edges: train it without a penalty on them')

    def prune(self, threshold: float) -> None:
        """Refuse: it has no edges."""
        raise UserError('an MLP has no edges that could be pruned')

    def diagnosis(self) -> str:
        """Return why its loss may not be finite."""
        return 'the loss is not finite: try a smaller learning rate'

    def policy(self, generator: torch.Generator, chips: int) -> PolicyFunction:
        """Return the MLP as it is."""
        return self.export().evaluate

    def evaluate_stacked(self, inputs: Tensor) -> Tensor:
        """Return the outputs of all members of a stack, `[members, batch, n]` to the same."""
        value = inputs
        *hidden, last = zip(self.weights, self.biases, strict=True)
        for weight, bias in hidden:
            value = torch.tanh(torch.baddbmm(bias[:, None], value, weight))
        return torch.baddbmm(last[1][:, None], value, last[0])

    def export(self) -> Mlp:
        """Return weights and biases in double precision."""
        parts = (self.weights, self.biases)
        weights, biases = (tuple(p.detach().double().numpy() for p in part) for part in parts)
        return Mlp(weights, biases)


def make_ideal(
    device: str, shape: tuple[int, ...], k: int, seed: int
) -> TrainableNetwork | TrainableMlp:
    """Return an untrained network on ideal chips; the device may be `mlp`."""
    if device == MLP:
        return TrainableMlp(shape, seed)
    return TrainableNetwork(device, shape, k, ChipNoise(0.0, 0.0, 0.0, 0.0), seed)


def limited(value: Tensor) -> Tensor:
    """Limit node values to the rails."""
    return torch.clamp(value, -RAIL_V, RAIL_V)


def rails(value: Tensor, layer: int) -> Tensor:
    """Limit node values to the rails, on every layer."""
    return limited(value)
