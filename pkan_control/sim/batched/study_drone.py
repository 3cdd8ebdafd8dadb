"""Quadrotors of a study: many chips fly the same episodes, each in the weather of its number."""

from collections.abc import Sequence

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.robots.quadrotor import Airframe
from pkan_control.sim.batched.quadrotor_steps import fastest_flight
from pkan_control.sim.disturbances import Course, Gusts
from pkan_control.sim.quadrotor_dynamics import PHYSICS_HZ, Conditions
from pkan_control.sim.scenarios import Effects


class StudyDrone:
    """Drones `[chips, episodes, 13]` in free air; there is no floor to hit."""

    def __init__(self, airframe: Airframe, rate_hz: float, effects: Effects) -> None:
        """Make a world that takes commands at a rate in Hz."""
        self._frame, self._rate_hz, self._effects = airframe, rate_hz, effects
        self._substeps = round(PHYSICS_HZ / rate_hz)
        self._step = 0
        self._courses: list[Course]
        self._gusts: list[Gusts]
        self._state: Floats
        self._speeds: Floats

    def reset(self, state: Floats, generators: Sequence[np.random.Generator]) -> Floats:
        """Put all drones into states; a generator for each episode draws what disturbs it."""
        self._courses = [Course(self._effects, generator) for generator in generators]
        self._gusts = [Gusts((3,), self._rate_hz, generator) for generator in generators]
        self._step, self._state = 0, state
        self._speeds = np.full((*state.shape[:-1], 4), self._frame.hover_speed)
        return state

    def step(self, command: Floats) -> Floats:
        """Apply rotor speeds `[chips, episodes, 4]` in rad/s for one control period."""
        conditions = self._conditions(self._step / self._rate_hz)
        self._step += 1
        self._state, self._speeds = fastest_flight(
            self._frame, conditions, self._state, self._speeds, command, self._substeps
        )
        return self._state

    def _conditions(self, time_s: float) -> Conditions:
        """Return the conditions of all episodes at a time, gusts within the wind."""
        each = [course(time_s) for course in self._courses]
        wind = [
            now.wind_n + now.gust_n * gust.next()
            for now, gust in zip(each, self._gusts, strict=True)
        ]
        names = ('mass', 'payload_kg', 'lag_s', 'drag', 'ground_effect')
        values = {name: np.array([[getattr(now, name)] for now in each]) for name in names}
        thrust = np.array([np.broadcast_to(now.thrust, 4) for now in each])
        return Conditions(thrust=thrust, wind_n=np.array(wind), **values)
