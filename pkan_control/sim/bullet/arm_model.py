"""An arm in PyBullet: its body, its torque drive, its gripper and a block."""

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

# Radius of the payload, a ball at the tool.
PAYLOAD_RADIUS_M = 0.03
# Effort of a joint without one in the URDF, in N m or N.
ENOUGH = 1e3
NO_DAMPING = {'linearDamping': 0.0, 'angularDamping': 0.0}


class ArmModel:
    """A loaded arm with its base at the origin."""

    gravity = (0.0, 0.0, -GRAVITY)

    def __init__(self, client: Bullet, arm: Arm) -> None:
        """Load the arm's URDF; raise a `UserError` if PyBullet cannot."""
        self.client, self.arm = client, arm
        client.setGravity(*self.gravity)
        # Moments of inertia come from the collision shapes: those in the file of the Panda are
        # placeholders, and two of the xArm are not physical.
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
        """Hold all joints except those of the list, which take commands."""
        for joint in self.joints.values():
            if joint not in free:
                self.client.setJointMotorControl2(
                    self.body,
                    joint,
                    pybullet.VELOCITY_CONTROL,
                    targetVelocity=0.0,
                    force=self.effort[joint],
                )

    def drive(self, joints: Sequence[int], velocities: Sequence[float]) -> None:
        """Drive joints at velocities, each with its own effort."""
        self.client.setJointMotorControlArray(
            self.body,
            joints,
            pybullet.VELOCITY_CONTROL,
            targetVelocities=velocities,
            forces=[self.effort[joint] for joint in joints],
        )

    def push(self, force: Sequence[float]) -> None:
        """Apply a force in N in the world to the tool for one physics step."""
        place = self.client.getLinkState(self.body, self.tool)[0]
        self.client.applyExternalForce(self.body, self.tool, force, place, pybullet.WORLD_FRAME)

    def load(self, payload_kg: float) -> None:
        """Attach a ball to the tool.

        PyBullet recomputes the inertia when the mass is set, so the inertia is set last.
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
    """Drives the joints by computed torques around velocities.

    `tau = ID(q, v, a)` with `a = K (w - v) + K^2/4 int (w - v)`: the inverse dynamics of the
    nominal arm, without payload, at an acceleration that brings v to the commanded velocity w,
    critically damped.
    """

    def __init__(self, model: ArmModel, dt: float) -> None:
        """Load the nominal arm into another server: masses change in the first one."""
        self._model, self._dt = model, dt
        self._arm = [model.joints[name] for name in model.arm.names]
        self._all = list(model.joints.values())
        self._place = [self._all.index(joint) for joint in self._arm]
        self._most = np.array([model.effort[joint] for joint in self._arm])
        self._nominal = ArmModel(Bullet(), model.arm)
        self._sum = np.zeros(len(self._arm))

    def reset(self) -> None:
        """Reset the integral, and switch off the motors of the joints."""
        self._sum = np.zeros(len(self._arm))
        self._model.client.setJointMotorControlArray(
            self._model.body,
            self._arm,
            pybullet.VELOCITY_CONTROL,
            forces=[0.0] * len(self._arm),
        )

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
        """Stop the server of the nominal arm."""
        self._nominal.client.disconnect()


BLOCK = 'cube_small.urdf'
# Sliding and spinning friction of rubber-faced fingers and of the block.
FRICTION, SPIN_FRICTION = 1.0, 0.01
# Gear between the fingers: stiffness, and its force relative to the effort of the first.
GEAR_ERP, GEAR_EFFORT = 0.2, 5.0


class BulletGripper:
    """Fingers with a limited force, and a block on the floor."""

    def __init__(self, model: ArmModel) -> None:
        """Load the block; raise a `UserError` for a gripper with joints that the model lacks."""
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
        """Couple a finger to the first one by a gear."""
        client, body = self._model.client, self._model.body
        gear = client.createConstraint(
            body,
            self._joints[0],
            body,
            joint,
            pybullet.JOINT_GEAR,
            (1.0, 0.0, 0.0),
            (0.0, 0.0, 0.0),
            (0.0, 0.0, 0.0),
        )
        most = GEAR_EFFORT * self._gripper.effort
        client.changeConstraint(gear, gearRatio=-1, erp=GEAR_ERP, maxForce=most)
        client.setJointMotorControl2(body, joint, pybullet.VELOCITY_CONTROL, force=0.0)

    def reset(self, opening: float, block: Floats) -> None:
        """Set the opening of all fingers, and the pose of the block, seven numbers."""
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
        """Drive the first finger at a velocity with limited effort; the others follow."""
        client, body = self._model.client, self._model.body
        client.setJointMotorControl2(
            body,
            self._joints[0],
            pybullet.VELOCITY_CONTROL,
            targetVelocity=velocity,
            force=self._gripper.effort,
        )

    def block(self) -> list[float]:
        """Return position in m and attitude (x, y, z, w) of the block."""
        position, attitude = self._model.client.getBasePositionAndOrientation(self._block)
        return [*position, *attitude]
