"""Robots in the scene of a film, moved by hand through the states of an episode."""

from typing import Protocol

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.resources import share
from pkan_control.control.laws.drone import ATTITUDE, POSITION
from pkan_control.control.laws.law import HasAirframe, HasArm, Law
from pkan_control.robots.kinematics import forward
from pkan_control.sim.bullet.drone import MODEL
from pkan_control.sim.bullet.model import ArmModel
from pkan_control.sim.bullet.server import Bullet

ABOVE_BASE = np.array([0.0, 0.0, 0.3])


class Actor(Protocol):
    """A robot in the scene; it wants `view_m` of room in the picture."""

    view_m: float

    def move(self, state: Floats) -> Floats:
        """Put the robot into a state `[n]`; return where its point is, `[3]` in m."""

    def shown(self, place: Floats, goal: Floats) -> tuple[Floats, Floats]:
        """Return the two places in m between which the camera looks."""


class DroneActor:
    """A quadrotor."""

    view_m = 0.4

    def __init__(self, client: Bullet) -> None:
        """Load its model."""
        self._client, self._body = client, client.loadURDF(str(share(MODEL)))

    def move(self, state: Floats) -> Floats:
        """Put the drone into a state `[13]`."""
        self._client.resetBasePositionAndOrientation(self._body, state[POSITION], state[ATTITUDE])
        return state[POSITION]

    def shown(self, place: Floats, goal: Floats) -> tuple[Floats, Floats]:
        """Return the drone and its set-point."""
        return place, goal


class ArmActor:
    """An arm; all of it is shown, from its base on."""

    view_m = 0.8

    def __init__(self, client: Bullet, law: HasArm) -> None:
        """Load the arm of a law."""
        self._model = ArmModel(client, law.arm)
        self._joints = [self._model.joints[name] for name in law.joint_names]

    def move(self, state: Floats) -> Floats:
        """Put the joints into a state `[2 n]`."""
        model = self._model
        for joint, position in zip(self._joints, state, strict=False):
            model.client.resetJointState(model.body, joint, position)
        tool: Floats = forward(model.arm, state[: len(model.arm.joints)])[:3, 3]
        return tool

    def shown(self, place: Floats, goal: Floats) -> tuple[Floats, Floats]:
        """Return a place above the base and what lies farther out: the tool or its set-point."""
        return ABOVE_BASE, max(place, goal, key=lambda point: float(np.linalg.norm(point)))


def actor_of(law: Law, client: Bullet) -> Actor:
    """Return the robot that a law moves, loaded; raise a `UserError` where it has no picture."""
    if isinstance(law, HasAirframe):
        return DroneActor(client)
    if isinstance(law, HasArm):
        return ArmActor(client, law)
    raise UserError(f'law {law.name}: there is no picture of its robot')
