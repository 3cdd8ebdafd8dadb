"""A path as a car drives it: by the way along it in m, with heading and curvature."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.tasks.drone_path import Path

# A path is sampled at so many points; between them way, heading and curvature are interpolated.
SAMPLES = 4000


@dataclass(frozen=True)
class Road:
    """The level part of a path that comes round."""

    path: Path

    def __post_init__(self) -> None:
        """Refuse a path with corners: no car turns on the spot."""
        if self.path.shape == 'waypoints':
            raise UserError('a path of waypoints has corners: a car needs one of shape: curve')

    @cached_property
    def _table(self) -> Floats:
        """Columns `[samples + 1, 5]`: way, x, y, heading, curvature."""
        points = self.path.at(np.linspace(0, self.path.period_s, SAMPLES + 1)[:-1])
        points = np.concatenate([points, points[:1]])
        (x, y), (vx, vy), (ax, ay) = (points[:, i : i + 2].T for i in (0, 3, 6))
        speed = np.hypot(vx, vy)
        steps = (speed[1:] + speed[:-1]) / 2 * (self.path.period_s / SAMPLES)
        way = np.concatenate([[0.0], np.cumsum(steps)])
        heading = np.unwrap(np.arctan2(vy, vx))
        return np.stack([way, x, y, heading, (vx * ay - vy * ax) / speed**3], axis=-1)

    @property
    def length_m(self) -> float:
        """How long it is until it comes round."""
        return float(self._table[-1, 0])

    def at(self, way_m: Floats) -> Floats:
        """Return x, y, heading and curvature `[n, 4]` at ways `[n]`; the heading winds on."""
        way, *columns = self._table.T
        rounds, rest = np.divmod(way_m, self.length_m)
        values = [np.interp(rest, way, column) for column in columns]
        values[2] += rounds * 2 * math.pi * round((columns[2][-1] - columns[2][0]) / 2 / math.pi)
        return np.stack(values, axis=-1)
