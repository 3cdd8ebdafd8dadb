"""`vehicle_track`: follow a path with a car at a given speed."""

import math
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.common.rotations import matrix
from pkan_control.common.seeding import stream
from pkan_control.control.laws.drone import ATTITUDE
from pkan_control.control.laws.vehicle import LOOK_AHEAD_S, VehicleLaw, X, Y, limited, path_errors
from pkan_control.robots.car import RACECAR, Car
from pkan_control.tasks.paths import Path, Road
from pkan_control.tasks.task import Score

# Gain of the cross-track error in 1/s, its softening at low speed in m/s, gain of the speed, and
# the largest steering angle in rad for a cross-track error.
K_CROSS, SOFTENING, K_SPEED, CROSS_LIMIT = 3.0, 0.5, 0.7, 0.5


def vehicle_expert(car: Car, observation: Array) -> Array:
    """Return steering angle in rad and speed in m/s `[..., 2]` for observations `[..., 4]`.

    The Stanley controller: G. Hoffmann et al., "Autonomous automobile trajectory tracking for
    off-road driving", ACC 2007.
    """
    xp = namespace(observation)
    cross, heading, speed, error = (observation[..., i : i + 1] for i in range(4))
    rolling = xp.maximum(speed, 0 * speed) + SOFTENING
    back = limited(xp.atan(K_CROSS * cross / rolling), CROSS_LIMIT)
    steering = limited(-heading - back, car.max_steering)
    return xp.concat([steering, speed + (1 + K_SPEED) * error], axis=-1)


# A road of 34 m with left and right bends, the tightest with a radius of 1.8 m.
ROAD = (
    *((0.0, 0.0, 0.0), (4.0, -0.5, 0.0), (7.0, 1.5, 0.0), (7.0, 5.0, 0.0), (4.0, 6.0, 0.0)),
    *((1.0, 5.5, 0.0), (-2.0, 7.0, 0.0), (-5.0, 5.5, 0.0), (-5.0, 2.0, 0.0), (-3.0, 0.2, 0.0)),
)
# Success: the rms cross-track error after this time is below this.
TOLERANCE_M, CATCH_UP_S = 0.1, 2.0
# Window of time around the goal that is searched for the nearest point of the path; distance in m
# that counts as failure.
WINDOW_S, LOST_M = 0.5, 1.0
# Ranges of the starts: cross-track error in m, heading error in rad, share of the path's speed.
START_CROSS, START_HEADING, START_SPEED = 0.3, 0.3, (0.5, 1.0)
# Training: ranges of speed in m/s, lateral acceleration in m/s^2, curvature in 1/m, its frequency
# along the road in rad/m, and a factor on the starts.
SPEEDS, SIDEWAYS, BENDING, BENDS, WIDE = (0.8, 3.2), 4.0, 1.0, (0.3, 2.0), 1.3


