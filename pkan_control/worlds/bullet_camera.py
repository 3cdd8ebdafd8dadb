"""Pictures of a PyBullet world, drawn without a window or a graphics card."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pkan_control.worlds.bullet_server import Bullet, pybullet

# Of the camera: field of view in degrees, and from where it looks: behind, aside and above.
VIEW_DEG, YAW_DEG, PITCH_DEG = 60.0, 30.0, -25.0


def picture(
    client: Bullet, target: Sequence[float], distance_m: float, width: int, height: int
) -> NDArray[np.uint8]:
    """Return what is around a point in the world, as red, green, blue `[height, width, 3]`."""
    view = client.computeViewMatrixFromYawPitchRoll(
        target, distance_m, YAW_DEG, PITCH_DEG, 0.0, upAxisIndex=2
    )
    lens = client.computeProjectionMatrixFOV(VIEW_DEG, width / height, 0.02, 50.0)
    drawn = client.getCameraImage(width, height, view, lens, renderer=pybullet.ER_TINY_RENDERER)
    pixels = np.reshape(np.asarray(drawn[2], dtype=np.uint8), (height, width, 4))
    return np.ascontiguousarray(pixels[..., :3])
