"""The description of a job that world, trainer, rollout and nodes all read."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from pkan_control.common.arrays import Array, Floats
from pkan_control.common.errors import UserError
from pkan_control.common.registry import Registry
from pkan_control.control.laws.law import Law
from pkan_control.robots.arm import Arm
from pkan_control.robots.quadrotor import Airframe
from pkan_control.tasks.paths import Path
from pkan_control.tasks.problems.problem import Problem


class Usual(Protocol):
    """What takes a network's place in a law; it may remember."""

    def begin(self, episode: int) -> None:
        """Forget everything: an episode starts."""

    def __call__(self, observation: Floats, time_s: float) -> Floats:
        """Return outputs `[n_out]`, normalised, for an observation in the law's units."""


@dataclass(frozen=True)
class Score:
    """How one episode went; a time is infinite where what it waits for never came.

    The figures' names end in their unit: `final_error_m`, `settling_time_s`.
    """

    success: bool
    figures: dict[str, float]


class Task(Protocol):
    """One job of a controller."""

    @property
    def name(self) -> str:
        """Name on the command line."""

    @property
    def world(self) -> str:
        """Name of the world that it runs in."""

    @property
    def rate_hz(self) -> float:
        """Control rate."""

    @property
    def steps(self) -> int:
        """Control steps of an episode."""

    @property
    def law(self) -> Law:
        """The arithmetic around the network."""

    def start(self, seed: int, episode: int) -> Floats:
        """Draw the state that an episode starts from; it depends on both numbers alone."""

    def goal(self, seed: int, episode: int, step: int) -> Floats:
        """Return the set-point `[g]` of an episode at a control step."""

    def expert(self, observation: Array) -> Array:
        """Return the reference action for observations, both in the units of the law's terms."""

    def score(self, states: Floats, goals: Floats) -> Score:
        """Judge an episode by its true states `[steps + 1, n]` and its goals `[steps + 1, g]`."""

    def reward(self, state: Floats, goal: Floats) -> float:
        """Return the reward of reaching a state, for reinforcement learning."""

    def failed(self, state: Floats, goal: Floats) -> bool:
        """Return whether an episode cannot succeed any more."""


@runtime_checkable
class Imitable(Task, Protocol):
    """A task that can be learnt by imitation."""

    def goal_observation(self) -> Floats:
        """Return the observation of a robot that rests at its goal, in the terms' units."""

    def training_starts(self, generator: np.random.Generator, count: int) -> Floats:
        """Draw states `[count, n]` to train from, wider than those of an episode."""

    def training_goals(self, generator: np.random.Generator, count: int, steps: int) -> Floats:
        """Draw the set-points `[steps, count, g]` of flights to train from."""


@runtime_checkable
class FromExamples(Task, Protocol):
    """A task whose network learns from examples, and not from flights."""

    @property
    def lesson(self) -> Problem:
        """What it learns: inputs and outputs are the law's, normalised."""


@runtime_checkable
class AtAPoint(Task, Protocol):
    """A task that brings a point of the robot to its set-point."""

    @property
    def tolerance_m(self) -> float:
        """How far from it is still success."""

    def place(self, states: Floats) -> Floats:
        """Return where that point is, `[..., 3]` in m, in states `[..., n]`."""


@runtime_checkable
class ForAirframes(Task, Protocol):
    """A task for any quadrotor."""

    def with_airframe(self, airframe: Airframe) -> Task:
        """Return the same task for another quadrotor."""


@runtime_checkable
class ForMirrors(Task, Protocol):
    """A task whose network may be asked for the robot's mirror image, too."""

    def with_mirror(self) -> Task:
        """Return the same task for a network that is asked twice."""


@runtime_checkable
class ForArms(Task, Protocol):
    """A task for any arm, of which more or less can be left to the network."""

    def with_arm(self, arm: Arm) -> Task:
        """Return the same task for another arm."""

    def with_split(self, split: str) -> Task:
        """Return the same task with another part of it left to the network."""

    def with_law(self, law: Law) -> Task:
        """Return the same task for the arm and the split of a controller's law."""


@runtime_checkable
class OnPaths(Task, Protocol):
    """A task that follows a path."""

    def with_path(self, path: Path) -> Task:
        """Return the same task on another path."""


@runtime_checkable
class Compared(Task, Protocol):
    """A task that a usual controller does as well."""

    @property
    def usual(self) -> str:
        """What the usual controller is called."""

    def classic(self) -> tuple[Law, Usual]:
        """Return the usual controller, and the law that it runs in."""


TASKS: Registry[Task] = Registry('pkan_control.tasks', 'task', Task)


def find_task(name: str) -> Task:
    """Return the task of that name from the entry points `pkan_control.tasks`."""
    return TASKS.find(name)


def with_airframe(task: Task, airframe: Airframe) -> Task:
    """Return a task for a quadrotor; refuse a task that has none."""
    if not isinstance(task, ForAirframes):
        raise UserError(f'{task.name}: is no task of a quadrotor, so it takes no airframe')
    return task.with_airframe(airframe)


def with_mirror(task: Task) -> Task:
    """Return a task for a network that is asked twice; refuse a task that leaves no choice."""
    if not isinstance(task, ForMirrors):
        raise UserError(f'{task.name}: leaves no choice how often its network is asked')
    return task.with_mirror()


def with_arm(task: Task, arm: Arm) -> Task:
    """Return a task for an arm; refuse a task that has none."""
    if not isinstance(task, ForArms):
        raise UserError(f'{task.name}: is no task of an arm, so it takes no robot')
    return task.with_arm(arm)


def with_split(task: Task, split: str) -> Task:
    """Return a task of which another part is left to the network."""
    if not isinstance(task, ForArms):
        raise UserError(f'{task.name}: is no task of an arm, so it has no split')
    return task.with_split(split)


def with_path(task: Task, path: Path) -> Task:
    """Return a task on a path; refuse a task that follows none."""
    if not isinstance(task, OnPaths):
        raise UserError(f'{task.name}: follows no path')
    return task.with_path(path)
