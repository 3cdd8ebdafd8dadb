"""A pole on a cart in PyBullet, with the model of `pybullet_data`."""

from pathlib import Path

import numpy as np
import pybullet_data
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.robots.quadrotor import GRAVITY
from pkan_control.sim.batched.cartpole import HALF_M, POLE_KG
from pkan_control.sim.bullet.server import Bullet, picture, pybullet

MODEL = 'cartpole.urdf'
PHYSICS_HZ = 250.0
# Target of the camera, and its distance.
LOOKED_AT, VIEW_M = (0.0, 0.0, 0.3), 3.0
# Links of the model; names of the joints, in the order of the state.
BASE, SLIDER, HINGE = -1, 0, 1
JOINTS = ('slider_to_cart', 'cart_to_pole')
FREE = {'linearDamping': 0.0, 'angularDamping': 0.0, 'jointDamping': 0.0}


class BulletCartpole:
    """One pole on a cart; a state `[4]` is that of both joints in m, m/s, rad and rad/s."""

    def __init__(self, rate_hz: float) -> None:
        """Start a physics server without a window."""
        self._substeps = round(PHYSICS_HZ / rate_hz)
        self._client = Bullet()
        self._body = -1

    def reset(self, state: Floats, generator: np.random.Generator) -> Floats:
        """Reload everything and set the state `[4]`."""
        client = self._client
        client.resetSimulation()
        client.setTimeStep(1 / PHYSICS_HZ)
        client.setGravity(0, 0, -GRAVITY)
        path = str(Path(pybullet_data.getDataPath()) / MODEL)
        self._body = client.loadURDF(path, useFixedBase=True)
        self._set_dynamics()
        for joint, (place, speed) in ((SLIDER, state[:2]), (HINGE, state[2:])):
            client.resetJointState(self._body, joint, place, speed)
            client.setJointMotorControl2(self._body, joint, pybullet.VELOCITY_CONTROL, force=0)
        return self._state()

    def _set_dynamics(self) -> None:
        # The masses of the model are those of `batched/cartpole`; its inertia is not a rod's.
        rod = POLE_KG * (2 * HALF_M) ** 2 / 12
        for link in (BASE, SLIDER, HINGE):
            self._client.changeDynamics(self._body, link, **FREE)
        self._client.changeDynamics(self._body, HINGE, localInertiaDiagonal=[rod, rod, rod])

    def _state(self) -> Floats:
        joints = self._client.getJointStates(self._body, (SLIDER, HINGE))
        return np.array([number for joint in joints for number in joint[:2]])

    def step(self, command: Floats) -> Floats:
        """Apply a force `[1]` in N for one control period; return the state."""
        for _ in range(self._substeps):
            # PyBullet applies a force for one step only.
            self._client.setJointMotorControl2(
                self._body, SLIDER, pybullet.TORQUE_CONTROL, force=float(command[0])
            )
            self._client.stepSimulation()
        return self._state()

    def image(self, width: int, height: int) -> NDArray[np.uint8]:
        """Return a picture of cart and pole, `[height, width, 3]`."""
        return picture(self._client, LOOKED_AT, VIEW_M, width, height)

    def close(self) -> None:
        """Stop the physics server."""
        self._client.disconnect()
