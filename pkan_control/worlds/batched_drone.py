"""A quadrotor as array functions: many at once, in NumPy or torch, for training and studies.

The integrator is the one of the rigid-body engine beside it (semi-implicit Euler at 500 Hz,
rotations by the exponential map), so that both worlds agree.
"""

from dataclasses import replace

import numpy as np

from pkan_control.airframe import GRAVITY, Airframe
from pkan_control.arrays import Array, constant, namespace
from pkan_control.controller.laws.drone import ATTITUDE, POSITION, RATE, VELOCITY
from pkan_control.rotations import cross, matrix, to_body, to_world, turn
from pkan_control.worlds.course import Gusts
from pkan_control.worlds.quadrotor import (
    CALM,
    PHYSICS_HZ,
    Conditions,
    force_in_air,
    lagged,
    rotor_wrench,
)

PULL = np.array((0.0, 0.0, -GRAVITY))


class BatchedDrone:
    """Drones `[..., 13]` in free air, each in conditions of its own; no collisions."""

    def __init__(self, airframe: Airframe, rate_hz: float, conditions: Conditions = CALM) -> None:
        """Make a world that takes commands at a rate in Hz."""
        self._frame = airframe
        self._rate_hz = rate_hz
        self._substeps = round(PHYSICS_HZ / rate_hz)
        self._conditions = conditions
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
        state, rotation = self._state, matrix(self._state[..., ATTITUDE])
        for _ in range(self._substeps):
            self._speeds = lagged(self._speeds, arrived, now.lag_s, 1 / PHYSICS_HZ)
            state, rotation = advance(self._frame, now, state, rotation, self._speeds)
        self._state = state
        return state

    def close(self) -> None:
        """Do nothing: there is nothing to release."""


def advance(
    frame: Airframe, conditions: Conditions, state: Array, rotation: Array, speeds: Array
) -> tuple[Array, Array]:
    """Return the states `[..., 13]` one physics step of 2 ms later, and their rotations."""
    xp = namespace(state)
    dt = 1 / PHYSICS_HZ
    force, torque = acting(frame, conditions, state, speeds)
    mass = frame.mass * conditions.mass + conditions.payload_kg
    inertia = constant(np.array(frame.inertia), state) * conditions.mass
    gravity = constant(PULL, state)
    pull = (to_world(rotation, force) + conditions.wind_n) / mass + gravity
    velocity = to_world(rotation, state[..., VELOCITY]) + dt * pull
    rate = state[..., RATE]
    spin = rate + dt * (torque - cross(rate, inertia * rate)) / inertia
    position = state[..., POSITION] + dt * velocity
    spin_world = to_world(rotation, spin)
    attitude = turn(state[..., ATTITUDE], dt * spin_world)
    turned = matrix(attitude)
    parts = [position, attitude, to_body(turned, velocity), to_body(turned, spin_world)]
    return xp.concat(parts, axis=-1), turned


def acting(
    frame: Airframe, conditions: Conditions, state: Array, speeds: Array
) -> tuple[Array, Array]:
    """Return force and torque `[..., 3]` of rotors and air in the body frame, in N and N m."""
    xp = namespace(state)
    mixed, total = rotor_wrench(frame, conditions, speeds)
    velocity = [state[..., i : i + 1] for i in range(VELOCITY.start, VELOCITY.stop)]
    force = force_in_air(frame, conditions, mixed[..., :1], total, state[..., 2:3], velocity)
    return xp.concat(list(force), axis=-1), mixed[..., 1:]
