"""A gripper in PyBullet, and the block that it grips."""

from pathlib import Path

import pybullet_data

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.sim.bullet.model import ArmModel
from pkan_control.sim.bullet.server import pybullet

BLOCK = 'cube_small.urdf'
# Coefficients of friction of rubber-faced fingers and of the block, in sliding and in turning.
FRICTION, SPIN_FRICTION = 1.0, 0.01
# The gear between fingers: how stiff, and with how many times the effort of the first.
GEAR_ERP, GEAR_EFFORT = 0.2, 5.0


class BulletGripper:
    """Fingers that close with a limited force, and a block on the floor."""

    def __init__(self, model: ArmModel) -> None:
        """Load the block; refuse a gripper whose joints are not in the model."""
        gripper = model.arm.gripper
        names = () if gripper is None else (gripper.joint, *gripper.followers)
        unknown = [name for name in names if name not in model.joints]
        if gripper is None or unknown:
            raise UserError(
                f'arm {model.arm.name}: no gripper, or no joints {unknown} in its URDF'
            )
        self._model, self._gripper = model, gripper
        self._joints = [model.joints[name] for name in names]
        block = Path(pybullet_data.getDataPath()) / BLOCK
        self._block: int = model.client.loadURDF(str(block))
        model.client.changeDynamics(self._block, -1, lateralFriction=FRICTION)
        for joint in self._joints:
            model.client.changeDynamics(
                model.body, joint, lateralFriction=FRICTION, spinningFriction=SPIN_FRICTION
            )
        for joint in self._joints[1:]:
            self._couple(joint)

    def _couple(self, joint: int) -> None:
        """Let a finger follow the first one, as a gear would make it."""
        client, body = self._model.client, self._model.body
        gear = client.createConstraint(
            body, self._joints[0], body, joint, pybullet.JOINT_GEAR, (1.0, 0.0, 0.0),
            (0.0, 0.0, 0.0), (0.0, 0.0, 0.0),
        )  # fmt: skip
        most = GEAR_EFFORT * self._gripper.effort
        client.changeConstraint(gear, gearRatio=-1, erp=GEAR_ERP, maxForce=most)
        client.setJointMotorControl2(body, joint, pybullet.VELOCITY_CONTROL, force=0.0)

    def reset(self, opening: float, block: Floats) -> None:
        """Put all fingers to an opening, and the block into a pose of seven numbers."""
        client = self._model.client
        for joint in self._joints:
            client.resetJointState(self._model.body, joint, opening)
        for joint in self._joints[1:]:
            client.setJointMotorControl2(
                self._model.body, joint, pybullet.VELOCITY_CONTROL, force=0.0
            )
        client.resetBasePositionAndOrientation(self._block, block[:3], block[3:])
        client.resetBaseVelocity(self._block, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))

    def drive(self, velocity: float) -> None:
        """Move the first finger with a velocity, as far as the effort goes; the others follow."""
        client, body = self._model.client, self._model.body
        client.setJointMotorControl2(
            body, self._joints[0], pybullet.VELOCITY_CONTROL, targetVelocity=velocity,
            force=self._gripper.effort,
        )  # fmt: skip

    def block(self) -> list[float]:
        """Return position and attitude of the block, seven numbers."""
        position, attitude = self._model.client.getBasePositionAndOrientation(self._block)
        return [*position, *attitude]
