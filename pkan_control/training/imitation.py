"""Training by imitation: an expert labels the states that the network itself visits (DAgger).

S. Ross, G. Gordon, D. Bagnell, "A reduction of imitation learning and structured prediction to
no-regret online learning", AISTATS 2011. Cloning the expert's own flights alone does not fly.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pkan_control.arrays import Floats
from pkan_control.streams import stream
from pkan_control.tasks.task import Imitable
from pkan_control.training.trainable import Policy, Trainable
from pkan_control.worlds.world import training_world

# Mirrored states lie this far from the goal (log of a sigma in normalised units).
NEAR_LOG = (math.log(0.03), math.log(0.5))
PAIR_WEIGHT = 0.5

Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Settings:
    """How long and on what a network is trained."""

    rounds: int = 10
    expert_flights: int = 256
    flights: int = 128
    flight_s: float = 3.0
    # Optimiser: steps in all, batch of visited states, batch of mirrored pairs near the goal.
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


@dataclass
class Examples:
    """Normalised observations and expert actions `[n, ...]` seen so far."""

    observations: Tensor
    actions: Tensor

    def add(self, observations: Floats, actions: Floats) -> None:
        """Append what one batch of flights visited."""
        pairs = ((self.observations, observations), (self.actions, actions))
        self.observations, self.actions = (
            torch.cat([old, torch.tensor(new, dtype=torch.float32)]) for old, new in pairs
        )

    def draw(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw examples with replacement."""
        index = torch.randint(len(self.actions), (count,), generator=generator)
        return self.observations[index], self.actions[index]


def imitate(
    task: Imitable,
    network: Trainable,
    settings: Settings,
    seed: int,
    report: Report,
    known: tuple[Floats, Floats] | None = None,
) -> list[float]:
    """Train a network on a task; return the mean loss of each round.

    `known` observations and actions, both normalised, are learnt from beside all flights.
    """
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    numbers = stream(seed, 'flights')
    law = task.law
    examples = Examples(torch.empty(0, len(law.observation)), torch.empty(0, len(law.output)))
    examples.add(*fly(task, None, settings.expert_flights, settings.flight_s, numbers))
    if known is not None:
        examples.add(*known)
    optimiser = torch.optim.Adam(network.parameters(), betas=(0.9, settings.beta2))
    losses: list[float] = []
    begin = 0
    for turn in range(settings.rounds + 1):
        if turn:
            policy = network.policy(generator, settings.chips)
            examples.add(*fly(task, policy, settings.flights, settings.flight_s, numbers))
        end = round(settings.steps * (turn + 1) / (settings.rounds + 1))
        total = 0.0
        for step in range(begin, end):
            set_pace(optimiser, network, settings, step)
            batch = assemble(task, examples, settings, generator)
            total += descend(network, optimiser, batch, settings, generator)
            report((step + 1) / settings.steps, f'round {turn} of {settings.rounds}')
        losses.append(total / (end - begin))
        begin = end
    report(1.0, f'loss {losses[-1]:.4f}')
    return losses


def fly(
    task: Imitable,
    policy: Policy | None,
    flights: int,
    seconds: float,
    numbers: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Fly a batch in varied conditions; return what was seen and what the expert would have done.

    The expert flies where there is no policy. Both results are normalised, `[steps * flights, n]`.
    """
    law = task.law
    world = training_world(task.world, law, task.rate_hz, flights, numbers)
    state = world.reset(task.training_starts(numbers, flights), numbers)
    memory = law.start(state)
    seen, wanted = [], []
    for goal in task.training_goals(numbers, flights, round(seconds * task.rate_hz)):
        memory, values = law.observe(memory, state, goal)
        observation = law.observation.normalise(values)
        expert = law.output.normalise(task.expert(values))
        seen.append(observation)
        wanted.append(expert)
        outputs = expert if policy is None else policy(observation)
        memory, command = law.act(memory, state, law.output.denormalise(outputs))
        state = world.step(command)
    return np.concatenate(seen), np.concatenate(wanted)


@dataclass(frozen=True)
class Batch:
    """Visited and mirrored examples, `[chips, 2, n, ...]`; the axis of 2 is the side."""

    observations: Tensor
    actions: Tensor
    visited: int


def assemble(
    task: Imitable, examples: Examples, settings: Settings, generator: torch.Generator
) -> Batch:
    """Draw a batch: visited states in both sides, then states mirrored at the goal."""
    chips = settings.chips
    seen, wanted = examples.draw(settings.batch, generator)
    seen, wanted = (part.reshape(chips, 2, -1, part.shape[-1]) for part in (seen, wanted))
    near, near_wanted = mirrored(task, (chips, settings.pairs // chips // 2), generator)
    return Batch(
        torch.cat([seen, near], dim=2), torch.cat([wanted, near_wanted], dim=2), seen.shape[2]
    )


def mirrored(
    task: Imitable, shape: tuple[int, int], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw observations on both sides of the goal, `[chips, 2, n, ...]`, and the expert's actions.

    The loss on the difference of both sides teaches the local gains, which decide how stiffly
    the goal is held, and which noise-aware training alone leaves too small.
    """
    law = task.law
    centre = law.observation.normalise(torch.tensor(task.goal_observation(), dtype=torch.float32))
    reach = torch.exp(torch.empty(*shape, 1).uniform_(*NEAR_LOG, generator=generator))
    offset = reach * torch.randn((*shape, len(law.observation)), generator=generator)
    both = torch.stack([centre + offset, centre - offset], dim=1)
    return both, law.output.normalise(task.expert(law.observation.denormalise(both)))


def descend(
    network: Trainable,
    optimiser: torch.optim.Optimizer,
    batch: Batch,
    settings: Settings,
    generator: torch.Generator,
) -> float:
    """Take one step down the loss and return it."""
    chips, sides, count, inputs = batch.observations.shape
    flat = batch.observations.reshape(chips, sides * count, inputs)
    outputs = network.exposed(flat, generator).reshape(batch.actions.shape)
    loss = loss_of(outputs - batch.actions, batch)
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
    optimiser.step()
    return float(loss.detach())


def loss_of(error: Tensor, batch: Batch) -> Tensor:
    """Return the relative squared error of visited states, of mirrored differences and means."""
    wanted, visited = batch.actions, batch.visited
    far = error[:, :, :visited] ** 2 / (0.1 + 0.5 * wanted[:, :, :visited] ** 2)
    near_error, near = error[:, :, visited:], wanted[:, :, visited:]
    slope = (near_error[:, 0] - near_error[:, 1]) ** 2 / 4
    steepness = (near[:, 0] - near[:, 1]) ** 2 / 4
    mean = (near_error[:, 0] + near_error[:, 1]) ** 2 / 4
    close = slope / (0.01 + 0.5 * steepness) + mean / 0.1
    return far.mean() + PAIR_WEIGHT * close.mean()


def set_pace(
    optimiser: torch.optim.Optimizer, network: Trainable, settings: Settings, step: int
) -> None:
    """Set the learning rate of a step (warm-up, constant, decay to 1 %) and the quantisation."""
    left = (settings.steps - step) / (settings.steps * settings.decay_share)
    decay = math.exp(math.log(0.01) * (1 - min(left, 1.0)))
    for group in optimiser.param_groups:
        group['lr'] = settings.learning_rate * min(1.0, (step + 1) / settings.warm_up) * decay
    network.quantised = step >= settings.steps * (1 - settings.quantised_share)
