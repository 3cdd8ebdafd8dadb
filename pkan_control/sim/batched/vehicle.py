"""Cars as array functions, for training and studies.

A kinematic bicycle with lags of steering, drive and yaw rate, whose lateral and longitudinal
accelerations are limited by the friction of the tyres: beyond, the car understeers.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.common.rotations import matrix
from pkan_control.control.laws.drone import ATTITUDE
from pkan_control.control.laws.vehicle import FORWARD, YAW_RATE, limited
from pkan_control.robots.car import Car
from pkan_control.robots.quadrotor import GRAVITY
from pkan_control.sim.disturbances import NOMINAL_CAR, CarConditions, CarDisturbances
from pkan_control.sim.effects import Effects
from pkan_control.sim.quadrotor_dynamics import lagged

SUBSTEPS = 2
# Share of the weight on the driven axle, and time constants in s of the drive and of turning.
DRIVEN, DRIVE_LAG_S, TURN_LAG_S = 0.5, 0.06, 0.04


class BatchedVehicle:
    """Cars `[..., 13]` on a plane, each in conditions of its own."""

    def __init__(self, car: Car, rate_hz: float, conditions: CarConditions = NOMINAL_CAR) -> None:
        """Create a simulation with a control rate in Hz."""
        self._car, self._rate_hz, self.conditions = car, rate_hz, conditions
        self._state: Array = None
        self._steering: Array = None
        self._last: Array = None

    def reset(self, state: Array, generator: np.random.Generator) -> Array:
        """Set the states `[..., 13]` of all cars, with straight wheels."""
        xp = namespace(state)
        self._state = state
        self._steering = 0 * state[..., :1]
        self._last = xp.concat([self._steering, state[..., FORWARD]], axis=-1)
        return state

    def restart(self, rows: NDArray[np.bool_], state: Floats) -> Floats:
        """Put the cars of the rows `[n]` into states `[..., n, 13]`; return the states of all."""
        chosen = rows[:, None]
        still = np.concatenate([0 * state[..., :1], state[..., FORWARD]], axis=-1)
        self._state = np.where(chosen, state, self._state)
        self._steering = np.where(chosen, 0.0, self._steering)
        self._last = np.where(chosen, still, self._last)
        return np.array(self._state)

    def step(self, command: Array) -> Array:
        """Apply steering angles and speeds `[..., 2]` for one period; return the states."""
        arrived = command + (self._last - command) * self.conditions.late
        self._last = command
        dt = 1 / self._rate_hz / SUBSTEPS
        for _ in range(SUBSTEPS):
            wanted = arrived[..., :1] + self.conditions.steering_offset_rad
            self._steering = lagged(self._steering, wanted, self.conditions.steering_lag_s, dt)
            self._state = self._advance(arrived[..., 1:], dt)
        return self._state

    def _advance(self, wanted: Array, dt: float) -> Array:
        xp = namespace(wanted)
        state, grip = self._state, self.conditions.friction * GRAVITY
        speed, rate = state[..., FORWARD], state[..., YAW_RATE]
        push = (lagged(speed, wanted, DRIVE_LAG_S, dt) - speed) / dt
        most = DRIVEN * grip + 0 * push
        speed = speed + dt * xp.minimum(xp.maximum(push, -most), most)
        rolling = xp.maximum(abs(speed), 0 * speed + 0.1)
        turning = speed * self._car.curvature(limited(self._steering, self._car.max_steering))
        hold = grip / rolling
        turning = xp.minimum(xp.maximum(turning, -hold), hold)
        rate = lagged(rate, turning, TURN_LAG_S, dt)
        rotation = matrix(state[..., ATTITUDE])
        yaw = xp.atan2(rotation[..., 1:2, 0], rotation[..., 0:1, 0]) + dt * rate
        zero = 0 * yaw
        x = state[..., 0:1] + dt * speed * xp.cos(yaw)
        y = state[..., 1:2] + dt * speed * xp.sin(yaw)
        attitude = [zero, zero, xp.sin(yaw / 2), xp.cos(yaw / 2)]
        return xp.concat([x, y, zero, *attitude, speed, *[zero] * 4, rate], axis=-1)

    def close(self) -> None:
        """Release nothing."""


class StudyVehicle:
    """Cars `[chips, episodes, 13]` on a plane: many chips in the same episodes."""

    def __init__(self, car: Car, rate_hz: float, effects: Effects) -> None:
        """Create a simulation with a control rate in Hz."""
        self._car, self._rate_hz, self._effects = car, rate_hz, effects
        self._steps: NDArray[np.int64]
        self._disturbances: list[CarDisturbances]
        self._cars: BatchedVehicle

    def reset(self, state: Floats, generators: Sequence[np.random.Generator]) -> Floats:
        """Set all states; the generator of each episode draws its disturbances."""
        self._disturbances = [
            CarDisturbances(self._effects, self._rate_hz, each) for each in generators
        ]
        self._steps = np.zeros(len(generators), dtype=np.int64)
        self._cars = BatchedVehicle(self._car, self._rate_hz)
        cars: Floats = self._cars.reset(state, generators[0])
        return cars

    def restart(
        self, rows: NDArray[np.bool_], state: Floats, generators: Sequence[np.random.Generator]
    ) -> Floats:
        """Begin the episodes of the rows anew; return the states of all."""
        for row, generator in zip(np.flatnonzero(rows), generators, strict=True):
            self._disturbances[row] = CarDisturbances(self._effects, self._rate_hz, generator)
        self._steps[rows] = 0
        return self._cars.restart(rows, state)

    def step(self, command: Floats) -> Floats:
        """Apply commands `[chips, episodes, 2]` for one control period; return the states."""
        times = (self._steps / self._rate_hz).tolist()
        each = [one.next(now) for one, now in zip(self._disturbances, times, strict=True)]
        self._steps += 1
        self._cars.conditions = CarConditions(
            friction=np.array([[now.friction] for now in each]),
            steering_lag_s=np.array([[now.steering_lag_s] for now in each]),
            steering_offset_rad=np.array([[now.steering_offset_rad] for now in each]),
        )
        states: Floats = self._cars.step(command)
        return states
