"""Networks of equal shape that train at once: one operation serves all of them.

For networks as small as those of the comparisons nearly all time is the start of operations, so
that ten of them train in little more time than one.
"""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pkan_control.network import SQUASH_SCALE, coefficients, node_inputs, propagate, squash
from pkan_control.training.trainable import TrainableMlp, TrainableNetwork, limited

Member = TrainableNetwork | TrainableMlp


def stacked(members: Sequence[Member]) -> Member:
    """Return a network that holds the parameters of all members, `[members, ...]` each."""
    whole = copy.deepcopy(members[0])
    for name in _lists(whole):
        parts = zip(*(getattr(member, name) for member in members), strict=True)
        tensors = [torch.stack([p.detach() for p in part]) for part in parts]
        setattr(whole, name, nn.ParameterList(tensors))
    return whole


def unstack(whole: Member, members: Sequence[Member]) -> None:
    """Give each member its part of the parameters."""
    with torch.no_grad():
        for name in _lists(whole):
            for number, member in enumerate(members):
                for own, tensor in zip(getattr(member, name), getattr(whole, name), strict=True):
                    own.copy_(tensor[number])


def evaluate(whole: Member, inputs: Tensor) -> Tensor:
    """Return the outputs of all members on ideal chips, `[members, batch, n]` to the same."""
    if isinstance(whole, TrainableMlp):
        return _perceptrons(whole, inputs)
    layers = []
    for physical in whole.physical():
        x = node_inputs(whole.device, physical)[..., None]
        edges = whole.device.response(x, physical).sum(dim=-1)
        layers.append(coefficients(edges.movedim(0, 1)))

    def node(value: Tensor, layer: int) -> Tensor:
        # Where a squash is saturated, the gradient of the polynomials is not finite.
        return limited(value) if layer < len(layers) - 1 else value

    x = squash(limited(inputs), SQUASH_SCALE)
    outputs: Tensor = propagate(x, layers, whole.device.nodes, node=node)
    return outputs


def _perceptrons(whole: TrainableMlp, inputs: Tensor) -> Tensor:
    value = inputs
    *hidden, last = zip(whole.weights, whole.biases, strict=True)
    for weight, bias in hidden:
        value = torch.tanh(torch.baddbmm(bias[:, None], value, weight))
    return torch.baddbmm(last[1][:, None], value, last[0])


def _lists(member: Member) -> tuple[str, ...]:
    return ('weights', 'biases') if isinstance(member, TrainableMlp) else ('layers',)
