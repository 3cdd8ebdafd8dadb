"""Quadrotors, many at once, in NumPy or torch, for training and studies."""

from dataclasses import replace

import numpy as np

from pkan_control.common.arrays import Array, constant
from pkan_control.robots.quadrotor import Airframe
from pkan_control.sim.batched.quadrotor_steps import fastest_flight, fly
from pkan_control.sim.disturbances import Gusts
from pkan_control.sim.quadrotor_dynamics import CALM, PHYSICS_HZ, Conditions


class BatchedDrone:
    """Drones `[..., 13]` in free air, each in conditions of its own; no collisions."""

    def __init__(
        self,
        airframe: Airframe,
        rate_hz: float,
        conditions: Conditions = CALM,
        *,
        portable: bool = False,
    ) -> None:
        """Make a world that takes commands at a rate in Hz.

        A portable one gives the same bits with and without compiled code.
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
        """Put all drones into states `[..., 13]`, their rotors at hover."""
        self._state = state
        self._speeds = 0 * state[..., :4] + self._frame.hover_speed
        self._last = self._speeds
        self._gusts = Gusts((*state.shape[:-1], 3), self._rate_hz, generator)
        return state

    def step(self, command: Array) -> Array:
        """Apply rotor speeds `[..., 4]` in rad/s for one control period; return the states."""
        usual = self._conditions
        gust = constant(self._gusts.next(), command)
        now = replace(usual, wind_n=usual.wind_n + usual.gust_n * gust)
        arrived = command + (self._last - command) * now.late
        self._last = command
        self._state, self._speeds = self._fly(
            self._frame, now, self._state, self._speeds, arrived, self._substeps
        )
        return self._state

    def close(self) -> None:
        """Do nothing: there is nothing to release."""
