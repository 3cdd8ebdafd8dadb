"""The racecar of `pybullet_data` in PyBullet, on a plane."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pybullet_data
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.control.laws.drone import ATTITUDE, POSITION, VELOCITY
from pkan_control.robots.car import Car
from pkan_control.robots.quadrotor import GRAVITY
from pkan_control.sim.bullet.drone import in_body
from pkan_control.sim.bullet.server import Bullet, model, one_line_errors, picture, pybullet
from pkan_control.sim.disturbances import NOMINAL_CAR, CarDisturbances

MODEL = 'racecar/racecar.urdf'
# Distance of the camera.
VIEW_M = 1.5
PHYSICS_HZ = 250.0
# Links of the model: the body with its mass, rear and front wheels, hinges of the front wheels.
MASS, REAR, FRONT, HINGES = 1, (2, 3), (5, 7), (4, 6)
# Limits of the motors in N m.
WHEEL_TORQUE, HINGE_TORQUE = 5.0, 10.0
NO_DAMPING = {'linearDamping': 0.0, 'angularDamping': 0.0, 'maxJointVelocity': 1e4}
DrawDisturbances = Callable[[np.random.Generator], CarDisturbances]


class BulletVehicle:
    """One car; a state `[13]` is pose in the world and twist in the body of its rear axle."""

    def __init__(self, car: Car, rate_hz: float, draw: DrawDisturbances) -> None:
        """Start a physics server without a window."""
        self._car, self._rate_hz, self._draw = car, rate_hz, draw
        self._substeps = round(PHYSICS_HZ / rate_hz)
        self._client = Bullet()
        self._body, self._step = -1, 0
        self._steering = 0.0
        self._disturbances: CarDisturbances
        self._conditions = NOMINAL_CAR

    @one_line_errors
    def reset(self, state: Floats, generator: np.random.Generator) -> Floats:
        """Reload everything and set the state `[13]`."""
        self._disturbances = self._draw(generator)
        self._conditions, self._step, self._steering = NOMINAL_CAR, 0, 0.0
        client = self._client
        client.resetSimulation()
        client.setTimeStep(1 / PHYSICS_HZ)
        client.setGravity(0, 0, -GRAVITY)
        data = Path(pybullet_data.getDataPath())
        client.loadURDF(model(data / 'plane.urdf'))
        flags = pybullet.URDF_USE_INERTIA_FROM_FILE
        self._body = client.loadURDF(model(data / MODEL), flags=flags)
        _, self._mass, self._inertia = (
            client.getDynamicsInfo(self._body, MASS)[i] for i in (1, 0, 2)
        )
        for link in range(-1, client.getNumJoints(self._body)):
            client.changeDynamics(self._body, link, **NO_DAMPING)
        for wheel in FRONT:
            mode = pybullet.VELOCITY_CONTROL
            client.setJointMotorControl2(self._body, wheel, mode, force=0)
        self._set_friction(NOMINAL_CAR.friction)
        self._set_state(state)
        return self._state()

    def _set_state(self, state: Floats) -> None:
        client, body, attitude = self._client, self._body, state[ATTITUDE]
        rotation = np.reshape(client.getMatrixFromQuaternion(attitude), (3, 3))
        client.resetBasePositionAndOrientation(body, state[POSITION], attitude)
        client.resetBaseVelocity(body, rotation @ state[VELOCITY], [0.0, 0.0, 0.0])
        rolling = state[VELOCITY][0] / self._car.wheel_radius
        for wheel in (*REAR, *FRONT):
            client.resetJointState(body, wheel, 0.0, rolling)

    def _state(self) -> Floats:
        client, body = self._client, self._body
        position, attitude = client.getBasePositionAndOrientation(body)
        velocity, rate = client.getBaseVelocity(body)
        rotation = client.getMatrixFromQuaternion(attitude)
        twist = (*in_body(rotation, velocity), *in_body(rotation, rate))
        return np.array((*position, *attitude, *twist))

    @one_line_errors
    def step(self, command: Floats) -> Floats:
        """Apply steering angle in rad and speed in m/s for one period; return the state."""
        self._set_conditions()
        now, period = self._conditions, 1 / self._rate_hz
        kept = math.exp(-period / now.steering_lag_s) if now.steering_lag_s > 0 else 0.0
        wanted = float(command[0]) + now.steering_offset_rad
        self._steering = wanted + (self._steering - wanted) * kept
        self._drive(float(command[1]))
        for _ in range(self._substeps):
            self._client.stepSimulation()
        return self._state()

    def _drive(self, speed: float) -> None:
        client, body = self._client, self._body
        for hinge, angle in zip(HINGES, self._car.front_angles(self._steering), strict=True):
            client.setJointMotorControl2(
                body, hinge, pybullet.POSITION_CONTROL, targetPosition=angle, force=HINGE_TORQUE
            )
        rolling = self._car.rear_speeds(self._steering, speed)
        for wheel, turning in zip(REAR, rolling, strict=True):
            client.setJointMotorControl2(
                body, wheel, pybullet.VELOCITY_CONTROL, targetVelocity=turning, force=WHEEL_TORQUE
            )

    def _set_conditions(self) -> None:
        before, now = self._conditions, self._disturbances.next(self._step / self._rate_hz)
        self._conditions = now
        self._step += 1
        if now.friction != before.friction:
            self._set_friction(now.friction)
        if now.payload_kg != before.payload_kg:
            self._set_payload(now.payload_kg)

    def _set_friction(self, friction: float) -> None:
        # PyBullet multiplies the coefficients of both bodies; that of the plane is 1.
        for wheel in (*REAR, *FRONT):
            self._client.changeDynamics(self._body, wheel, lateralFriction=friction)

    def _set_payload(self, payload_kg: float) -> None:
        # PyBullet recomputes the inertia when the mass is set, so the inertia is set last.
        mass = self._mass + payload_kg
        inertia = [moment * mass / self._mass for moment in self._inertia]
        self._client.changeDynamics(self._body, MASS, mass=mass)
        self._client.changeDynamics(self._body, MASS, localInertiaDiagonal=inertia)

    def image(self, width: int, height: int) -> NDArray[np.uint8]:
        """Return a picture of the car and its surroundings, `[height, width, 3]`."""
        place = self._client.getBasePositionAndOrientation(self._body)[0]
        return picture(self._client, place, VIEW_M, width, height)

    def close(self) -> None:
        """Stop the physics server."""
        self._client.close()
