"""`drone_track`: follow a path, by default a figure of eight."""

from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np

from pkan_control.common.arrays import Array, Floats
from pkan_control.common.rotations import upwards
from pkan_control.common.seeding import stream
from pkan_control.control.laws.drone import ATTITUDE, POSITION, DroneLaw
from pkan_control.robots.quadrotor import CRAZYFLIE, Airframe
from pkan_control.tasks.drone_controllers import PID_TILT_LAG_S, CascadedPid, drone_expert
from pkan_control.tasks.drone_hover import FLOOR_M, GOAL_M, LOST_M, draw_states
from pkan_control.tasks.paths import Path
from pkan_control.tasks.task import Score

# Success: the rms distance after this time is below this.
TOLERANCE_M, CATCH_UP_S = 0.1, 2.0
# Scale of the starts, relative to those of hovering.
START = 0.5
# Tuned on the figure of eight: the rate of the path is fed forward, so that it is not damped.
INTEGRAL_GAIN, TURNING_AHEAD = 0.7, 0.95
# Training: scale of the starts; frequency in rad/s, largest amplitude in m and acceleration in
# m/s^2 of the oscillating goals, a factor on them in height, and the share of goals at rest.
WIDE, SWING_RAD_S, REACH_M, SWING_M_S2, HEIGHT, REST_SHARE = 1.0, (0.5, 3.5), 1.2, 8.0, 0.3, 0.2


@dataclass(frozen=True)
class DroneTrack:
    """Follow a path with a quadrotor, by default a Crazyflie 2.x."""

    airframe: Airframe = CRAZYFLIE
    path: Path = field(default_factory=Path)
    mirrored: bool = False

    name = 'drone_track'
    world = 'bullet_drone'
    rate_hz = 50.0
    episode_s = 10.0
    reference_name = 'cascaded PID'

    @property
    def steps(self) -> int:
        """Control steps of an episode of 10 s."""
        return round(self.episode_s * self.rate_hz)

    @cached_property
    def law(self) -> DroneLaw:
        """The drone's law at this task's rate, with a moving goal."""
        return DroneLaw(
            self.airframe,
            self.rate_hz,
            moving=True,
            integral_gain=INTEGRAL_GAIN,
            tilt_lag_s=0.0,
            turning_ahead=TURNING_AHEAD,
            mirrored=self.mirrored,
        )

    def with_airframe(self, airframe: Airframe) -> 'DroneTrack':
        """Return the same task for another quadrotor."""
        return replace(self, airframe=airframe)

    def with_symmetry_averaging(self) -> 'DroneTrack':
        """Return the same task with a network averaged over half a turn about the vertical."""
        return replace(self, mirrored=True)

    def with_path(self, path: Path) -> 'DroneTrack':
        """Return the same task on another path."""
        return replace(self, path=path)

    def reference(self) -> tuple[DroneLaw, CascadedPid]:
        """Return the law without its outer loop, and the cascaded PID that runs in it."""
        law = replace(self.law.switched_off('all'), tilt_lag_s=PID_TILT_LAG_S)
        return law, CascadedPid(law)

    def start(self, seed: int, episode: int) -> Floats:
        """Draw the state `[13]` of the start of an episode, near the goal of its first step."""
        state: Floats = draw_states(stream(seed, 'start', episode), np.full((1, 1), START))[0]
        state[POSITION] += self.goal(seed, episode, 0)[:3] - np.array(GOAL_M)
        return state

    def goal(self, seed: int, episode: int, step: int) -> Floats:
        """Return position, velocity and acceleration `[9]`; episodes enter the path anywhere."""
        goal: Floats = _goals(self, seed, episode)[step]
        return goal

    def goal_observation(self) -> Floats:
        """Return the observation `[12]` of a drone that hovers level at its goal."""
        return np.array([0.0] * 6 + [0.0, 0.0, 1.0] + [0.0] * 3)

    def training_starts(self, generator: np.random.Generator, count: int) -> Floats:
        """Draw states `[count, 13]` around the centre of the paths."""
        return draw_states(generator, WIDE * generator.random((count, 1)))

    def training_goals(self, generator: np.random.Generator, count: int, steps: int) -> Floats:
        """Draw goals `[steps, count, 9]` that oscillate about the centre on each axis."""
        omega = generator.uniform(*SWING_RAD_S, (count, 3))
        reach = np.minimum(REACH_M, SWING_M_S2 / omega**2) * generator.uniform(-1, 1, (count, 3))
        reach = reach * (1, 1, HEIGHT) * (generator.random((count, 1)) >= REST_SHARE)
        phase = omega * (np.arange(steps)[:, None, None] / self.rate_hz)
        position = np.array(GOAL_M) + reach * np.sin(phase)
        speed, change = reach * omega * np.cos(phase), -reach * omega**2 * np.sin(phase)
        return np.concatenate([position, speed, change], axis=-1)

    def expert(self, observation: Array) -> Array:
        """Return collective and angular accelerations `[..., 4]` for observations `[..., 12]`."""
        return drone_expert(observation)

    def reward(self, state: Floats, goal: Floats) -> float:
        """Return minus the distance in m, and 1 more within the tolerance."""
        distance = float(np.linalg.norm(state[POSITION] - goal[:3]))
        return -distance + (distance < TOLERANCE_M)

    def failed(self, state: Floats, goal: Floats) -> bool:
        """Return whether the drone is lost or on the floor."""
        distance = float(np.linalg.norm(state[POSITION] - goal[:3]))
        return not (distance < LOST_M and state[POSITION][2] > FLOOR_M)

    def score(self, states: Floats, goals: Floats) -> Score:
        """Score by the distance to the moving goal; a flight that was ever inverted fails."""
        distance = np.linalg.norm(states[:, POSITION] - goals[:, :3], axis=1)
        upright = bool((upwards(states[:, ATTITUDE]) > 0).all())
        caught = distance[round(CATCH_UP_S * self.rate_hz) :]
        rms = float(np.sqrt((caught**2).mean()))
        figures = {'rms_error_m': rms, 'worst_error_m': float(caught.max())}
        return Score(bool(upright and rms < TOLERANCE_M), figures)


@lru_cache(maxsize=8)
def _goals(task: DroneTrack, seed: int, episode: int) -> Floats:
    """Return the goals `[steps + 1, 9]` of an episode."""
    entry = stream(seed, 'path', episode).uniform(0, task.path.period_s)
    return task.path.at(entry + np.arange(task.steps + 1) / task.rate_hz)


drone_track = DroneTrack()
