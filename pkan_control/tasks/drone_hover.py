"""`drone_hover`: reach a position from about 1 m away, tilted and moving, and hold it."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pkan_control.common.arrays import Array, Floats
from pkan_control.common.rotations import turn, upwards
from pkan_control.common.seeding import stream
from pkan_control.control.laws.drone import ATTITUDE, POSITION, DroneLaw
from pkan_control.robots.quadrotor import CRAZYFLIE, Airframe
from pkan_control.tasks.drone_controllers import drone_expert
from pkan_control.tasks.task import Score

GOAL_M = (0.0, 0.0, 1.5)
# Success: the mean distance over the last second is below this. Settled: it stays below.
TOLERANCE_M = 0.1
# Ranges of the starts: position +-m, tilt up to rad, any yaw, velocity +-m/s, rate +-rad/s.
START_OFFSET_M, START_TILT, START_SPEED, START_RATE = 1.0, np.deg2rad(30.0), 1.0, 1.0
# Failure: distance from the goal, and lowest height of the centre, in m.
LOST_M, FLOOR_M = 5.0, 0.02
# Scale of the starts in training, and of the share of them that are near the goal.
WIDE, NEAR, NEAR_SHARE = 1.3, 0.15, 0.3


@dataclass(frozen=True)
class DroneHover:
    """Hover a quadrotor, by default a Crazyflie 2.x."""

    airframe: Airframe = CRAZYFLIE
    mirrored: bool = False

    name = 'drone_hover'
    world = 'bullet_drone'
    rate_hz = 50.0
    episode_s = 6.0
    tolerance_m = TOLERANCE_M

    @property
    def steps(self) -> int:
        """Control steps of an episode of 6 s."""
        return round(self.episode_s * self.rate_hz)

    @cached_property
    def law(self) -> DroneLaw:
        """The drone's law at this task's rate."""
        return DroneLaw(self.airframe, self.rate_hz, mirrored=self.mirrored)

    def with_airframe(self, airframe: Airframe) -> 'DroneHover':
        """Return the same task for another quadrotor."""
        return replace(self, airframe=airframe)

    def with_symmetry_averaging(self) -> 'DroneHover':
        """Return the same task with a network averaged over half a turn about the vertical."""
        return replace(self, mirrored=True)

    def start(self, seed: int, episode: int) -> Floats:
        """Draw the state `[13]` of the start of an episode."""
        generator = stream(seed, 'start', episode)
        state: Floats = draw_states(generator, np.ones((1, 1)))[0]
        return state

    def training_starts(self, generator: np.random.Generator, count: int) -> Floats:
        """Draw states `[count, 13]`, most of them wider than those of episodes, some near."""
        near = generator.random((count, 1)) < NEAR_SHARE
        return draw_states(generator, np.where(near, NEAR, WIDE))

    def training_goals(self, generator: np.random.Generator, count: int, steps: int) -> Floats:
        """Return the same goal for all, `[steps, count, 3]` in m."""
        return np.broadcast_to(GOAL_M, (steps, count, 3))

    def goal(self, seed: int, episode: int, step: int) -> Floats:
        """Return the goal `[3]` in m, always the same."""
        return np.array(GOAL_M)

    def goal_observation(self) -> Floats:
        """Return the observation `[12]` of a drone that hovers level at its goal."""
        return np.array([0.0] * 6 + [0.0, 0.0, 1.0] + [0.0] * 3)

    def position(self, states: Floats) -> Floats:
        """Return the position of the drone, `[..., 3]` in m, in states `[..., 13]`."""
        return states[..., POSITION]

    def expert(self, observation: Array) -> Array:
        """Return collective and angular accelerations `[..., 4]` for observations `[..., 12]`."""
        return drone_expert(observation)

    def reward(self, state: Floats, goal: Floats) -> float:
        """Return minus the distance in m, and 1 more within the tolerance."""
        distance = float(np.linalg.norm(state[POSITION] - goal))
        return -distance + (distance < TOLERANCE_M)

    def failed(self, state: Floats, goal: Floats) -> bool:
        """Return whether the drone is inverted, on the floor, or more than 5 m away."""
        inverted = bool(upwards(state[ATTITUDE]) <= 0)
        astray = float(np.linalg.norm(state[POSITION] - goal)) > LOST_M
        return inverted or astray or bool(state[2] < FLOOR_M)

    def score(self, states: Floats, goals: Floats) -> Score:
        """Score by the distance to the goal; a flight that was ever inverted fails."""
        distance = np.linalg.norm(states[:, POSITION] - goals, axis=1)
        upright = bool((upwards(states[:, ATTITUDE]) > 0).all())
        final = float(distance[-round(self.rate_hz) :].mean())
        outside = np.flatnonzero(~(distance < TOLERANCE_M))
        settled = 0 if len(outside) == 0 else int(outside[-1]) + 1
        settling = settled / self.rate_hz if settled < len(distance) else np.inf
        figures = {'final_error_m': final, 'settling_time_s': float(settling)}
        return Score(bool(upright and final < TOLERANCE_M), figures)


def draw_states(generator: np.random.Generator, scale: Floats) -> Floats:
    """Draw states `[n, 13]` around the goal, `scale[n, 1]` times as far as an episode's."""
    count = len(scale)
    offset = START_OFFSET_M * scale * generator.uniform(-1, 1, (count, 3))
    offset[:, 2] = np.maximum(offset[:, 2], -START_OFFSET_M)
    yaw = generator.uniform(-np.pi, np.pi, count)
    direction = generator.uniform(-np.pi, np.pi, count)
    tilt = START_TILT * scale[:, 0] * generator.random(count)
    level = np.stack([0 * yaw, 0 * yaw, np.sin(yaw / 2), np.cos(yaw / 2)], axis=-1)
    axis = np.stack([np.cos(direction), np.sin(direction), 0 * yaw], axis=-1)
    attitude = turn(level, tilt[:, None] * axis)
    velocity = START_SPEED * scale * generator.uniform(-1, 1, (count, 3))
    rate = START_RATE * scale * generator.uniform(-1, 1, (count, 3))
    return np.concatenate([np.array(GOAL_M) + offset, attitude, velocity, rate], axis=-1)


drone_hover = DroneHover()
