"""Cars of a study: many chips drive the same episodes, each on the road of its number."""

from collections.abc import Sequence

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.robots.car import Car
from pkan_control.sim.batched.vehicle import BatchedVehicle
from pkan_control.sim.scenarios import Effects
from pkan_control.sim.tyres import CarConditions, CarCourse


class StudyVehicle:
    """Cars `[chips, episodes, 13]` on a plane."""

    def __init__(self, car: Car, rate_hz: float, effects: Effects) -> None:
        """Make a world that takes commands at a rate in Hz."""
        self._car, self._rate_hz, self._effects = car, rate_hz, effects
        self._step = 0
        self._courses: list[CarCourse]
        self._cars: BatchedVehicle

    def reset(self, state: Floats, generators: Sequence[np.random.Generator]) -> Floats:
        """Put all cars into states; a generator for each episode draws what disturbs it."""
        self._courses = [CarCourse(self._effects, self._rate_hz, each) for each in generators]
        self._step = 0
        self._cars = BatchedVehicle(self._car, self._rate_hz)
        cars: Floats = self._cars.reset(state, generators[0])
        return cars

    def step(self, command: Floats) -> Floats:
        """Apply commands `[chips, episodes, 2]` for one control period; return the states."""
        each = [course.next(self._step / self._rate_hz) for course in self._courses]
        self._step += 1
        self._cars.conditions = CarConditions(
            friction=np.array([[now.friction] for now in each]),
            steering_lag_s=np.array([[now.steering_lag_s] for now in each]),
            steering_offset_rad=np.array([[now.steering_offset_rad] for now in each]),
        )
        states: Floats = self._cars.step(command)
        return states
