"""Sparse networks: a penalty on edges during training, and pruning of small ones.

Both follow Z. Liu et al., "KAN: Kolmogorov-Arnold Networks", arXiv:2404.19756, section 2.5.1: the
size of an edge is the mean of |value| over its input, a layer's penalty the sum of the sizes of
its edges (L1) and the entropy of their shares. A hidden node is removed with all its edges if its
largest incoming or its largest outgoing edge is small.
"""

import itertools
import math
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pkan_control.common.arrays import Integers
from pkan_control.common.errors import UserError
from pkan_control.devices.element import Device
from pkan_control.networks.program import GAIN, node_inputs


def disconnected(device: Device, physical: Tensor, gone: Tensor) -> Tensor:
    """Return elements `[n_in, n_out, K, P]`, their gain 0 where edges `[n_in, n_out]` are gone."""
    place = _place(device, device.parameters)
    gain = torch.where(gone[..., None, None], 0.0, physical[..., place : place + 1])
    return torch.cat([physical[..., :place], gain, physical[..., place + 1 :]], dim=-1)


def pruned_codes(
    device: Device, layers: list[Integers], kept: list[NDArray[np.bool_]]
) -> list[Integers]:
    """Return codes, their gain 0 where an edge is gone, without nodes that nothing leaves."""
    codes = [layer.copy() for layer in layers]
    for layer, edges in zip(codes, kept, strict=True):
        layer[..., _place(device, device.codes)] *= edges[..., None]
    for number, edges in enumerate(kept[1:]):
        used = edges.any(axis=1)
        codes[number] = codes[number][:, used]
        codes[number + 1] = codes[number + 1][used]
    return codes


def _place(device: Device, names: tuple[str, ...]) -> int:
    if GAIN not in names:
        raise UserError(f'device {device.name}: without a {GAIN} its edges cannot be pruned')
    return names.index(GAIN)


# Keeps the logarithm finite for edges whose response is 0.
TINY = 1e-12


@dataclass(frozen=True)
class Sparsity:
    """Weights of the penalty on edges, and the threshold of pruning.

    Args:
        l1: weight of the sum of the sizes of edges
        entropy: weight of the entropy of their shares
        prune: size in gain units below which edges are pruned; 0 for no pruning
        prune_at: share of the steps after which they are pruned; the rest of the training repairs
            the network, without a penalty
    """

    l1: float = 0.0
    entropy: float = 0.0
    prune: float = 0.0
    prune_at: float = 0.5

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        for name, value in asdict(self).items():
            high = 1.0 if name == 'prune_at' else math.inf
            if not (0 <= value <= high and math.isfinite(value)):
                allowed = 'in 0..1' if name == 'prune_at' else 'finite and at least 0'
                raise UserError(f'sparsity: {name}={value}: must be {allowed}')

    @property
    def is_off(self) -> bool:
        """Return whether there is neither a penalty nor pruning."""
        return not (self.l1 or self.entropy or self.prune)

    def acts(self, step: int, steps: int) -> bool:
        """Return whether the penalty applies at a step: until the network is pruned."""
        weighs = self.l1 > 0 or self.entropy > 0
        return weighs and not (self.prune > 0 and step >= self.prunes_at(steps))

    def prunes_at(self, steps: int) -> int:
        """Return the step at which the network is pruned."""
        return round(self.prune_at * steps)


def edge_sizes(device: Device, physical: Tensor) -> Tensor:
    """Return the mean of |value| over x of each edge, `[n_in, n_out]`."""
    values: Tensor = device.response(node_inputs(device, physical), physical)
    return values.sum(dim=-1).abs().mean(dim=0)


def penalty(sizes: list[Tensor], sparsity: Sparsity) -> Tensor:
    """Return the penalty on the edges of all layers, from their sizes."""
    total = torch.zeros(())
    for layer in sizes:
        whole = layer.sum()
        share = layer / (whole + TINY)
        entropy = -(share * torch.log(share + TINY)).sum()
        total = total + sparsity.l1 * whole + sparsity.entropy * entropy
    return total


def survivors(sizes: list[Tensor], threshold: float) -> list[Tensor]:
    """Return which edges `[n_in, n_out]` of each layer remain: those large enough and connected.

    Edges from a node without inputs, or to one without outputs, are removed too. An output that
    would lose all edges keeps its largest one, and so on back to an input.
    """
    kept = [layer >= threshold for layer in sizes]
    for _ in kept:
        for before, after in itertools.pairwise(kept):
            alive = before.any(dim=0) & after.any(dim=1)
            before &= alive
            after &= alive[:, None]
    wanted = torch.ones(sizes[-1].shape[1], dtype=torch.bool)
    for layer, edges in zip(reversed(sizes), reversed(kept), strict=True):
        lonely = torch.nonzero(wanted & ~edges.any(dim=0)).flatten()
        largest = layer.argmax(dim=0)[lonely]
        edges[largest, lonely] = True
        wanted = torch.zeros(len(layer), dtype=torch.bool)
        wanted[largest] = True
    return kept
