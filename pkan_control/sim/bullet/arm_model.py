"""The body of an arm in PyBullet, the torques that drive it, its gripper and a block to grip."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pybullet_data

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.robots.arm import Arm
from pkan_control.robots.quadrotor import GRAVITY
from pkan_control.sim.bullet.server import Bullet, pybullet

# A payload is a ball of this radius at the tool.
PAYLOAD_RADIUS_M = 0.03
# A joint of whose effort a URDF says nothing has this much, in N m or N.
ENOUGH = 1e3
NO_DAMPING = {'linearDamping': 0.0, 'angularDamping': 0.0}


class ArmModel:
    """An arm that is loaded; its base stands at the origin."""

    gravity = (0.0, 0.0, -GRAVITY)

    def __init__(self, client: Bullet, arm: Arm) -> None:
        """Load the arm's URDF; raise a `UserError` where PyBullet cannot."""
        self.client, self.arm = client, arm
        client.setGravity(*self.gravity)
        # Moments of inertia come from the collision shapes: those that stand in the Panda's file
        # are placeholders, and two of the xArm's belong to no body.
        try:
            self.body: int = client.loadURDF(str(arm.file), useFixedBase=True)
        except pybullet.error as error:
            raise UserError(f'URDF {arm.model}: PyBullet cannot load it ({error})') from None
        infos = [client.getJointInfo(self.body, j) for j in range(client.getNumJoints(self.body))]
        self.joints = {info[1].decode(): info[0] for info in infos if info[2] != 4}
        links = {info[12].decode(): info[0] for info in infos}
        self.tool: int = links.get(arm.link, -1)
        self.effort = {info[0]: info[10] or ENOUGH for info in infos}
        self._own: Any = client.getDynamicsInfo(self.body, self.tool)
        for link in range(-1, len(infos)):
            client.changeDynamics(self.body, link, **NO_DAMPING)

    def hold(self, free: Sequence[int]) -> None:
        """Keep all joints where they are but those of the list, which take commands."""
        for joint in self.joints.values():
            if joint not in free:
                self.client.setJointMotorControl2(
                    self.body, joint, pybullet.VELOCITY_CONTROL, targetVelocity=0.0,
                    force=self.effort[joint],
                )  # fmt: skip

    def drive(self, joints: Sequence[int], velocities: Sequence[float]) -> None:
        """Give joints their velocities, each with the effort that it has."""
        self.client.setJointMotorControlArray(
            self.body, joints, pybullet.VELOCITY_CONTROL, targetVelocities=velocities,
            forces=[self.effort[joint] for joint in joints],
        )  # fmt: skip

    def push(self, force: Sequence[float]) -> None:
        """Push the tool for one physics step with a force in N in the world."""
        place = self.client.getLinkState(self.body, self.tool)[0]
        self.client.applyExternalForce(self.body, self.tool, force, place, pybullet.WORLD_FRAME)

    def load(self, payload_kg: float) -> None:
        """Hang a ball at the tool.

        Setting the mass silently recomputes the inertia from the collision shape: it is set last.
        """
        mass, inertia = self._own[0], self._own[2]
        ball = 0.4 * payload_kg * PAYLOAD_RADIUS_M**2
        self.client.changeDynamics(self.body, self.tool, mass=mass + payload_kg)
        self.client.changeDynamics(
            self.body, self.tool, localInertiaDiagonal=[own + ball for own in inertia]
        )


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