@dataclass(frozen=True)
class VehicleTrack:
    """Follow a path with a car with Ackermann steering."""

    car: Car = RACECAR
    path: Path = field(default_factory=lambda: Path('curve', 2.0, points_m=ROAD))

    name = 'vehicle_track'
    world = 'bullet_vehicle'
    rate_hz = 50.0
    episode_s = 10.0

    @property
    def steps(self) -> int:
        """Control steps of an episode of 10 s."""
        return round(self.episode_s * self.rate_hz)

    @cached_property
    def law(self) -> VehicleLaw:
        """The vehicle's law at this task's rate."""
        return VehicleLaw(self.car, self.rate_hz)

    @cached_property
    def road(self) -> Road:
        """The path by arc length."""
        return Road(self.path)

    def with_path(self, path: Path) -> 'VehicleTrack':
        """Return the same task on another path."""
        Road(path)
        return replace(self, path=path)

    def start(self, seed: int, episode: int) -> Floats:
        """Draw the state `[13]` of the start of an episode, near the goal of its first step."""
        generator = stream(seed, 'start', episode)
        x, y, yaw = self.goal(seed, episode, 0)[:3]
        cross, heading = generator.uniform(-1, 1, 2) * (START_CROSS, START_HEADING)
        speed = self.path.speed_m_s * generator.uniform(*START_SPEED)
        place = x - cross * math.sin(yaw), y + cross * math.cos(yaw)
        state: Floats = states_at(np.array([[*place, yaw + heading, speed]]))[0]
        return state

    def goal(self, seed: int, episode: int, step: int) -> Floats:
        """Return the point `[6]` of the path at a control step; episodes enter anywhere."""
        goal: Floats = _goals(self, seed, episode)[step]
        return goal

    def goal_observation(self) -> Floats:
        """Return the observation `[4]` of a car on its path."""
        return np.array([0.0, 0.0, 2.0, 0.0])

    def training_starts(self, generator: np.random.Generator, count: int) -> Floats:
        """Draw states `[count, 13]` near the origin, heading along x."""
        wide = WIDE * np.array([START_CROSS, START_HEADING])
        cross, heading = (generator.uniform(-1, 1, (count, 2)) * wide).T
        speed = generator.uniform(0.3, SPEEDS[1], count)
        return states_at(np.stack([0 * cross, cross, heading, speed], axis=-1))

    def training_goals(self, generator: np.random.Generator, count: int, steps: int) -> Floats:
        """Draw goals `[steps, count, 6]` on roads of sinusoidal curvature from the origin."""
        speed = generator.uniform(*SPEEDS, count)
        most = np.minimum(BENDING, SIDEWAYS / speed**2) * generator.uniform(0, 1, count)
        often, phase = generator.uniform(*BENDS, count), generator.uniform(0, 2 * np.pi, count)
        way = speed * np.arange(steps)[:, None] / self.rate_hz
        curvature = most * np.sin(often * way + phase)
        yaw = most / often * (np.cos(phase) - np.cos(often * way + phase))
        steps_m = speed / self.rate_hz
        x, y = (
            np.cumsum(f(yaw), axis=0) * steps_m - f(yaw[:1]) * steps_m for f in (np.cos, np.sin)
        )
        ahead = most * np.sin(often * (way + speed * LOOK_AHEAD_S) + phase)
        return np.stack([x, y, yaw, 0 * yaw + speed, curvature, ahead], axis=-1)

    def expert(self, observation: Array) -> Array:
        """Return steering angle and speed `[..., 2]` for observations `[..., 4]`."""
        return vehicle_expert(self.car, observation)

    def reward(self, state: Floats, goal: Floats) -> float:
        """Return minus the cross-track error in m, and 1 more within the tolerance."""
        cross, _, gap = (abs(float(part[0])) for part in path_errors(state, goal))
        return -cross - 0.1 * gap + (cross < TOLERANCE_M)

    def failed(self, state: Floats, goal: Floats) -> bool:
        """Return whether the car is lost or overturned."""
        cross, _, gap = (abs(float(part[0])) for part in path_errors(state, goal))
        return not (cross < LOST_M and gap < LOST_M and matrix(state[ATTITUDE])[2, 2] > 0)

    def score(self, states: Floats, goals: Floats) -> Score:
        """Score by the cross-track error, wherever along the path the car is."""
        cross = cross_track(states, goals, round(WINDOW_S * self.rate_hz))
        upright = bool((matrix(states[:, ATTITUDE])[:, 2, 2] > 0).all())
        caught = cross[round(CATCH_UP_S * self.rate_hz) :]
        rms, worst = float(np.sqrt((caught**2).mean())), float(abs(caught).max())
        return Score(upright and rms < TOLERANCE_M, {'rms_error_m': rms, 'worst_error_m': worst})


def states_at(poses: Floats) -> Floats:
    """Return states `[n, 13]` of cars on the ground at x, y, yaw, speed `[n, 4]`."""
    x, y, yaw, speed = poses.T
    zero = 0 * yaw
    attitude = [zero, zero, np.sin(yaw / 2), np.cos(yaw / 2)]
    return np.stack([x, y, zero, *attitude, speed, *[zero] * 5], axis=-1)


def cross_track(states: Floats, goals: Floats, window: int) -> Floats:
    """Return the cross-track error `[n]` of states in m, positive to the left.

    The path is approximated by a circle at the nearest goal within a window of steps.
    """
    steps = np.arange(len(states))
    near = np.clip(steps[:, None] + np.arange(-window, window + 1), 0, len(goals) - 1)
    distance = np.hypot(
        goals[near][..., X.start] - states[:, :1], goals[near][..., Y.start] - states[:, 1:2]
    )
    nearest = goals[near[steps, distance.argmin(axis=1)]]
    return np.asarray(path_errors(states, nearest)[0][:, 0])


@lru_cache(maxsize=8)
def _goals(task: VehicleTrack, seed: int, episode: int) -> Floats:
    """Return the goals `[steps + 1, 6]` of an episode."""
    road, speed = task.road, task.path.speed_m_s
    entry = stream(seed, 'path', episode).uniform(0, road.length_m)
    way = np.asarray(entry + speed * np.arange(task.steps + 1) / task.rate_hz, np.float64)
    here, ahead = road.at(way), road.at(way + speed * LOOK_AHEAD_S)
    return np.column_stack([here[:, :3], 0 * way + speed, here[:, 3], ahead[:, 3]])


vehicle_track = VehicleTrack()
