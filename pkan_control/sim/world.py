"""Worlds: the physics that tasks run in, and how one is found by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.registry import Registry
from pkan_control.common.seeding import stream
from pkan_control.control.laws.law import Law
from pkan_control.sim.effects import NO_EFFECTS, Effect, Effects


class Simulation(Protocol):
    """One simulated robot, with a state of `n` numbers and a command of `m`."""

    def reset(self, state: Floats, generator: np.random.Generator) -> Floats:
        """Set the state `[n]` of the robot and return the resulting state.

        The generator draws the disturbances of the episode.
        """

    def step(self, command: Floats) -> Floats:
        """Apply a command `[m]` for one control period and return the state `[n]` at its end."""

    def close(self) -> None:
        """Release the simulation."""


@runtime_checkable
class Filmed(Simulation, Protocol):
    """A simulation that can draw its state."""

    def image(self, width: int, height: int) -> NDArray[np.uint8]:
        """Return a picture of the robot, red, green and blue `[height, width, 3]`."""


class StudySimulation(Protocol):
    """Robots `[chips, episodes, n]`: many chips in the same episodes, without collisions."""

    def reset(self, state: Floats, generators: Sequence[np.random.Generator]) -> Floats:
        """Set all states; the generator of each episode draws its disturbances."""

    def step(self, command: Floats) -> Floats:
        """Apply commands `[chips, episodes, m]` for one control period; return the states."""


@runtime_checkable
class Restartable(Protocol):
    """A simulation of many robots, each of which can begin an episode on its own."""

    def restart(
        self, rows: NDArray[np.bool_], state: Floats, generators: Sequence[np.random.Generator]
    ) -> Floats:
        """Put the robots of the rows `[robots]` into states; return the states of all robots.

        `state` has the shape of all states. What disturbs each of these episodes is drawn from its
        generator; those of a study are the rows of its episodes.
        """


@dataclass(frozen=True)
class World:
    """The physics of one kind of robot: how its simulations are opened, and their disturbances.

    Each function takes a law, which has the robot, and the control rate in Hz. None of them loads
    a physics engine before it is called.

    Attributes:
        robot: kind of robot; the section of a scenario that holds for it
        open: opens one robot that effects disturb
        batch: opens a number of robots to train with, in conditions drawn from a generator;
            None where `open` does for a `batched` world, or nothing can be trained in it
        study: opens robots for many chips at once; None where each chip runs on its own
        pictures: opens a simulation that draws the states of this world; None where `open` does
        batched: whether what `open` returns takes states `[episodes, n]` as it takes `[n]`
        effects: the disturbances that a scenario may set
    """

    robot: str
    open: Callable[[Any, float, Effects], Simulation]
    batch: Callable[[Any, float, int, np.random.Generator], Simulation] | None = None
    study: Callable[[Any, float, Effects], StudySimulation] | None = None
    pictures: Callable[[Any, float], Simulation] | None = None
    batched: bool = False
    effects: Mapping[str, Effect] = field(default_factory=dict)


WORLDS: Registry[World] = Registry('pkan_control.worlds', 'world', World)


def find_world(name: str) -> World:
    """Return the world of that name from the entry points `pkan_control.worlds`."""
    return WORLDS.find(name)


def open_world(name: str, law: Law, rate_hz: float, effects: Effects = NO_EFFECTS) -> Simulation:
    """Return a simulation of a law's robot in the world of that name."""
    return find_world(name).open(law, rate_hz, effects)


def training_batch(
    name: str, law: Law, rate_hz: float, robots: int, generator: np.random.Generator
) -> Simulation:
    """Return a simulation of many robots, each in conditions of its own where the world varies."""
    world = find_world(name)
    if world.batch is not None:
        return world.batch(law, rate_hz, robots, generator)
    if world.batched:
        return world.open(law, rate_hz, NO_EFFECTS)
    raise UserError(f'world {name}: has no batch of robots to train with')


# From a state `[n]`, a width and a height to a picture `[height, width, 3]` in red, green, blue.
Draw = Callable[[Floats, int, int], NDArray[np.uint8]]


def pictures_of(name: str, simulation: Simulation, law: Law, rate_hz: float) -> Draw:
    """Return a function that draws the states of a world.

    Raises a `UserError` for a world without pictures.
    """
    pictures = find_world(name).pictures
    shown = simulation if pictures is None else pictures(law, rate_hz)
    if not isinstance(shown, Filmed):
        raise UserError(f'there are no pictures of the world {name}')

    def draw(state: Floats, width: int, height: int) -> NDArray[np.uint8]:
        if shown is not simulation:
            shown.reset(state, stream(0, 'pictures'))
        return shown.image(width, height)

    return draw


EffectsByRobot = Mapping[str, Mapping[str, Effect]]


def effects_by_robot() -> EffectsByRobot:
    """Return the effects on each kind of robot, of all installed worlds."""
    found: dict[str, dict[str, Effect]] = {}
    for name in WORLDS.names():
        world = find_world(name)
        if world.effects:
            found.setdefault(world.robot, {}).update(world.effects)
    return found
