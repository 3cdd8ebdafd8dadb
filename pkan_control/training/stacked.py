"""Networks of equal shape that train at once: one operation serves all of them.

For networks as small as those of the comparisons nearly all time is the start of operations, so
that ten of them train in little more time than one.
"""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pkan_control.training import ideal_fast as flawless
from pkan_control.training.trainable import TrainableMlp, TrainableNetwork

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
    shapes = [layer.shape for layer in whole.layers]
    flat = torch.cat([layer.flatten(1, 3) for layer in whole.layers], dim=1)
    layers = flawless.coefficients(whole.device, whole.settings(flat), shapes)
    return flawless.evaluate(layers, inputs)


def _perceptrons(whole: TrainableMlp, inputs: Tensor) -> Tensor:
    value = inputs
    *hidden, last = zip(whole.weights, whole.biases, strict=True)
    for weight, bias in hidden:
        value = torch.tanh(torch.baddbmm(bias[:, None], value, weight))
    return torch.baddbmm(last[1][:, None], value, last[0])


def _lists(member: Member) -> tuple[str, ...]:
    return ('weights', 'biases') if isinstance(member, TrainableMlp) else ('layers',)
