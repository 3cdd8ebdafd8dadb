"""Networks that torch can train: the same functions as at run time, on trainable parameters."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from pkan_control.arrays import Floats
from pkan_control.chips.simulated import RAIL_V
from pkan_control.controller.bundle import MLP
from pkan_control.devices.element import Device, find_device
from pkan_control.mlp import Mlp
from pkan_control.network import (
    SQUASH_SCALE,
    Program,
    coefficients,
    node_inputs,
    plain_layer,
    propagate,
    squash,
)

Policy = Callable[[Floats], Floats]


@dataclass(frozen=True)
class ChipNoise:
    """What a network is exposed to while it is trained, so that it survives real chips.

    Sigmas: edge gain (relative), offset of an edge (gain units), noise of a node (share of the
    rails); probability that an element is dead. Drawn anew for each chip of a batch.
    """

    edge_gain: float = 0.05
    offset: float = 0.02
    node_noise: float = 0.02
    dead: float = 4e-3


class Trainable(Protocol):
    """A network under training; its inputs are normalised observations."""

    quantised: bool

    def parameters(self) -> Iterator[nn.Parameter]:
        """Return the tensors that an optimiser changes."""

    def exposed(self, observation: Tensor, generator: torch.Generator) -> Tensor:
        """Return the outputs of flawed chips for observations `[chips, batch, n_in]`."""

    def policy(self, generator: torch.Generator, chips: int) -> Policy:
        """Return a NumPy function from `[flights, n_in]` to outputs, on that many flawed chips."""

    def export(self) -> Program | Mlp:
        """Return what runs."""


class TrainableNetwork(nn.Module):
    """A pKAN of some device; its parameters are unbounded and become settings on export."""

    def __init__(
        self, device: str, shape: tuple[int, ...], k: int, noise: ChipNoise, seed: int
    ) -> None:
        """Draw a network of that shape with `k` elements an edge."""
        super().__init__()
        self.device: Device = find_device(device)
        self.noise = noise
        self.quantised = False
        generator = np.random.default_rng(seed)
        draws = [
            self.device.initial(generator, (inputs, outputs, k)) / math.sqrt(inputs / 4)
            for inputs, outputs in itertools.pairwise(shape)
        ]
        self.layers = nn.ParameterList([torch.tensor(d, dtype=torch.float32) for d in draws])

    def physical(self) -> list[Tensor]:
        """Return the elements' parameters, realisable where `quantised` (straight through)."""
        bounded = [self.device.bounded(layer) for layer in self.layers]
        return [self._realised(b) for b in bounded] if self.quantised else bounded

    def _realised(self, physical: Tensor) -> Tensor:
        realised = self.device.decode(self.device.encode(physical.detach()))
        straight_through: Tensor = physical + (realised.to(physical.dtype) - physical).detach()
        return straight_through

    def exposed(self, observation: Tensor, generator: torch.Generator) -> Tensor:
        """Return the outputs of flawed chips for observations `[chips, batch, n_in]`."""
        layers, offsets = self._flawed_layers(generator, len(observation))
        half = observation.shape[1] // 2

        def node(value: Tensor, layer: int) -> Tensor:
            # Both halves of a chip's batch see the same noise, so that the difference between a
            # state and its mirror image is learnt from the network and not from the noise.
            shape = (value.shape[0], half, value.shape[2])
            draw = torch.randn(shape, generator=generator) * (self.noise.node_noise * RAIL_V)
            return limited(value + offsets[layer] + torch.cat([draw, draw], dim=1))

        x = squash(observation, SQUASH_SCALE)
        outputs: Tensor = propagate(x, layers, self.device.nodes, node=node)
        return outputs

    def _flawed_layers(
        self, generator: torch.Generator, chips: int
    ) -> tuple[list[Tensor], list[Tensor]]:
        noise, layers, offsets = self.noise, [], []
        for physical in self.physical():
            size = (chips, *physical.shape[:3])
            gain = 1 + noise.edge_gain * torch.randn((*size[:3], 1), generator=generator)
            alive = torch.rand(size, generator=generator) >= noise.dead
            elements = self.device.response(node_inputs(self.device, physical), physical)
            edges = torch.einsum('nijk,cijk->cnij', elements, gain * alive)
            layers.append(coefficients(edges))
            spread = noise.offset * math.sqrt(size[1])
            offsets.append(spread * torch.randn((chips, 1, size[2]), generator=generator))
        return layers, offsets

    def policy(self, generator: torch.Generator, chips: int) -> Policy:
        """Return the network on flawed chips, the flights divided among them."""
        with torch.no_grad():
            flawed = self._flawed_layers(generator, chips)
        layers, offsets = ([tensor.double().numpy() for tensor in part] for part in flawed)
        seed = int(torch.randint(2**31, (1,), generator=generator))
        numbers, sigma = np.random.default_rng(seed), self.noise.node_noise * RAIL_V

        def node(value: Floats, layer: int) -> Floats:
            noisy = value + offsets[layer] + sigma * numbers.standard_normal(value.shape)
            inside: Floats = np.clip(noisy, -RAIL_V, RAIL_V)
            return inside

        def outputs(observation: Floats) -> Floats:
            x = squash(observation, SQUASH_SCALE).reshape(chips, -1, observation.shape[-1])
            # What a seed trains does not depend on whether there was a compiler.
            y: Floats = propagate(x, layers, self.device.nodes, node=node, layer=plain_layer)
            return y.reshape(len(observation), -1)

        return outputs

    def export(self) -> Program:
        """Return the realisable settings."""
        with torch.no_grad():
            codes = [
                self.device.encode(self.device.bounded(p).double()).numpy() for p in self.layers
            ]
        return Program(self.device.name, tuple(codes))


class TrainableMlp(nn.Module):
    """The MLP beside it: digital, so that nothing disturbs it."""

    quantised = False

    def __init__(self, shape: tuple[int, ...], seed: int) -> None:
        """Draw weights uniformly within `1 / sqrt(n_in)`."""
        super().__init__()
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

    def policy(self, generator: torch.Generator, chips: int) -> Policy:
        """Return the MLP as it is."""
        return self.export().evaluate

    def export(self) -> Mlp:
        """Return weights and biases in double precision."""
        parts = (self.weights, self.biases)
        weights, biases = (tuple(p.detach().double().numpy() for p in part) for part in parts)
        return Mlp(weights, biases)


def make_ideal(
    device: str, shape: tuple[int, ...], k: int, seed: int
) -> TrainableNetwork | TrainableMlp:
    """Return an untrained network that is exposed to no flaws; the device may be `mlp`."""
    if device == MLP:
        return TrainableMlp(shape, seed)
    return TrainableNetwork(device, shape, k, ChipNoise(0.0, 0.0, 0.0, 0.0), seed)


def limited(value: Tensor) -> Tensor:
    """Limit node values to the rails."""
    return torch.clamp(value, -RAIL_V, RAIL_V)
