"""What every world does, and how one is found by name."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError, unknown
from pkan_control.common.seeding import stream
from pkan_control.control.laws.law import Law
from pkan_control.sim.scenarios import NO_EFFECTS, Effects

# Worlds that take many robots, `[..., n]`, as they take one.
BATCHED = ('cartpole', 'solar')
# Worlds of numbers alone, and those that show their states.
SHOWN_BY = {'cartpole': 'bullet_cartpole'}


class World(Protocol):
    """One simulated robot."""

    def reset(self, state: Floats, generator: np.random.Generator) -> Floats:
        """Put the robot into a state `[n]` and return the state that results.

        From the generator comes what disturbs this episode.
        """

    def step(self, command: Floats) -> Floats:
        """Apply a command for one control period and return the state `[n]` at its end."""

    def close(self) -> None:
        """Release the simulation."""


@runtime_checkable
class Filmed(World, Protocol):
    """A world of which there are pictures."""

    def image(self, width: int, height: int) -> NDArray[np.uint8]:
        """Return a picture of the robot, red, green and blue `[height, width, 3]`."""


def open_world(name: str, law: Law, rate_hz: float, effects: Effects = NO_EFFECTS) -> World:
    """Return the world of that name for a law's robot; loads PyBullet only when asked for it."""
    openers: dict[str, Callable[[Any, float, Effects], World]] = {
        'bullet_drone': _bullet_drone,
        'bullet_arm': _bullet_arm,
        'cartpole': _cartpole,
        'bullet_cartpole': _bullet_cartpole,
        'solar': _solar,
        'bullet_vehicle': _bullet_vehicle,
    }
    if name not in openers:
        raise unknown('world', name, openers)
    return openers[name](law, rate_hz, effects)


# Draws a state `[n]`, as red, green and blue `[height, width, 3]`, in a width and a height.
Draw = Callable[[Floats, int, int], NDArray[np.uint8]]


def pictures_of(name: str, world: World, law: Law, rate_hz: float) -> Draw:
    """Return what draws a world of that name, which is in that state; a `UserError` for none."""
    shown = open_world(SHOWN_BY[name], law, rate_hz) if name in SHOWN_BY else world
    if not isinstance(shown, Filmed):
        raise UserError(f'there are no pictures of the world {name}')

    def draw(state: Floats, width: int, height: int) -> NDArray[np.uint8]:
        if shown is not world:
            shown.reset(state, stream(0, 'pictures'))
        return shown.image(width, height)

    return draw


def training_world(
    name: str, law: Law, rate_hz: float, flights: int, generator: np.random.Generator
) -> World:
    """Return a batched world of that name, each flight in drawn conditions of its own."""
    openers: dict[str, Callable[[Any, float, int, np.random.Generator], World]] = {
        'bullet_drone': _varied_drones,
        'bullet_arm': _late_arms,
        'cartpole': _cartpole,
        'solar': _solar,
        'bullet_vehicle': _varied_vehicles,
    }
    if name not in openers:
        raise unknown('world', name, openers)
    return openers[name](law, rate_hz, flights, generator)


class StudyWorld(Protocol):
    """Robots `[chips, episodes, n]`: many chips in the same episodes, without collisions."""

    def reset(self, state: Floats, generators: Sequence[np.random.Generator]) -> Floats:
        """Put all robots into states; a generator for each episode draws what disturbs it."""

    def step(self, command: Floats) -> Floats:
        """Apply commands `[chips, episodes, m]` for one control period; return the states."""


def study_world(name: str, law: Law, rate_hz: float, effects: Effects) -> StudyWorld | None:
    """Return a world for many chips at once, None where there is no such model of the robot."""
    openers: dict[str, Callable[[Any, float, Effects], StudyWorld]] = {
        'bullet_drone': _study_drones,
        'bullet_vehicle': _study_vehicles,
    }
    return openers[name](law, rate_hz, effects) if name in openers else None


def _study_drones(law: Any, rate_hz: float, effects: Effects) -> StudyWorld:
    from pkan_control.sim.batched.study_drone import StudyDrone

    return StudyDrone(law.airframe, rate_hz, effects)


def _bullet_drone(law: Any, rate_hz: float, effects: Effects) -> World:
    from pkan_control.sim.bullet.drone import BulletDrone
    from pkan_control.sim.disturbances import Course

    return BulletDrone(law.airframe, rate_hz, partial(Course, effects))


def _varied_drones(
    law: Any, rate_hz: float, flights: int, generator: np.random.Generator
) -> World:
    from pkan_control.sim.batched.drone import BatchedDrone
    from pkan_control.sim.quadrotor_dynamics import draw_conditions

    # A seed makes the same controller, whether there is a compiler or not.
    conditions = draw_conditions(flights, generator)
    return BatchedDrone(law.airframe, rate_hz, conditions, portable=True)


def _bullet_arm(law: Any, rate_hz: float, effects: Effects) -> World:
    from pkan_control.sim.bullet.arm import BulletArm
    from pkan_control.sim.disturbances import arm_course

    return BulletArm(law, rate_hz, arm_course(effects))


def _late_arms(law: Any, rate_hz: float, flights: int, generator: np.random.Generator) -> World:
    from pkan_control.sim.batched.arm import LATE_SHARE, BatchedArm

    return BatchedArm(law, rate_hz, generator.random((flights, 1)) < LATE_SHARE)


def _cartpole(law: Any, rate_hz: float, *others: Any) -> World:
    from pkan_control.sim.batched.cartpole import BatchedCartpole

    return BatchedCartpole(rate_hz)


def _bullet_cartpole(law: Any, rate_hz: float, effects: Effects) -> World:
    from pkan_control.sim.bullet.cartpole import BulletCartpole

    return BulletCartpole(rate_hz)


def _solar(law: Any, rate_hz: float, *others: Any) -> World:
    from pkan_control.sim.batched.solar import BatchedSolar

    return BatchedSolar()


def _bullet_vehicle(law: Any, rate_hz: float, effects: Effects) -> World:
    from pkan_control.sim.bullet.vehicle import BulletVehicle
    from pkan_control.sim.tyres import CarCourse

    return BulletVehicle(law.car, rate_hz, partial(CarCourse, effects, rate_hz))


def _varied_vehicles(
    law: Any, rate_hz: float, flights: int, generator: np.random.Generator
) -> World:
    from pkan_control.sim.batched.vehicle import BatchedVehicle
    from pkan_control.sim.tyres import draw_car_conditions

    return BatchedVehicle(law.car, rate_hz, draw_car_conditions(flights, generator))


def _study_vehicles(law: Any, rate_hz: float, effects: Effects) -> StudyWorld:
    from pkan_control.sim.batched.study_vehicle import StudyVehicle

    return StudyVehicle(law.car, rate_hz, effects)
