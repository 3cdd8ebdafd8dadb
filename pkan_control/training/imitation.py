"""Training by imitation: an expert labels the states that the network itself visits (DAgger).

S. Ross, G. Gordon, D. Bagnell, "A reduction of imitation learning and structured prediction to
no-regret online learning", AISTATS 2011. A network that clones the expert's own episodes alone
does not keep a drone in the air.
"""

import math
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.control.symmetry import symmetrised
from pkan_control.sim.world import training_batch
from pkan_control.tasks.task import Imitable
from pkan_control.training.sparsity import Sparsity
from pkan_control.training.trainable import PolicyFunction, Trainable

# Pairs of states lie this far on both sides of the goal (log of a sigma in normalised units).
NEAR_LOG = (math.log(0.03), math.log(0.5))
PAIR_WEIGHT = 0.5
# Settings that are shares, those that may be 0, and the least value of the others.
SHARES = ('beta2', 'decay_share', 'quantised_share')
COUNTS_FROM_0 = ('rounds', 'warm_up', 'pairs', 'quantised_share')
SMALLEST = 1e-12


@dataclass(frozen=True)
class Settings:
    """Schedule of a training run.

    Args:
        rounds: rounds after the first one, which has the expert's episodes
        expert_flights: episodes of the expert, at once
        flights: episodes of the network in each later round, at once
        flight_s: length of these episodes in s
        steps: optimiser steps of all rounds together
        chips: chips with deviations of their own in each step
        batch: visited states in each step
        pairs: states near the goal in each step, half of them on either side
        learning_rate: that of Adam after the warm-up
        beta2: second moment's decay of Adam
        warm_up: steps in which the learning rate rises
        decay_share: share of the steps, at the end, in which it decays to 1 %
        quantised_share: share of the steps, at the end, with realisable settings
        clip: largest norm of a gradient
    """

    rounds: int = 10
    expert_flights: int = 256
    flights: int = 128
    flight_s: float = 3.0
    steps: int = 6000
    chips: int = 8
    batch: int = 768
    pairs: int = 256
    learning_rate: float = 2e-2
    beta2: float = 0.99
    warm_up: int = 100
    decay_share: float = 0.35
    quantised_share: float = 0.2
    clip: float = 1.0

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        for name, value in asdict(self).items():
            low = 0 if name in COUNTS_FROM_0 else SMALLEST
            high = 1.0 if name in SHARES else math.inf
            if not (low <= value <= high and math.isfinite(value)):
                allowed = 'in 0..1' if name in SHARES else 'finite and above 0'
                raise UserError(f'training: {name}={value}: must be {allowed}')


@dataclass
class Examples:
    """Data set of normalised observations `[n, n_in]` and the expert's actions `[n, n_out]`."""

    observations: Tensor
    actions: Tensor

    def add(self, observations: Floats, actions: Floats) -> None:
        """Append the examples of a batch of episodes."""
        check_finite('observations', observations)
        check_finite('actions', actions)
        pairs = ((self.observations, observations), (self.actions, actions))
        self.observations, self.actions = (
            torch.cat([old, torch.tensor(new, dtype=torch.float32)]) for old, new in pairs
        )

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw examples with replacement."""
        index = torch.randint(len(self.actions), (count,), generator=generator)
        return self.observations[index], self.actions[index]


def check_finite(name: str, values: Floats) -> None:
    """Raise a `UserError` that names the first value `[n, ...]` that is not finite."""
    wrong = ~np.isfinite(values)
    if wrong.any():
        place = np.argwhere(wrong)[0].tolist()
        count = int(np.count_nonzero(wrong))
        raise UserError(
            f'{name} to learn from: {count} of {values.size} numbers are not finite, the first '
            f'in row {place[0]}, column {place[1] if len(place) > 1 else 0}'
        )


def collect(
    task: Imitable,
    policy: PolicyFunction | None,
    episodes: int,
    seconds: float,
    numbers: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Run a batch of episodes in varied conditions; return observations and the expert's actions.

    The expert acts where there is no policy. Both results are normalised, `[steps * episodes, n]`.
    """
    law = task.law
    network = policy and symmetrised(law, policy)
    world = training_batch(task.world, law, task.rate_hz, episodes, numbers)
    state = world.reset(task.training_starts(numbers, episodes), numbers)
    memory = law.start(state)
    observations, actions = [], []
    for goal in task.training_goals(numbers, episodes, round(seconds * task.rate_hz)):
        memory, values = law.observe(memory, state, goal)
        observation = law.observation.normalise(values)
        expert = law.output.normalise(task.expert(values))
        observations.append(observation)
        actions.append(expert)
        outputs = expert if network is None else network(observation)
        memory, command = law.act(memory, state, law.output.denormalise(outputs))
        state = world.step(command)
    return np.concatenate(observations), np.concatenate(actions)


