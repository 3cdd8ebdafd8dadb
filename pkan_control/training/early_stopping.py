"""Early stopping: a round of training ends when held-out episodes show no more progress."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pkan_control.common.arrays import Floats
from pkan_control.common.seeding import stream
from pkan_control.training.checkpoint import State
from pkan_control.training.imitation import Examples
from pkan_control.training.trainable import PolicyFunction, Trainable

# Steps between two losses on the held-out episodes.
INTERVAL = 50
PURPOSE = 'validation'
Collect = Callable[[PolicyFunction | None, np.random.Generator], tuple[Floats, Floats]]


class EarlyStopping:
    """Episodes that are never trained on, and the best network on them.

    A round whose loss on them has not improved for `patience` steps ends; the network is then
    given the best parameters of the round. The episodes of a round join those of earlier rounds.
    """

    def __init__(self, patience: int, seed: int, inputs: int, outputs: int) -> None:
        """Start without held-out episodes."""
        self._patience = patience
        self._numbers = stream(seed, PURPOSE)
        self._generator = torch.Generator().manual_seed(seed)
        self._examples = Examples(torch.empty(0, inputs), torch.empty(0, outputs))
        self._best, self._at = math.inf, 0
        self._parameters: list[Tensor] = []

    def begin(self, collect: Collect, network: Trainable | None, step: int) -> None:
        """Run the held-out episodes of a round, of the expert where there is no network."""
        policy = None if network is None else network.policy(self._generator, 1)
        self._examples.add(*collect(policy, self._numbers))
        self.reset(step)

    def reset(self, step: int) -> None:
        """Compare with no loss before a step, since the network has changed its kind."""
        self._best, self._at = math.inf, step

    def is_due(self, step: int) -> bool:
        """Return whether the loss is to be computed after a step."""
        return step % INTERVAL == 0

    def ends_round(self, network: Trainable, step: int) -> tuple[bool, float]:
        """Return whether the round ends after a step, and the loss."""
        loss = validation_loss(network, self._examples)
        if loss < self._best:
            self._best, self._at = loss, step
            self._parameters = [p.detach().clone() for p in network.parameters()]
        return step - self._at >= self._patience, loss

    def restore_best(self, network: Trainable) -> None:
        """Give a network the best parameters since the last `begin` or `reset`."""
        if math.isfinite(self._best):
            with torch.no_grad():
                for parameter, best in zip(network.parameters(), self._parameters, strict=True):
                    parameter.copy_(best)

    def state(self) -> State:
        """Return what a checkpoint has to hold."""
        tensors = {
            'watch.observations': self._examples.observations,
            'watch.actions': self._examples.actions,
            'watch.generator': self._generator.get_state(),
            **{f'watch.best.{i}': each for i, each in enumerate(self._parameters)},
        }
        best = self._best if math.isfinite(self._best) else None
        numbers: Any = self._numbers.bit_generator.state
        return State(tensors, {'numbers': numbers, 'best': best, 'at': self._at})

    def restore(self, state: State) -> None:
        """Continue from what a checkpoint holds."""
        tensors, facts = state
        self._examples = Examples(tensors['watch.observations'], tensors['watch.actions'])
        self._generator.set_state(tensors['watch.generator'])
        names = sorted(name for name in tensors if name.startswith('watch.best.'))
        self._parameters = [tensors[f'watch.best.{i}'] for i in range(len(names))]
        self._numbers.bit_generator.state = facts['numbers']
        self._best = math.inf if facts['best'] is None else facts['best']
        self._at = facts['at']


def validation_loss(network: Trainable, examples: Examples) -> float:
    """Return the relative squared error of a network without deviations on all examples."""
    with torch.no_grad():
        outputs = network.undisturbed(examples.observations)
    error = (outputs - examples.actions) ** 2 / (0.1 + 0.5 * examples.actions**2)
    return float(error.mean())
