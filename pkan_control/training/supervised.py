"""Training from examples: networks of equal shape, each on a problem and a seed of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from pkan_control.common.seeding import stream
from pkan_control.tasks.problems.problem import Problem, Split
from pkan_control.training.imitation import Settings, check_finite, set_schedule
from pkan_control.training.stacked import Member, evaluate, stacked, unstack
from pkan_control.training.trainable import Report


@dataclass(frozen=True)
class ProblemInstance:
    """A problem for one network, with data drawn from a seed."""

    problem: Problem
    seed: int

    @cached_property
    def data(self) -> Split:
        """The examples to train, validate and test with."""
        return self.problem.data(self.seed)


def fit(
    members: Sequence[Member],
    instances: Sequence[ProblemInstance],
    settings: Settings,
    report: Report,
) -> None:
    """Train networks at once, one for each instance, each independently of the others.

    Adam without noise; the last `settings.quantised_share` of the steps see realisable settings.
    """
    torch.set_num_threads(1)
    whole = stacked(members)
    inputs, targets = _tensors([instance.data for instance in instances])
    batches = _batches(instances, settings, inputs.shape[1])
    rows = torch.arange(len(instances))[:, None]
    optimiser = torch.optim.Adam(whole.parameters(), betas=(0.9, settings.beta2))
    for step in range(settings.steps):
        set_schedule(optimiser, whole, settings, step)
        drawn = batches[:, step]
        outputs = evaluate(whole, inputs[rows, drawn])
        loss = total_loss(instances, outputs, targets[rows, drawn])
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        clip(list(whole.parameters()), settings.clip)
        optimiser.step()
        report((step + 1) / settings.steps)
    unstack(whole, members)


def clip(parameters: Sequence[Tensor], limit: float) -> None:
    """Shorten each member's gradient, `[members, ...]` in all parameters, to a norm."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    squares = torch.stack([g.flatten(1).square().sum(dim=1) for g in gradients]).sum(dim=0)
    factors = torch.clamp(limit / (squares.sqrt() + 1e-9), max=1.0)
    for gradient in gradients:
        gradient.mul_(factors.reshape(-1, *[1] * (gradient.ndim - 1)))


@dataclass(frozen=True)
class Result:
    """Scores of a network in realisable settings; less is better in both."""

    problem: str
    seed: int
    validation: float
    score: float


def fit_and_score(
    instances: Sequence[ProblemInstance],
    members: Sequence[Member],
    settings: Settings,
    report: Report = lambda share: None,
) -> list[Result]:
    """Train networks at once, and score each as it runs on an ideal chip."""
    fit(members, instances, settings, report)
    return [scored(member, instance) for member, instance in zip(members, instances, strict=True)]


def scored(member: Member, instance: ProblemInstance) -> Result:
    """Return the scores of a network on examples that it was not trained on."""
    policy, data, problem = member.export(), instance.data, instance.problem
    validation, test = (
        problem.score(policy.evaluate(part.inputs), part.targets)
        for part in (data.validation, data.test)
    )
    return Result(problem.name, instance.seed, validation, test)


def total_loss(instances: Sequence[ProblemInstance], outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the sum of the losses of all instances, computed problem by problem."""
    problems = list(dict.fromkeys(instance.problem for instance in instances))
    total = torch.zeros(())
    for problem in problems:
        those = [i for i, instance in enumerate(instances) if instance.problem == problem]
        total = total + len(those) * problem.loss(outputs[those], targets[those])
    return total


def _tensors(splits: Sequence[Split]) -> tuple[Tensor, Tensor]:
    """Return all inputs and targets to train on, `[members, n, ...]` in single precision."""
    for split in splits:
        check_finite('inputs', split.train.inputs)
        check_finite('targets', split.train.targets)
    inputs = np.stack([split.train.inputs for split in splits])
    targets = np.stack([split.train.targets for split in splits])
    return torch.tensor(inputs, dtype=torch.float32), torch.tensor(targets, dtype=torch.float32)


def _batches(instances: Sequence[ProblemInstance], settings: Settings, examples: int) -> Tensor:
    """Return the examples of each step, `[members, steps, batch]`, which depend on seeds only."""
    shape = (settings.steps, settings.batch)
    draws = {s: stream(s, 'batches').integers(examples, size=shape) for s in _seeds(instances)}
    return torch.tensor(np.stack([draws[instance.seed] for instance in instances]))


def _seeds(instances: Sequence[ProblemInstance]) -> list[int]:
    return sorted({instance.seed for instance in instances})