@dataclass(frozen=True)
class Batch:
    """Examples of a step, `[chips, 2, n, ...]`: `visited` of n, then pairs at the goal.

    The axis of 2 is the side of the goal for states near it, and has no meaning for the others.
    """

    observations: Tensor
    actions: Tensor
    visited: int


def draw_batch(
    task: Imitable, examples: Examples, settings: Settings, generator: torch.Generator
) -> Batch:
    """Draw the examples of a step."""
    chips = settings.chips
    drawn = examples.draw(settings.batch, generator)
    observations, actions = (part.reshape(chips, 2, -1, part.shape[-1]) for part in drawn)
    pairs, pair_actions = draw_pairs(task, (chips, settings.pairs // chips // 2), generator)
    return Batch(
        torch.cat([observations, pairs], dim=2),
        torch.cat([actions, pair_actions], dim=2),
        observations.shape[2],
    )


def draw_pairs(
    task: Imitable, shape: tuple[int, int], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw observations on both sides of the goal, `[chips, 2, n, ...]`, and the expert's actions.

    The loss on the difference of both sides teaches the local gains. They decide how stiffly the
    goal is held, and noise-aware training alone leaves them too small.
    """
    law = task.law
    centre = law.observation.normalise(torch.tensor(task.goal_observation(), dtype=torch.float32))
    reach = torch.exp(torch.empty(*shape, 1).uniform_(*NEAR_LOG, generator=generator))
    offset = reach * torch.randn((*shape, len(law.observation)), generator=generator)
    both = torch.stack([centre + offset, centre - offset], dim=1)
    return both, law.output.normalise(task.expert(law.observation.denormalise(both)))


def take_step(
    network: Trainable,
    optimiser: torch.optim.Optimizer,
    batch: Batch,
    settings: Settings,
    generator: torch.Generator,
    sparsity: Sparsity | None = None,
) -> float:
    """Take a step down the loss and the penalty on edges; return the loss alone."""
    chips, sides, count, inputs = batch.observations.shape
    flat = batch.observations.reshape(chips, sides * count, inputs)
    outputs = network.exposed(flat, generator).reshape(batch.actions.shape)
    loss = imitation_loss(outputs - batch.actions, batch)
    if not torch.isfinite(loss):
        raise UserError(network.diagnosis())
    optimiser.zero_grad()
    torch.autograd.backward(loss if sparsity is None else loss + network.cost(sparsity))
    torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
    optimiser.step()
    return float(loss.detach())


def imitation_loss(error: Tensor, batch: Batch) -> Tensor:
    """Return the loss for errors `[chips, 2, n, n_out]` of a batch.

    It is the relative squared error of visited states, plus that of the differences and of the
    means of pairs.
    """
    wanted, visited = batch.actions, batch.visited
    far = error[:, :, :visited] ** 2 / (0.1 + 0.5 * wanted[:, :, :visited] ** 2)
    near_error, near = error[:, :, visited:], wanted[:, :, visited:]
    slope = (near_error[:, 0] - near_error[:, 1]) ** 2 / 4
    steepness = (near[:, 0] - near[:, 1]) ** 2 / 4
    mean = (near_error[:, 0] + near_error[:, 1]) ** 2 / 4
    close = slope / (0.01 + 0.5 * steepness) + mean / 0.1
    return far.mean() + PAIR_WEIGHT * close.mean()


def set_schedule(
    optimiser: torch.optim.Optimizer, network: Trainable, settings: Settings, step: int
) -> bool:
    """Set the learning rate of a step (warm-up, constant, decay to 1 %) and the quantisation.

    Returns whether the network is quantised from this step on, and was not before.
    """
    left = (settings.steps - step) / (settings.steps * settings.decay_share)
    decay = math.exp(math.log(0.01) * (1 - min(left, 1.0)))
    for group in optimiser.param_groups:
        group['lr'] = settings.learning_rate * min(1.0, (step + 1) / settings.warm_up) * decay
    before = network.quantised
    network.quantised = step >= settings.steps * (1 - settings.quantised_share)
    return network.quantised and not before
