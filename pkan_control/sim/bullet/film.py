"""An episode as PyBullet's camera sees it; no display is needed."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.files import share
from pkan_control.control.laws.drone import ATTITUDE, POSITION
from pkan_control.control.laws.law import HasAirframe, HasArm, Law
from pkan_control.robots.kinematics import forward
from pkan_control.sim.bullet.arm_model import ArmModel
from pkan_control.sim.bullet.drone import MODEL
from pkan_control.sim.bullet.server import Bullet, pybullet

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


Image = NDArray[np.uint8]

# The camera looks between robot and set-point, comes nearer as they meet, and turns about them.
FIELD_OF_VIEW, PITCH_DEG, TURN_DEG_S = 40.0, -16.0, 8.0
# How fast it follows: the share of the way that it goes in a second.
FOLLOWING = 3.0
# Set-point: a cross of three bars. Trail: a dot every so often. As thick as the view is wide.
BAR_M, THIN, DOT, DOT_S = 0.05, 0.0035, 0.0075, 0.06
GREEN, ORANGE = (0.13, 0.75, 0.5, 1.0), (0.95, 0.6, 0.2, 1.0)
LIGHT = (1.5, -1.0, 4.0)
# Floor: so many tiles of a size each way, in two colours; it fades into the sky with distance.
TILES, TILE_M, LIGHT_TILE, DARK_TILE = 32, 0.5, (0.95, 0.96, 0.97, 1.0), (0.7, 0.76, 0.83, 1.0)
ZENITH, HORIZON, CLEAR_M = (176, 202, 230), (240, 244, 248), 5.5
NEAR_M, FAR_M = 0.02, 40.0


class Camera:
    """Follows a robot to its set-point."""

    def __init__(self, client: Bullet, nearest_m: float, width: int, height: int) -> None:
        """Take the server in which the scene is, how near it comes, and the pictures' size."""
        self._client, self._nearest_m, self._size = client, nearest_m, (width, height)
        self._middle: Floats | None = None
        self._distance = 0.0

    def look(self, position: Floats, goal: Floats, time_s: float, dt: float) -> Image:
        """Return the picture `[height, width, 3]` of this moment, `dt` after the last one."""
        apart = float(np.linalg.norm(position - goal))
        middle, distance = (position + goal) / 2, self._nearest_m + 1.15 * apart
        if self._middle is None:
            self._middle, self._distance = middle, distance
        share = 1 - np.exp(-FOLLOWING * dt)
        self._middle = self._middle + share * (middle - self._middle)
        self._distance += share * (distance - self._distance)
        return self._shoot(35 + TURN_DEG_S * time_s)

    def _shoot(self, yaw_deg: float) -> Image:
        width, height = self._size
        client = self._client
        view = client.computeViewMatrixFromYawPitchRoll(
            self._middle, self._distance, yaw_deg, PITCH_DEG, 0, 2
        )
        lens = client.computeProjectionMatrixFOV(FIELD_OF_VIEW, width / height, NEAR_M, FAR_M)
        *_, image, depth, mask = client.getCameraImage(
            width, height, view, lens, renderer=pybullet.ER_TINY_RENDERER, shadow=0,
            lightDirection=LIGHT, lightAmbientCoeff=0.55, lightDiffuseCoeff=0.45,
        )  # fmt: skip
        colours = np.reshape(image, (height, width, 4))[..., :3]
        return in_air(
            colours, np.reshape(depth, (height, width)), np.reshape(mask, (height, width))
        )


def in_air(colours: NDArray[Any], depth: NDArray[Any], mask: NDArray[Any]) -> Image:
    """Return a picture with a sky behind, into which fades what is far away."""
    height = len(colours)
    down = np.linspace(0, 1, height)[:, None, None]
    sky = np.array(ZENITH) + np.minimum(2.5 * down, 1) * (np.array(HORIZON) - np.array(ZENITH))
    distance = FAR_M * NEAR_M / (FAR_M - depth * (FAR_M - NEAR_M))
    clear = np.exp(-((distance / CLEAR_M) ** 2)) * (mask >= 0)
    picture: Image = (sky + clear[..., None] * (colours - sky)).astype(np.uint8)
    return picture


def film(
    law: Law,
    states: Floats,
    goals: Floats,
    rate_hz: float,
    frames_s: float,
    size: tuple[int, int],
) -> Iterator[tuple[float, Image]]:
    """Yield the time in s and the picture `[height, width, 3]` of each frame of an episode.

    The robot is that of a law. States `[steps + 1, n]`, goals `[steps + 1, g]`; size is width and
    height.
    """
    client = Bullet()
    try:
        _floor(client)
        actor = actor_of(law, client)
        width = actor.view_m
        marker, camera = _marker(client, width), Camera(client, width, *size)
        dot = client.createVisualShape(pybullet.GEOM_SPHERE, radius=width * DOT, rgbaColor=ORANGE)
        dotted = -np.inf
        for frame in range(int((len(states) - 1) / rate_hz * frames_s) + 1):
            now = frame / frames_s
            step = round(now * rate_hz)
            position, goal = actor.move(states[step]), goals[step, :3]
            for bar in marker:
                client.resetBasePositionAndOrientation(bar, goal, (0, 0, 0, 1))
            if now - dotted >= DOT_S:
                client.createMultiBody(baseVisualShapeIndex=dot, basePosition=position)
                dotted = now
            yield now, camera.look(*actor.shown(position, goal), now, 1 / frames_s)
    finally:
        client.disconnect()


def _floor(client: Bullet) -> None:
    """Lay the tiles: large triangles are drawn wrongly where they reach behind the camera."""
    corner = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]) * TILE_M
    for parity, colour in enumerate((LIGHT_TILE, DARK_TILE)):
        places = [(i, j, 0) for i in range(TILES) for j in range(TILES) if (i + j) % 2 == parity]
        vertices = [corner + (np.array(at) - (TILES / 2, TILES / 2, 0)) * TILE_M for at in places]
        indices = [4 * n + k for n in range(len(places)) for k in (0, 1, 2, 0, 2, 3)]
        shape = client.createVisualShape(
            pybullet.GEOM_MESH,
            vertices=np.concatenate(vertices).tolist(),
            indices=indices,
            normals=[(0, 0, 1)] * 4 * len(places),
            rgbaColor=colour,
        )
        client.createMultiBody(baseVisualShapeIndex=shape)


def _marker(client: Bullet, view_m: float) -> list[int]:
    """Return the bodies of a set-point's three bars."""
    shapes = [np.where(np.arange(3) == axis, BAR_M, THIN * view_m) for axis in range(3)]
    return [
        client.createMultiBody(
            baseVisualShapeIndex=client.createVisualShape(
                pybullet.GEOM_BOX, halfExtents=half.tolist(), rgbaColor=GREEN
            )
        )
        for half in shapes
    ]
