"""Films of episodes, rendered by PyBullet without a display."""

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
    """A robot in the scene; `view_m` is the width of the view around it."""

    view_m: float

    def move(self, state: Floats) -> Floats:
        """Set the state `[n]` of the robot; return its position, `[3]` in m."""

    def shown(self, place: Floats, goal: Floats) -> tuple[Floats, Floats]:
        """Return the two positions in m between which the camera looks."""


class DroneActor:
    """A quadrotor."""

    view_m = 0.4

    def __init__(self, client: Bullet) -> None:
        """Load the model."""
        self._client, self._body = client, client.loadURDF(str(share(MODEL)))

    def move(self, state: Floats) -> Floats:
        """Set the state `[13]` of the drone; return its position."""
        self._client.resetBasePositionAndOrientation(self._body, state[POSITION], state[ATTITUDE])
        return state[POSITION]

    def shown(self, place: Floats, goal: Floats) -> tuple[Floats, Floats]:
        """Return the positions of drone and goal."""
        return place, goal


class ArmActor:
    """An arm, shown from its base to its tool."""

    view_m = 0.8

    def __init__(self, client: Bullet, law: HasArm) -> None:
        """Load the arm of a law."""
        self._model = ArmModel(client, law.arm)
        self._joints = [self._model.joints[name] for name in law.joint_names]

    def move(self, state: Floats) -> Floats:
        """Set the state `[2 n]` of the joints; return the position of the tool."""
        model = self._model
        for joint, position in zip(self._joints, state, strict=False):
            model.client.resetJointState(model.body, joint, position)
        tool: Floats = forward(model.arm, state[: len(model.arm.joints)])[:3, 3]
        return tool

    def shown(self, place: Floats, goal: Floats) -> tuple[Floats, Floats]:
        """Return a point above the base, and the farther one of tool and goal."""
        return ABOVE_BASE, max(place, goal, key=lambda point: float(np.linalg.norm(point)))


def actor_of(law: Law, client: Bullet) -> Actor:
    """Load the robot of a law; raise a `UserError` for one without a model."""
    if isinstance(law, HasAirframe):
        return DroneActor(client)
    if isinstance(law, HasArm):
        return ArmActor(client, law)
    raise UserError(f'law {law.name}: there is no model of its robot to film')


Image = NDArray[np.uint8]

# The camera looks between robot and goal, approaches with their distance, and turns around them.
FIELD_OF_VIEW, PITCH_DEG, TURN_DEG_S = 40.0, -16.0, 8.0
# Rate of the first-order motion of the camera, in 1/s.
FOLLOWING = 3.0
# Goal: a cross of three bars. Trail: a dot per time in s. Sizes are relative to the view.
BAR_M, THIN, DOT, DOT_S = 0.05, 0.0035, 0.0075, 0.06
GREEN, ORANGE = (0.13, 0.75, 0.5, 1.0), (0.95, 0.6, 0.2, 1.0)
LIGHT = (1.5, -1.0, 4.0)
# Floor: number and size of tiles, and their colours; it fades into the sky with distance.
TILES, TILE_M, LIGHT_TILE, DARK_TILE = 32, 0.5, (0.95, 0.96, 0.97, 1.0), (0.7, 0.76, 0.83, 1.0)
ZENITH, HORIZON, CLEAR_M = (176, 202, 230), (240, 244, 248), 5.5
NEAR_M, FAR_M = 0.02, 40.0


class Camera:
    """A camera that follows robot and goal."""

    def __init__(self, client: Bullet, nearest_m: float, width: int, height: int) -> None:
        """Create the camera of a server, with its nearest distance and the size of pictures."""
        self._client, self._nearest_m, self._size = client, nearest_m, (width, height)
        self._middle: Floats | None = None
        self._distance = 0.0

    def look(self, position: Floats, goal: Floats, time_s: float, dt: float) -> Image:
        """Return the picture `[height, width, 3]` at a time, `dt` after the last one."""
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
            width,
            height,
            view,
            lens,
            renderer=pybullet.ER_TINY_RENDERER,
            shadow=0,
            lightDirection=LIGHT,
            lightAmbientCoeff=0.55,
            lightDiffuseCoeff=0.45,
        )
        colours = np.reshape(image, (height, width, 4))[..., :3]
        return in_air(
            colours, np.reshape(depth, (height, width)), np.reshape(mask, (height, width))
        )


def in_air(colours: NDArray[Any], depth: NDArray[Any], mask: NDArray[Any]) -> Image:
    """Return a picture with a sky, and fog in the distance."""
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
    """Build the floor of tiles: PyBullet draws large triangles wrongly behind the camera."""
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
    """Return the bodies of the three bars of a goal."""
    shapes = [np.where(np.arange(3) == axis, BAR_M, THIN * view_m) for axis in range(3)]
    return [
        client.createMultiBody(
            baseVisualShapeIndex=client.createVisualShape(
                pybullet.GEOM_BOX, halfExtents=half.tolist(), rgbaColor=GREEN
            )
        )
        for half in shapes
    ]
