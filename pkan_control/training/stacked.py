"""Stacks of networks of equal shape, trained at once: one operation serves all of them.

For networks as small as those of the comparisons nearly all time goes into the start of
operations, so that ten of them train in little more time than one.
"""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pkan_control.training.trainable import TrainableMlp, TrainableNetwork

Member = TrainableNetwork | TrainableMlp


def stacked(members: Sequence[Member]) -> Member:
    """Return a network that holds the parameters of all members, `[members, ...]` each."""
    whole = copy.deepcopy(members[0])
    for name in whole.stacked_lists:
        parts = zip(*(getattr(member, name) for member in members), strict=True)
        tensors = [torch.stack([p.detach() for p in part]) for part in parts]
        setattr(whole, name, nn.ParameterList(tensors))
    return whole


def unstack(whole: Member, members: Sequence[Member]) -> None:
    """Give each member its part of the parameters."""
    with torch.no_grad():
        for name in whole.stacked_lists:
            for number, member in enumerate(members):
                for own, tensor in zip(getattr(member, name), getattr(whole, name), strict=True):
                    own.copy_(tensor[number])


def evaluate(whole: Member, inputs: Tensor) -> Tensor:
    """Return the outputs of all members on ideal chips, `[members, batch, n]` to the same."""
    return whole.evaluate_stacked(inputs)
