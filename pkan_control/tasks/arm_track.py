"""`arm_track`: follow a path with the tool of an arm, by default a circle."""

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.rotations import matrix
from pkan_control.common.seeding import stream
from pkan_control.robots.kinematics import forward
from pkan_control.tasks.arm_task import ArmTask
from pkan_control.tasks.paths import Path
from pkan_control.tasks.task import Score

# Success: the rms distance after this time is below this.
TOLERANCE_M, CATCH_UP_S = 0.005, 2.0
# Default path: a circle around the resting tool, in another plane for each episode.
RADIUS_M, PERIOD_S = 0.1, 4.0
# Starts of an episode, as a share of the range of postures around rest.
START = 0.3
# Training: circles of up to this radius, with at least this period.
TRAINED_M, SHORTEST_S = 0.15, 3.0


@dataclass(frozen=True)
class ArmTrack(ArmTask):
    """Follow a path in the base frame with a Franka Panda, or with any arm."""

    path: Path | None = None

    name = 'arm_track'
    moving = True
    # A moving goal is never reached: the remaining error is inversely proportional to the gain.
    gain = 12.0
    episode_s = 6.0

    @property
    def steps(self) -> int:
        """Control steps of an episode of 6 s."""
        return round(self.episode_s * self.rate_hz)

    @cached_property
    def centre(self) -> Floats:
        """Position of the resting tool, `[3]` in m."""
        found: Floats = forward(self.arm, np.array(self.rest))[:3, 3]
        return found

    def with_path(self, path: Path) -> 'ArmTrack':
        """Return the same task on another path, in the base frame."""
        return replace(self, path=path)

    def start(self, seed: int, episode: int) -> Floats:
        """Draw the state `[2 n]` of the start of an episode, near the posture of rest."""
        state: Floats = self.at_rest(self.postures(stream(seed, 'start', episode), 1, START)[0])
        return state

    def goal(self, seed: int, episode: int, step: int) -> Floats:
        """Return position and velocity `[6]` in m and m/s; an episode enters the path anywhere."""
        goal: Floats = _goals(self, seed, episode)[step]
        return goal

    def training_goals(self, generator: np.random.Generator, count: int, steps: int) -> Floats:
        """Draw circles `[steps, count, 6]` around the resting tool, in any planes."""
        radius = TRAINED_M * generator.random(count)
        turn = 2 * np.pi / SHORTEST_S * generator.uniform(0.3, 1, count)
        phase = turn * (np.arange(steps)[:, None] / self.rate_hz) + generator.uniform(0, 7, count)
        plane = planes(generator, count)
        level = np.stack([np.cos(phase), np.sin(phase), 0 * phase], axis=-1)
        along = np.stack([-np.sin(phase), np.cos(phase), 0 * phase], axis=-1)
        place = radius[:, None] * (plane @ level[..., None])[..., 0]
        speed = (radius * turn)[:, None] * (plane @ along[..., None])[..., 0]
        return np.concatenate([self.centre + place, speed], axis=-1)

    def reward(self, state: Floats, goal: Floats) -> float:
        """Return minus the distance in m, and 1 more within the tolerance."""
        distance = float(np.linalg.norm(self.position(state) - goal[:3]))
        return -distance + (distance < TOLERANCE_M)

    def score(self, states: Floats, goals: Floats) -> Score:
        """Score by the distance of the true tool position from the moving goal."""
        distance = np.linalg.norm(self.position(states) - goals[:, :3], axis=1)
        caught = distance[round(CATCH_UP_S * self.rate_hz) :]
        rms = float(np.sqrt((caught**2).mean()))
        figures = {'tool_rms_m': rms, 'worst_error_m': float(caught.max())}
        return Score(rms < TOLERANCE_M, figures)


def planes(generator: np.random.Generator, count: int) -> Floats:
    """Draw rotations `[count, 3, 3]`, uniformly distributed."""
    drawn = generator.standard_normal((count, 4))
    found: Floats = matrix(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))
    return found


@lru_cache(maxsize=8)
def _goals(task: ArmTrack, seed: int, episode: int) -> Floats:
    """Return the goals `[steps + 1, 6]` of an episode."""
    generator = stream(seed, 'path', episode)
    times = np.arange(task.steps + 1) / task.rate_hz
    if task.path is not None:
        entry = generator.uniform(0, task.path.period_s)
        return task.path.at(entry + times)[:, :6]
    circle = Path('circle', 2 * math.pi * RADIUS_M / PERIOD_S, RADIUS_M, (0.0, 0.0, 0.0))
    flat = circle.at(generator.uniform(0, PERIOD_S) + times)
    plane = planes(generator, 1)[0]
    return np.concatenate([task.centre + flat[:, :3] @ plane.T, flat[:, 3:6] @ plane.T], axis=-1)


arm_track = ArmTrack()
