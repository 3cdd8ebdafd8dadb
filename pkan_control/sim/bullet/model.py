"""An arm's body in a PyBullet server, with the numbers of its joints and links."""

from collections.abc import Sequence
from typing import Any

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
