"""Computed torque around a velocity: what a drive makes of the velocity that it is told.

`tau = ID(q, v, a)` with `a = K (w - v) + K^2/4 int (w - v)`: the inverse dynamics of the nominal
arm (it knows of no payload) at an acceleration that brings v to the told velocity w, critically
damped.
"""

import numpy as np

from pkan_control.sim.bullet.model import ArmModel
from pkan_control.sim.bullet.server import Bullet, pybullet

# Bandwidth K in rad/s; the physics runs at 240 Hz.
BANDWIDTH = 60.0


class TorqueDrive:
    """Drives the arm's joints by torques; the inverse dynamics come from a server of its own."""

    def __init__(self, model: ArmModel, dt: float) -> None:
        """Load the nominal arm once more: in the other one masses change."""
        self._model, self._dt = model, dt
        self._arm = [model.joints[name] for name in model.arm.names]
        self._all = list(model.joints.values())
        self._place = [self._all.index(joint) for joint in self._arm]
        self._most = np.array([model.effort[joint] for joint in self._arm])
        self._nominal = ArmModel(Bullet(), model.arm)
        self._sum = np.zeros(len(self._arm))

    def reset(self) -> None:
        """Forget what was summed up, and switch the motors of the joints off."""
        self._sum = np.zeros(len(self._arm))
        self._model.client.setJointMotorControlArray(
            self._model.body, self._arm, pybullet.VELOCITY_CONTROL,
            forces=[0.0] * len(self._arm),
        )  # fmt: skip

    def push(self, velocities: list[float]) -> None:
        """Apply the torques of one physics step."""
        client = self._model.client
        found = client.getJointStates(self._model.body, self._all)
        q, moving = [s[0] for s in found], [s[1] for s in found]
        error = np.array(velocities) - np.array([moving[i] for i in self._place])
        self._sum += error * self._dt
        wanted = np.zeros(len(self._all))
        wanted[self._place] = BANDWIDTH * error + BANDWIDTH**2 / 4 * self._sum
        torques = self._nominal.client.calculateInverseDynamics(
            self._nominal.body, q, moving, wanted.tolist()
        )
        limited = np.clip(np.array(torques)[self._place], -self._most, self._most)
        client.setJointMotorControlArray(
            self._model.body, self._arm, pybullet.TORQUE_CONTROL, forces=limited.tolist()
        )

    def close(self) -> None:
        """Disconnect the server of the nominal arm."""
        self._nominal.client.disconnect()
