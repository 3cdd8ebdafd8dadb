"""Quadrotors as array functions, for training and studies."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Array, Floats, constant
from pkan_control.robots.quadrotor import Airframe
from pkan_control.sim.batched.quadrotor_steps import fastest_flight, fly
from pkan_control.sim.disturbances import DroneDisturbances, Gusts
from pkan_control.sim.effects import Effects
from pkan_control.sim.quadrotor_dynamics import CALM, PHYSICS_HZ, Conditions


class BatchedDrone:
    """Drones `[..., 13]` in free air, each in conditions of its own, without collisions."""

    def __init__(
        self,
        airframe: Airframe,
        rate_hz: float,
        conditions: Conditions = CALM,
        *,
        portable: bool = False,
    ) -> None:
        """Create a simulation with a control rate in Hz.

        A `portable` one gives the same bits with and without compiled code.
        """
        self._frame = airframe
        self._rate_hz = rate_hz
        self._substeps = round(PHYSICS_HZ / rate_hz)
        self._conditions = conditions
        self._fly = fly if portable else fastest_flight
        self._state: Array = None
        self._speeds: Array = None
        self._last: Array = None
        self._gusts: Gusts

    def reset(self, state: Array, generator: np.random.Generator) -> Array:
        """Set the states `[..., 13]` of all drones, with rotors at hover."""
        self._state = state
        self._speeds = 0 * state[..., :4] + self._frame.hover_speed
        self._last = self._speeds
        self._gusts = Gusts((*state.shape[:-1], 3), self._rate_hz, generator)
        return state

    def step(self, command: Array) -> Array:
        """Apply rotor speeds `[..., 4]` in rad/s for one control period; return the states."""
        nominal = self._conditions
        gust = constant(self._gusts.next(), command)
        now = replace(nominal, wind_n=nominal.wind_n + nominal.gust_n * gust)
        arrived = command + (self._last - command) * now.late
        self._last = command
        self._state, self._speeds = self._fly(
            self._frame, now, self._state, self._speeds, arrived, self._substeps
        )
        return self._state

    def close(self) -> None:
        """Release nothing."""


class StudyDrone:
    """Drones `[chips, episodes, 13]` in free air: many chips in the same episodes, no floor."""

    def __init__(self, airframe: Airframe, rate_hz: float, effects: Effects) -> None:
        """Create a simulation with a control rate in Hz."""
        self._frame, self._rate_hz, self._effects = airframe, rate_hz, effects
        self._substeps = round(PHYSICS_HZ / rate_hz)
        self._steps: NDArray[np.int64]
        self._disturbances: list[DroneDisturbances]
        self._gusts: list[Gusts]
        self._state: Floats
        self._speeds: Floats

    def reset(self, state: Floats, generators: Sequence[np.random.Generator]) -> Floats:
        """Set all states; the generator of each episode draws its disturbances."""
        self._disturbances = [
            DroneDisturbances(self._effects, generator) for generator in generators
        ]
        self._gusts = [Gusts((3,), self._rate_hz, each) for each in generators]
        self._steps, self._state = np.zeros(len(generators), dtype=np.int64), state
        self._speeds = np.full((*state.shape[:-1], 4), self._frame.hover_speed)
        return state

    def restart(
        self, rows: NDArray[np.bool_], state: Floats, generators: Sequence[np.random.Generator]
    ) -> Floats:
        """Begin the episodes of the rows anew; return the states of all."""
        for row, generator in zip(np.flatnonzero(rows), generators, strict=True):
            self._disturbances[row] = DroneDisturbances(self._effects, generator)
            self._gusts[row] = Gusts((3,), self._rate_hz, generator)
        self._steps[rows] = 0
        self._state = np.where(rows[:, None], state, self._state)
        self._speeds = np.where(rows[:, None], self._frame.hover_speed, self._speeds)
        return self._state

    def step(self, command: Floats) -> Floats:
        """Apply rotor speeds `[chips, episodes, 4]` in rad/s for one control period."""
        conditions = self._conditions()
        self._steps += 1
        self._state, self._speeds = fastest_flight(
            self._frame, conditions, self._state, self._speeds, command, self._substeps
        )
        return self._state

    def _conditions(self) -> Conditions:
        """Return the conditions of all episodes at their times, gusts within the wind."""
        times = (self._steps / self._rate_hz).tolist()
        each = [one(now) for one, now in zip(self._disturbances, times, strict=True)]
        wind = [
            now.wind_n + now.gust_n * gust.next()
            for now, gust in zip(each, self._gusts, strict=True)
        ]
        names = ('mass', 'payload_kg', 'lag_s', 'drag', 'ground_effect')
        values = {name: np.array([[getattr(now, name)] for now in each]) for name in names}
        thrust = np.array([np.broadcast_to(now.thrust, 4) for now in each])
        return Conditions(thrust=thrust, wind_n=np.array(wind), **values)
