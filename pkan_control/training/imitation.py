"""Training by imitation: an expert labels the states that the network itself visits (DAgger).

S. Ross, G. Gordon, D. Bagnell, "A reduction of imitation learning and structured prediction to
no-regret online learning", AISTATS 2011. Cloning the expert's own flights alone does not fly.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.control.symmetry import symmetrised
from pkan_control.sim.world import training_batch
from pkan_control.tasks.task import Imitable
from pkan_control.training.examples import Examples
from pkan_control.training.sparsity import Sparsity
from pkan_control.training.trainable import PolicyFunction, Trainable

# Mirrored states lie this far from the goal (log of a sigma in normalised units).
NEAR_LOG = (math.log(0.03), math.log(0.5))
PAIR_WEIGHT = 0.5
# Settings that are shares, that may be 0, and what is as good as 0.
SHARES = ('beta2', 'decay_share', 'quantised_share')
COUNTS_FROM_0 = ('rounds', 'warm_up', 'pairs', 'quantised_share')
SMALLEST = 1e-12

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

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        for name, value in asdict(self).items():
            low = 0 if name in COUNTS_FROM_0 else SMALLEST
            high = 1.0 if name in SHARES else math.inf
            if not (low <= value <= high and math.isfinite(value)):
                allowed = 'in 0..1' if name in SHARES else 'finite and above 0'
                raise UserError(f'training: {name}={value}: must be {allowed}')


def fly(
    task: Imitable,
    policy: PolicyFunction | None,
    flights: int,
    seconds: float,
    numbers: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Fly a batch in varied conditions; return what was seen and what the expert would have done.

    The expert flies where there is no policy. Both results are normalised, `[steps * flights, n]`.
    """
    law = task.law
    network = policy and symmetrised(law, policy)
    world = training_batch(task.world, law, task.rate_hz, flights, numbers)
    state = world.reset(task.training_starts(numbers, flights), numbers)
    memory = law.start(state)
    seen, wanted = [], []
    for goal in task.training_goals(numbers, flights, round(seconds * task.rate_hz)):
        memory, values = law.observe(memory, state, goal)
        observation = law.observation.normalise(values)
        expert = law.output.normalise(task.expert(values))
        seen.append(observation)
        wanted.append(expert)
        outputs = expert if network is None else network(observation)
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
    sparsity: Sparsity | None = None,
) -> float:
    """Take one step down the loss, and what edges cost on top of it; return the loss alone."""
    chips, sides, count, inputs = batch.observations.shape
    flat = batch.observations.reshape(chips, sides * count, inputs)
    outputs = network.exposed(flat, generator).reshape(batch.actions.shape)
    loss = loss_of(outputs - batch.actions, batch)
    if not torch.isfinite(loss):
        raise UserError(network.diagnosis())
    optimiser.zero_grad()
    torch.autograd.backward(loss if sparsity is None else loss + network.cost(sparsity))
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
