"""The description of a job that world, trainer, rollout and nodes all read."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from pkan_control.common.arrays import Array, Floats
from pkan_control.common.registry import Registry
from pkan_control.control.laws.law import Law
from pkan_control.robots.arm import Arm
from pkan_control.robots.quadrotor import Airframe
from pkan_control.tasks.paths import Path
from pkan_control.tasks.problems.problem import Problem


class ReferenceController(Protocol):
    """A controller that takes the network's place in a law; it may have a memory."""

    def begin(self, episode: int) -> None:
        """Clear the memory: an episode starts."""

    def __call__(self, observation: Floats, time_s: float) -> Floats:
        """Return normalised outputs `[n_out]` for an observation `[n_in]` in the law's units."""


@dataclass(frozen=True)
class Score:
    """Result of one episode.

    The names of the figures end in their unit: `final_error_m`, `settling_time_s`. A time is
    infinite where the event never happened.
    """

    success: bool
    figures: dict[str, float]


class Task(Protocol):
    """One job of a controller: starts, goals, success and an expert.

    A state has `n` numbers, a goal `g`, as the names of the law's state and goal say.
    """

    @property
    def name(self) -> str:
        """Name on the command line and in controller files."""

    @property
    def world(self) -> str:
        """Name of the world that it runs in."""

    @property
    def rate_hz(self) -> float:
        """Control rate in Hz."""

    @property
    def steps(self) -> int:
        """Control steps of an episode."""

    @property
    def law(self) -> Law:
        """The arithmetic around the network."""

    def start(self, seed: int, episode: int) -> Floats:
        """Draw the state `[n]` that an episode starts from; it depends on both numbers alone."""

    def goal(self, seed: int, episode: int, step: int) -> Floats:
        """Return the goal `[g]` of an episode at a control step."""

    def expert(self, observation: Array) -> Array:
        """Return the expert's action for observations, both in the units of the law's terms."""

    def score(self, states: Floats, goals: Floats) -> Score:
        """Score an episode by its true states `[steps + 1, n]` and its goals `[steps + 1, g]`."""

    def reward(self, state: Floats, goal: Floats) -> float:
        """Return the reward for reaching a state `[n]`, for reinforcement learning."""

    def failed(self, state: Floats, goal: Floats) -> bool:
        """Return whether an episode cannot succeed any more."""


@runtime_checkable
class Imitable(Task, Protocol):
    """A task whose network can be trained by imitation of the expert."""

    def goal_observation(self) -> Floats:
        """Return the observation `[n_in]` of a robot at rest at its goal, in the terms' units."""

    def training_starts(self, generator: np.random.Generator, count: int) -> Floats:
        """Draw states `[count, n]` to train from, wider than those of an episode."""

    def training_goals(self, generator: np.random.Generator, count: int, steps: int) -> Floats:
        """Draw the goals `[steps, count, g]` of episodes to train on."""


@runtime_checkable
class LearnsFromExamples(Task, Protocol):
    """A task whose network is trained on examples instead of episodes."""

    @property
    def problem(self) -> Problem:
        """Supervised problem; its inputs and outputs are the law's, normalised."""


@runtime_checkable
class PositionTask(Task, Protocol):
    """A task that brings a point of the robot to its goal."""

    @property
    def tolerance_m(self) -> float:
        """Distance in m that counts as success."""

    def position(self, states: Floats) -> Floats:
        """Return the position of that point, `[..., 3]` in m, in states `[..., n]`."""


@runtime_checkable
class ForAirframes(Task, Protocol):
    """A task for any quadrotor."""

    def with_airframe(self, airframe: Airframe) -> Task:
        """Return the same task for another quadrotor."""


@runtime_checkable
class ForSymmetryAveraging(Task, Protocol):
    """A task whose network may be averaged over a symmetry of the robot."""

    def with_symmetry_averaging(self) -> Task:
        """Return the same task with a network that is evaluated for both images of the robot."""


@runtime_checkable
class ForArms(Task, Protocol):
    """A task for any arm, in which different parts can be left to the network."""

    def with_arm(self, arm: Arm) -> 'ForArms':
        """Return the same task for another arm."""

    def with_split(self, split: str) -> 'ForArms':
        """Return the same task with another part of it left to the network."""

    def with_law(self, law: Law) -> 'ForArms':
        """Return the same task for the arm and the split of a controller's law."""


@runtime_checkable
class OnPaths(Task, Protocol):
    """A task that follows a path."""

    def with_path(self, path: Path) -> Task:
        """Return the same task on another path."""


@runtime_checkable
class HasReference(Task, Protocol):
    """A task for which a conventional controller is known."""

    @property
    def reference_name(self) -> str:
        """Name of the reference controller, for tables."""

    def reference(self) -> tuple[Law, ReferenceController]:
        """Return the law that the reference controller runs in, and the controller."""


TASKS: Registry[Task] = Registry('pkan_control.tasks', 'task', Task)


def find_task(name: str) -> Task:
    """Return the task of that name from the entry points `pkan_control.tasks`.

    >>> find_task('drone_hover').rate_hz
    50.0
    """
    return TASKS.find(name)
