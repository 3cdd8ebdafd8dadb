"""A quadrotor in PyBullet."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pybullet_data
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.common.files import share
from pkan_control.control.laws.drone import ATTITUDE, POSITION, RATE, VELOCITY
from pkan_control.robots.quadrotor import GRAVITY, Airframe
from pkan_control.sim.bullet.server import Bullet, model, one_line_errors, picture, pybullet
from pkan_control.sim.disturbances import Gusts
from pkan_control.sim.quadrotor_dynamics import (
    CALM,
    PHYSICS_HZ,
    Conditions,
    force_in_air,
    lagged,
    rotor_wrench,
)

MODEL = 'urdf/quadrotor.urdf'
# Distance of the camera.
VIEW_M = 0.6
Vector = Sequence[float]
# Position in m, attitude, its matrix, velocity in m/s and rate in rad/s, all in the world.
Motion = tuple[Vector, Vector, Vector, Vector, Vector]
# From the time of an episode in s to its conditions; and what draws those of an episode.
Disturbances = Callable[[float], Conditions]
DrawDisturbances = Callable[[np.random.Generator], Disturbances]

ORIGIN = (0.0, 0.0, 0.0)
# Motion of a drone that is not loaded yet.
NOWHERE: Motion = ((math.nan,) * 3, (), (), (), ())
NO_DAMPING = {'linearDamping': 0.0, 'angularDamping': 0.0, 'maxJointVelocity': 1e4}


def calm(time_s: float) -> Conditions:
    """Return the conditions of an undisturbed episode."""
    return CALM


class BulletDrone:
    """One drone above a floor; a state `[13]` is pose in the world and twist in the body."""

    def __init__(
        self, airframe: Airframe, rate_hz: float, draw: DrawDisturbances = lambda _: calm
    ) -> None:
        """Start a physics server without a window."""
        self._frame = airframe
        self._substeps = round(PHYSICS_HZ / rate_hz)
        self._rate_hz = rate_hz
        self._draw = draw
        self._step = 0
        self._disturbances: Disturbances
        self._conditions: Conditions
        self._gusts: Gusts
        self._client = Bullet()
        self._body = self._loaded = -1
        self._now = NOWHERE
        self._speeds = np.zeros(4)

    @one_line_errors
    def reset(self, state: Floats, generator: np.random.Generator) -> Floats:
        """Restore the state after loading, then set the state `[13]` of the drone."""
        self._disturbances = self._draw(generator)
        self._gusts = Gusts((3,), self._rate_hz, generator)
        self._conditions = self._disturbances(0.0)
        self._step = 0
        if all(map(math.isfinite, self._now[0])):
            self._client.restoreState(self._loaded)
        else:
            self._load()
        self._set_mass()
        self._set_state(state)
        self._speeds = np.full(4, self._frame.hover_speed)
        self._now = self._motion()
        return self._state()

    def _load(self) -> None:
        """Load floor and drone; also needed after a motion that is not finite."""
        client = self._client
        client.resetSimulation()
        client.setTimeStep(1 / PHYSICS_HZ)
        client.setGravity(0, 0, -GRAVITY)
        client.loadURDF(model(Path(pybullet_data.getDataPath()) / 'plane.urdf'))
        flags = pybullet.URDF_USE_INERTIA_FROM_FILE
        self._body = client.loadURDF(model(share(MODEL)), flags=flags)
        self._loaded = client.saveState()

    def _set_mass(self) -> None:
        # PyBullet recomputes the inertia when the mass is set, so the inertia is set last.
        now = self._conditions
        mass = self._frame.mass * now.mass + now.payload_kg
        inertia = [moment * now.mass for moment in self._frame.inertia]
        self._client.changeDynamics(self._body, -1, mass=mass, **NO_DAMPING)
        self._client.changeDynamics(self._body, -1, localInertiaDiagonal=inertia)

    def _set_state(self, state: Floats) -> None:
        attitude = state[ATTITUDE]
        rotation = np.reshape(self._client.getMatrixFromQuaternion(attitude), (3, 3))
        self._client.resetBasePositionAndOrientation(self._body, state[POSITION], attitude)
        linear, angular = rotation @ state[VELOCITY], rotation @ state[RATE]
        self._client.resetBaseVelocity(self._body, linear, angular)

    def _state(self) -> Floats:
        position, attitude, rotation, velocity, rate = self._now
        twist = (*in_body(rotation, velocity), *in_body(rotation, rate))
        return np.array((*position, *attitude, *twist))

    def _motion(self) -> Motion:
        body, server = self._body, self._client.number
        position, attitude = pybullet.getBasePositionAndOrientation(body, server)
        rotation = pybullet.getMatrixFromQuaternion(attitude)
        return (position, attitude, rotation, *pybullet.getBaseVelocity(body, server))

    @one_line_errors
    def step(self, command: Floats) -> Floats:
        """Apply rotor speeds `[4]` in rad/s for one control period; return the state."""
        self._set_conditions()
        lag, dt = self._conditions.lag_s, 1 / PHYSICS_HZ
        wind = self._conditions.wind_n + self._conditions.gust_n * self._gusts.next()
        force = wind if wind.any() else None
        for substep in range(self._substeps):
            if lag > 0 or substep == 0:
                self._speeds = lagged(self._speeds, command, lag, dt)
                wrench, total = rotor_wrench(self._frame, self._conditions, self._speeds)
                (thrust, *torque), speed = wrench.tolist(), float(total[0])
            self._push(thrust, torque, speed, force)
            pybullet.stepSimulation(self._client.number)
            self._now = self._motion()
        return self._state()

    def _set_conditions(self) -> None:
        before = self._conditions
        self._conditions = self._disturbances(self._step / self._rate_hz)
        self._step += 1
        now = self._conditions
        if (now.mass, now.payload_kg) != (before.mass, before.payload_kg):
            self._set_mass()

    def _push(self, thrust: float, torque: list[float], speed: float, wind: Floats | None) -> None:
        """Apply the forces of one physics step."""
        body, server = self._body, self._client.number
        position, _, rotation, velocity, _ = self._now
        moving = in_body(rotation, velocity)
        now = self._conditions
        force = force_in_air(self._frame, now, thrust, speed, position[2], moving)
        pybullet.applyExternalForce(body, -1, force, ORIGIN, pybullet.LINK_FRAME, server)
        pybullet.applyExternalTorque(body, -1, torque, pybullet.LINK_FRAME, server)
        if wind is not None:
            pybullet.applyExternalForce(body, -1, wind, position, pybullet.WORLD_FRAME, server)

    def image(self, width: int, height: int) -> NDArray[np.uint8]:
        """Return a picture of the drone and its surroundings, `[height, width, 3]`."""
        return picture(self._client, self._now[0], VIEW_M, width, height)

    def close(self) -> None:
        """Stop the physics server."""
        self._client.close()


def in_body(rotation: Vector, vector: Vector) -> tuple[float, float, float]:
    """Return a world vector in the body frame, by the nine numbers of a body-to-world matrix.

    Plain numbers are several times faster than arrays for a single vector.
    """
    a, b, c, d, e, f, g, h, i = rotation
    x, y, z = vector
    return a * x + d * y + g * z, b * x + e * y + h * z, c * x + f * y + i * z
