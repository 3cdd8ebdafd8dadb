"""Paths that a robot follows: by time, and on the ground by arc length."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, get_args

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError, unknown
from pkan_control.common.files import FilePath
from pkan_control.common.ranges import Range, check_fields
from pkan_control.common.yaml_files import read_file

# Length of Gerono's figure of eight, `(sin p, sin p cos p)`, for half an axis of 1.
EIGHT_LENGTH = 6.09722
# Peak over mean speed of a minimum-jerk segment.
PEAK = 1.875
# Pieces over which the length of a curve is summed, and samples of a road, which is interpolated.
PIECES = SAMPLES = 4000

Shape = Literal['figure_of_eight', 'circle', 'waypoints', 'curve']
SHAPES: tuple[str, ...] = get_args(Shape)
# Fewest points of a shape, and the shortest distance in m between neighbours.
FEWEST_POINTS = {'waypoints': 2, 'curve': 3}
SHORTEST_M = 1e-3

Coordinate = Annotated[float, Range('from -1e6 to 1e6 m', -1e6, 1e6)]
Point = tuple[Coordinate, Coordinate, Coordinate]
Speed = Annotated[float, Range('from 1e-3 to 1e3 m/s', 1e-3, 1e3)]
Radius = Annotated[float, Range('from 1e-3 to 1e6 m', 1e-3, 1e6)]


@dataclass(frozen=True)
class Path:
    """A closed path: shape, speed and place in the world.

    speed_m_s is the mean of a figure of eight and of a curve, that of a circle, the highest
    between waypoints; radius_m is half of a shape's longer axis.
    """

    shape: Shape = 'figure_of_eight'
    speed_m_s: Speed = 1.5
    radius_m: Radius = 1.0
    centre_m: Point = (0.0, 0.0, 1.5)
    points_m: tuple[Point, ...] = ()

    def __post_init__(self) -> None:
        """Raise a `UserError` for numbers out of range, and for points that are no path."""
        check_fields(self)
        if self.shape not in SHAPES:
            raise unknown('shape of a path', self.shape, SHAPES)
        fewest = FEWEST_POINTS.get(self.shape, 0)
        if len(self.points_m) < fewest:
            raise UserError(
                f'points_m: {self.shape} needs {fewest} points or more, not {len(self.points_m)}'
            )
        if fewest and self._chords().min() < SHORTEST_M:
            raise UserError(
                f'points_m: each must be {SHORTEST_M} m or more from the next (and the last from '
                'the first)'
            )

    @property
    def period_s(self) -> float:
        """Time in s of one round."""
        if self.shape == 'waypoints':
            return float(self._durations().sum())
        if self.shape == 'curve':
            return self._curve[1] / self.speed_m_s
        length = EIGHT_LENGTH if self.shape == 'figure_of_eight' else 2 * math.pi
        return length * self.radius_m / self.speed_m_s

    def at(self, time_s: Floats) -> Floats:
        """Return position, velocity and acceleration `[n, 9]` at times `[n]`."""
        if self.shape == 'waypoints':
            return self._lines(np.mod(time_s, self.period_s))
        if self.shape == 'curve':
            return self._bends(np.mod(time_s, self.period_s))
        turn = 2 * math.pi / self.period_s
        level = _eight if self.shape == 'figure_of_eight' else _round
        derivatives = [self.radius_m * turn**i * level(turn * time_s, i) for i in range(3)]
        derivatives[0] = derivatives[0] + np.array(self.centre_m)
        return np.concatenate(derivatives, axis=-1)

    def _legs(self) -> tuple[Floats, Floats]:
        points = np.array(self.points_m)
        return points, np.roll(points, -1, axis=0) - points

    def _chords(self) -> Floats:
        return np.asarray(np.linalg.norm(self._legs()[1], axis=1))

    def _durations(self) -> Floats:
        return PEAK * self._chords() / self.speed_m_s

    @cached_property
    def _curve(self) -> tuple[Any, float]:
        """The periodic cubic spline through the points by the length of its chords; its length."""
        from scipy.interpolate import CubicSpline

        points = np.array([*self.points_m, self.points_m[0]])
        ends = np.concatenate([[0.0], np.cumsum(self._chords())])
        spline = CubicSpline(ends, points, bc_type='periodic')
        speeds = np.linalg.norm(
            spline(np.linspace(0, ends[-1], PIECES, endpoint=False), 1), axis=1
        )
        return spline, float(speeds.mean() * ends[-1])

    def _bends(self, time_s: Floats) -> Floats:
        spline, _ = self._curve
        pace = spline.x[-1] / self.period_s
        parts = [spline(time_s * pace, order) * pace**order for order in range(3)]
        return np.concatenate(parts, axis=-1)

    def _lines(self, time_s: Floats) -> Floats:
        """Return the motion along straight lines, each a minimum-jerk segment."""
        points, legs = self._legs()
        durations = self._durations()
        ends = np.cumsum(durations)
        leg = np.minimum(np.searchsorted(ends, time_s, side='right'), len(legs) - 1)
        length = durations[leg][:, None]
        s = (time_s - (ends - durations)[leg])[:, None] / length
        way = s**3 * (10 - 15 * s + 6 * s**2)
        speed = 30 * s**2 * (1 - s) ** 2 / length
        change = 60 * s * (1 - s) * (1 - 2 * s) / length**2
        parts = [points[leg] + way * legs[leg], speed * legs[leg], change * legs[leg]]
        return np.concatenate(parts, axis=-1)


def _eight(phase: Floats, derivative: int) -> Floats:
    """Return `(sin p, sin(2 p) / 2, 0)` or its derivative by p, `[n, 3]`."""
    quarter = derivative * math.pi / 2
    across = 2.0 ** (derivative - 1) * np.sin(2 * phase + quarter)
    return np.stack([np.sin(phase + quarter), across, 0 * phase], axis=-1)


def _round(phase: Floats, derivative: int) -> Floats:
    """Return `(cos p, sin p, 0)` or its derivative by p, `[n, 3]`."""
    angle = phase + derivative * math.pi / 2
    return np.stack([np.cos(angle), np.sin(angle), 0 * phase], axis=-1)


def load_path(name: FilePath) -> Path:
    """Return the path of a name that ships, or of a YAML file with its fields."""
    return read_file('paths', 'path', name, Path)[1]


@dataclass(frozen=True)
class Road:
    """A path on the ground, by arc length."""

    path: Path

    def __post_init__(self) -> None:
        """Raise a `UserError` for a path with corners."""
        if self.path.shape == 'waypoints':
            raise UserError('a path of waypoints has corners: a car needs one of shape: curve')

    @cached_property
    def _table(self) -> Floats:
        """Columns `[samples + 1, 5]`: arc length, x, y, heading, curvature."""
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
        """Length in m of one round."""
        return float(self._table[-1, 0])

    def at(self, way_m: Floats) -> Floats:
        """Return x, y, heading and curvature `[n, 4]` at arc lengths `[n]` in m.

        The heading in rad is continuous over several rounds.
        """
        way, *columns = self._table.T
        rounds, rest = np.divmod(way_m, self.length_m)
        values = [np.interp(rest, way, column) for column in columns]
        values[2] += rounds * 2 * math.pi * round((columns[2][-1] - columns[2][0]) / 2 / math.pi)
        return np.stack(values, axis=-1)
