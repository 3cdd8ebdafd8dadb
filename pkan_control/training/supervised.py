"""Training from examples: networks of equal shape, each on a problem and a seed of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from pkan_control.common.seeding import stream
from pkan_control.tasks.problems.problem import Problem, Split
from pkan_control.training.examples import check_finite
from pkan_control.training.imitation import Settings, set_pace
from pkan_control.training.stacked import Member, evaluate, stacked, unstack

Report = Callable[[float], None]


@dataclass(frozen=True)
class Lesson:
    """What one network learns: a problem, drawn from a seed."""

    problem: Problem
    seed: int

    @cached_property
    def data(self) -> Split:
        """The examples."""
        return self.problem.data(self.seed)


def fit(
    members: Sequence[Member], lessons: Sequence[Lesson], settings: Settings, report: Report
) -> None:
    """Train networks side by side, one for each lesson; none has any part in what others learn.

    Adam without noise; the last steps see realisable settings, as `settings.quantised_share` says.
    """
    torch.set_num_threads(1)
    whole = stacked(members)
    inputs, targets = _tensors([lesson.data for lesson in lessons])
    batches = _batches(lessons, settings, inputs.shape[1])
    rows = torch.arange(len(lessons))[:, None]
    optimiser = torch.optim.Adam(whole.parameters(), betas=(0.9, settings.beta2))
    for step in range(settings.steps):
        set_pace(optimiser, whole, settings, step)
        drawn = batches[:, step]
        outputs = evaluate(whole, inputs[rows, drawn])
        loss = total_loss(lessons, outputs, targets[rows, drawn])
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
    """How one network does, in realisable settings: less is better in both."""

    problem: str
    seed: int
    validation: float
    score: float


def learn(
    lessons: Sequence[Lesson],
    members: Sequence[Member],
    settings: Settings,
    report: Report = lambda share: None,
) -> list[Result]:
    """Train networks side by side, and judge each as it runs on an ideal chip."""
    fit(members, lessons, settings, report)
    return [judge(member, lesson) for member, lesson in zip(members, lessons, strict=True)]


def judge(member: Member, lesson: Lesson) -> Result:
    """Return how a network does on examples that it has not seen."""
    policy, data, problem = member.export(), lesson.data, lesson.problem
    validation, test = (
        problem.score(policy.evaluate(part.inputs), part.targets)
        for part in (data.validation, data.test)
    )
    return Result(problem.name, lesson.seed, validation, test)


def total_loss(lessons: Sequence[Lesson], outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the sum of the losses of all lessons; those of one problem are taken at once."""
    problems = list(dict.fromkeys(lesson.problem for lesson in lessons))
    total = torch.zeros(())
    for problem in problems:
        those = [i for i, lesson in enumerate(lessons) if lesson.problem == problem]
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


def _batches(lessons: Sequence[Lesson], settings: Settings, examples: int) -> Tensor:
    """Return which examples each step takes, `[members, steps, batch]`, by the seeds alone."""
    shape = (settings.steps, settings.batch)
    draws = {s: stream(s, 'batches').integers(examples, size=shape) for s in _seeds(lessons)}
    return torch.tensor(np.stack([draws[lesson.seed] for lesson in lessons]))


def _seeds(lessons: Sequence[Lesson]) -> list[int]:
    return sorted({lesson.seed for lesson in lessons})
