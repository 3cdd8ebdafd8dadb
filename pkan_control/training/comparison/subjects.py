"""Subjects of a comparison: problems to learn from examples, or a control task.

torch is imported only where a network is trained.
"""

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pkan_control.common.errors import UserError, unknown
from pkan_control.control.controller_file import ControllerFile
from pkan_control.networks.policy import Policy
from pkan_control.tasks.problems.problem import PROBLEMS, Problem, find_problems, is_problem
from pkan_control.tasks.task import TASKS, Imitable, LearnsFromExamples, Task, find_task
from pkan_control.training.comparison.candidates import Candidate
from pkan_control.training.results import scores_on_ideal_chip

if TYPE_CHECKING:
    from pkan_control.training.imitation import Settings

# Examples in each step, and episodes of a score.
BATCH, EPISODES = 256, 100
SUCCESS = 'success_rate'
# Identity of a training: kind, size, learning rate, steps.
Key = tuple[str, int, float, int]


class Subject(Protocol):
    """A subject: what networks learn, and how they are scored."""

    @property
    def inputs(self) -> int:
        """Numbers that a network sees."""

    @property
    def outputs(self) -> int:
        """Numbers that a network gives."""

    @property
    def measure(self) -> str:
        """Name of the score, with its unit."""

    @property
    def more_is_better(self) -> bool:
        """Whether a larger score is the better one."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the problems, each with scores of its own."""

    def train(self, trial: 'Trial') -> list[dict[str, Any]]:
        """Train the networks of a trial: problem, seed, score and validation of each."""


@dataclass(frozen=True)
class Trial:
    """A candidate trained at a learning rate, once from each seed."""

    name: str
    candidate: Candidate
    rate: float
    steps: int
    seeds: tuple[int, ...]

    @property
    def key(self) -> Key:
        """Identity among the trainings of a grid."""
        return self.candidate.kind, self.candidate.size, self.rate, self.steps

    def __call__(self) -> dict[str, Any]:
        """Train, and return a line of results."""
        began = time.process_time()
        networks = find_subject(self.name).train(self)
        took = time.process_time() - began
        names = ('kind', 'size', 'rate', 'steps')
        return {**dict(zip(names, self.key, strict=True)), 'took_s': took, 'networks': networks}


@dataclass(frozen=True)
class Problems:
    """Problems with the same inputs and outputs, learnt at once."""

    problems: tuple[Problem, ...]

    more_is_better = False

    @property
    def inputs(self) -> int:
        """Numbers that a network sees."""
        return len(self.problems[0].inputs)

    @property
    def outputs(self) -> int:
        """Numbers that a network gives."""
        return len(self.problems[0].outputs)

    @property
    def measure(self) -> str:
        """The problems' own measure."""
        return self.problems[0].measure

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the problems."""
        return tuple(problem.name for problem in self.problems)

    def train(self, trial: Trial) -> list[dict[str, Any]]:
        """Train a network for each problem and seed, all at once."""
        from pkan_control.training.imitation import Settings
        from pkan_control.training.supervised import ProblemInstance, fit_and_score
        from pkan_control.training.trainable import make_ideal

        made = trial.candidate
        instances = [
            ProblemInstance(problem, seed) for problem in self.problems for seed in trial.seeds
        ]
        members = [make_ideal(made.device, made.shape, made.k, each.seed) for each in instances]
        settings = Settings(steps=trial.steps, batch=BATCH, learning_rate=trial.rate)
        return [asdict(result) for result in fit_and_score(instances, members, settings)]


@dataclass(frozen=True)
class ControlTask:
    """A control task, learnt by imitation or from examples, scored on ideal chips."""

    task: Task

    more_is_better = True

    @property
    def inputs(self) -> int:
        """Numbers that a network sees."""
        return len(self.task.law.observation)

    @property
    def outputs(self) -> int:
        """Numbers that a network gives."""
        return len(self.task.law.output)

    @property
    def measure(self) -> str:
        """Share of episodes that succeed, or the task's own figure."""
        return getattr(self.task, 'measure', SUCCESS)

    @property
    def parts(self) -> tuple[str, ...]:
        """The name of the task."""
        return (self.task.name,)

    def train(self, trial: Trial) -> list[dict[str, Any]]:
        """Train a network from each seed."""
        from pkan_control.training.train import train_networks
        from pkan_control.training.trainable import make_ideal

        made = trial.candidate
        networks = [make_ideal(made.device, made.shape, made.k, seed) for seed in trial.seeds]
        train_networks(self.task, networks, brief_settings(trial.steps, trial.rate), trial.seeds)
        pairs = zip(networks, trial.seeds, strict=True)
        return [self._results(network.export(), seed) for network, seed in pairs]

    def _results(self, policy: Policy, seed: int) -> dict[str, Any]:
        controller_file = ControllerFile(self.task.name, self.task.law, self.task.rate_hz, policy)
        # Learning rates are chosen on other episodes; less is better, as for problems.
        validation = 1 - self._score(controller_file, EPISODES // 2, 1_000_000)
        score = self._score(controller_file, EPISODES, 0)
        return {'problem': self.task.name, 'seed': seed, 'validation': validation, 'score': score}

    def _score(self, controller_file: ControllerFile, episodes: int, seed: int) -> float:
        scores = scores_on_ideal_chip(self.task, controller_file, episodes, seed)
        if self.measure == SUCCESS:
            return float(np.mean([score.success for score in scores]))
        return float(np.mean([score.figures[self.measure] for score in scores]))


def brief_settings(steps: int, learning_rate: float) -> 'Settings':
    """Return the settings of a comparison: small batches, few episodes, one ideal chip."""
    from pkan_control.training.imitation import Settings

    return Settings(
        rounds=5,
        expert_flights=64,
        flights=32,
        flight_s=5.0,
        steps=steps,
        chips=1,
        batch=256,
        pairs=64,
        learning_rate=learning_rate,
    )


def find_subject(name: str) -> Subject:
    """Return the problems of a name, or else the task."""
    if is_problem(name):
        return Problems(find_problems(name))
    if name not in TASKS.names():
        raise unknown('task or problem', name, {*TASKS.names(), *PROBLEMS.names()})
    task = find_task(name)
    if not isinstance(task, (Imitable, LearnsFromExamples)):
        raise UserError(f'{name}: its task has nothing to imitate, and no examples')
    return ControlTask(task)
