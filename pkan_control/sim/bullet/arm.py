"""An arm in PyBullet, with joints driven by velocity or by computed torque."""

from pathlib import Path

import numpy as np
import pybullet_data
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.control.laws.law import HasArm
from pkan_control.sim.bullet.arm_model import ArmModel, BulletGripper, TorqueDrive
from pkan_control.sim.bullet.server import Bullet, picture, pybullet, silence
from pkan_control.sim.disturbances import CALM_ARM, ArmConditions, ArmDisturbances

PHYSICS_HZ = 240.0
# A direct solver takes two thirds of the time of PyBullet's 50 iterations, which are off by 2 mrad
# after five seconds. Grasping, which rests on friction, keeps the iterations.
DIRECT_SOLVER = {
    'constraintSolverType': pybullet.CONSTRAINT_SOLVER_LCP_DANTZIG,
    'globalCFM': 1e-9,
}
# Target of the camera, and its distance.
LOOKED_AT, VIEW_M = (0.3, 0.0, 0.4), 1.2


def calm(time_s: float) -> ArmConditions:
    """Return the conditions of an undisturbed episode."""
    return CALM_ARM


class BulletArm:
    """One arm on a floor; a state `[2 n]` is positions and velocities of the joints.

    With a gripper, the position of the block in m and its attitude (x, y, z, w) follow. All is
    loaded once, and each reset restores the state after loading.
    """

    def __init__(self, law: HasArm, rate_hz: float, disturbances: ArmDisturbances = calm) -> None:
        """Start a physics server without a window and load the arm."""
        self._arm, self._rate_hz, self._disturbances = law.arm, rate_hz, disturbances
        self._substeps = range(round(PHYSICS_HZ / rate_hz))
        self._count, self._step = len(law.joint_names), 0
        self._conditions = CALM_ARM
        self._client = client = Bullet()
        client.setTimeStep(1 / PHYSICS_HZ)
        client.loadURDF(str(Path(pybullet_data.getDataPath()) / 'plane.urdf'))
        self._model = ArmModel(client, law.arm)
        self._joints = [self._model.joints[name] for name in law.joint_names]
        self._arm_joints = self._joints[: len(law.arm.joints)]
        self._gripper = BulletGripper(self._model) if law.grasps else None
        if not law.grasps:
            with silence():
                client.setPhysicsEngineParameter(**DIRECT_SOLVER)
        self._drive = (
            TorqueDrive(self._model, 1 / PHYSICS_HZ) if law.arm.drive == 'torque' else None
        )
        self._loaded = client.saveState()

    def reset(self, state: Floats, generator: np.random.Generator) -> Floats:
        """Set the state `[2 n]` of the arm."""
        client, model = self._client, self._model
        client.restoreState(self._loaded)
        self._step = 0
        self._set_conditions()
        model.hold(self._joints)
        for place, joint in enumerate(self._joints):
            client.resetJointState(model.body, joint, state[place], state[self._count + place])
        if self._gripper:
            self._gripper.reset(state[self._count - 1], state[2 * self._count :])
        if self._drive:
            self._drive.reset()
        return self._state()

    def _state(self) -> Floats:
        found = self._client.getJointStates(self._model.body, self._joints)
        behind = self._gripper.block() if self._gripper else []
        return np.array([s[0] for s in found] + [s[1] for s in found] + behind)

    def step(self, command: Floats) -> Floats:
        """Apply joint velocities `[n]` for one control period; return the state."""
        self._set_conditions()
        self._step += 1
        client, push = self._client, self._conditions.push_n
        velocities = command.tolist()
        if self._gripper:
            self._gripper.drive(velocities.pop())
        if self._drive is None:
            self._model.drive(self._arm_joints, velocities)
        pushed = any(push)
        for _ in self._substeps:
            if self._drive is not None:
                self._drive.push(velocities)
            if pushed:
                self._model.push(push)
            client.stepSimulation()
        return self._state()

    def _set_conditions(self) -> None:
        before = self._conditions
        self._conditions = self._disturbances(self._step / self._rate_hz)
        if self._conditions.payload_kg != before.payload_kg:
            self._model.load(self._conditions.payload_kg)

    def image(self, width: int, height: int) -> NDArray[np.uint8]:
        """Return a picture of the arm and its surroundings, `[height, width, 3]`."""
        return picture(self._client, LOOKED_AT, VIEW_M, width, height)

    def close(self) -> None:
        """Stop the physics server."""
        if self._drive:
            self._drive.close()
        self._client.disconnect()
