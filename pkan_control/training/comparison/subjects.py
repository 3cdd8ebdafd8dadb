"""What networks are compared on: the problems of a name, or a task with its training.

torch is reached only where something is trained.
"""

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pkan_control.common.errors import UserError, unknown
from pkan_control.control.controller_file import ControllerFile
from pkan_control.evaluation.rollouts.batched_rollout import run_batched, runs_batched
from pkan_control.evaluation.rollouts.rollout import Plan, run_controller
from pkan_control.networks.policy import Policy
from pkan_control.tasks.problems.problem import PROBLEMS, Problem, find_problems, is_problem
from pkan_control.tasks.task import TASKS, FromExamples, Imitable, Score, Task, find_task
from pkan_control.training.comparison.candidates import Contender

if TYPE_CHECKING:
    from pkan_control.training.imitation import Settings

# Examples of a step; episodes by which a controller is judged.
BATCH, EPISODES = 256, 100
SUCCESS = 'success_rate'
# What tells trainings apart: kind, size, learning rate, steps.
Key = tuple[str, int, float, int]


class Subject(Protocol):
    """What is learnt, and how it is judged."""

    @property
    def inputs(self) -> int:
        """Numbers that a network sees."""

    @property
    def outputs(self) -> int:
        """Numbers that a network gives."""

    @property
    def measure(self) -> str:
        """What the score is, with its unit."""

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
    """A contender that is trained at a learning rate, from each of some seeds."""

    name: str
    contender: Contender
    rate: float
    steps: int
    seeds: tuple[int, ...]

    @property
    def key(self) -> Key:
        """What tells it from the others of a grid."""
        return self.contender.kind, self.contender.size, self.rate, self.steps

    def __call__(self) -> dict[str, Any]:
        """Train, and return a line of results."""
        began = time.process_time()
        networks = find_subject(self.name).train(self)
        took = time.process_time() - began
        names = ('kind', 'size', 'rate', 'steps')
        return {**dict(zip(names, self.key, strict=True)), 'took_s': took, 'networks': networks}


@dataclass(frozen=True)
class Problems:
    """Problems of one form, learnt side by side."""

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
        """Train a network for each problem and seed, all side by side."""
        from pkan_control.training.imitation import Settings
        from pkan_control.training.supervised import Lesson, learn
        from pkan_control.training.trainable import make_ideal

        made = trial.contender
        lessons = [Lesson(problem, seed) for problem in self.problems for seed in trial.seeds]
        members = [make_ideal(made.device, made.shape, made.k, each.seed) for each in lessons]
        settings = Settings(steps=trial.steps, batch=BATCH, learning_rate=trial.rate)
        return [asdict(result) for result in learn(lessons, members, settings)]


@dataclass(frozen=True)
class Job:
    """A control task, learnt by imitation or from examples, judged on ideal chips."""

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
        from pkan_control.training.train import teach
        from pkan_control.training.trainable import make_ideal

        made = trial.contender
        networks = [make_ideal(made.device, made.shape, made.k, seed) for seed in trial.seeds]
        teach(self.task, networks, brief_settings(trial.steps, trial.rate), trial.seeds)
        pairs = zip(networks, trial.seeds, strict=True)
        return [self._judge(network.export(), seed) for network, seed in pairs]

    def _judge(self, policy: Policy, seed: int) -> dict[str, Any]:
        controller_file = ControllerFile(self.task.name, self.task.law, self.task.rate_hz, policy)
        # Rates are chosen by other episodes; less is better, as for problems.
        validation = 1 - self._score(controller_file, EPISODES // 2, 1_000_000)
        score = self._score(controller_file, EPISODES, 0)
        return {'problem': self.task.name, 'seed': seed, 'validation': validation, 'score': score}

    def _score(self, controller_file: ControllerFile, episodes: int, seed: int) -> float:
        scores = judged(self.task, controller_file, episodes, seed)
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


def judged(task: Task, controller_file: ControllerFile, episodes: int, seed: int) -> list[Score]:
    """Return how episodes on an ideal chip went; they are flown at once where that is possible."""
    if runs_batched(task):
        return run_batched(task, controller_file.policy.evaluate, seed, episodes)
    plan = Plan(task, episodes, seed)
    return [
        record.score
        for record in run_controller(plan, controller_file, 'ideal:', 1, lambda done: None)
    ]


def find_subject(name: str) -> Subject:
    """Return the problems of that name, or else the task."""
    if is_problem(name):
        return Problems(find_problems(name))
    if name not in TASKS.names():
        raise unknown('task or problem', name, {*TASKS.names(), *PROBLEMS.names()})
    task = find_task(name)
    if not isinstance(task, (Imitable, FromExamples)):
        raise UserError(f'{name}: its task has nothing to imitate, and no examples')
    return Job(task)
