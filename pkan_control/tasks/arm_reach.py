"""`arm_reach`: move the tool of an arm to a point and hold it there."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.seeding import stream
from pkan_control.tasks.arm_task import ArmTask
from pkan_control.tasks.task import Score

# Success: mean distance in the last half second below this; settled: below it until the end.
TOLERANCE_M, FINAL_S = 0.01, 0.5


@dataclass(frozen=True)
class ArmReach(ArmTask):
    """Reach a point with a Franka Panda, or with any arm."""

    name = 'arm_reach'
    episode_s = 4.0
    tolerance_m = TOLERANCE_M

    @property
    def steps(self) -> int:
        """Control steps of an episode of 4 s."""
        return round(self.episode_s * self.rate_hz)

    def start(self, seed: int, episode: int) -> Floats:
        """Draw the state `[2 n]` of the start of an episode."""
        state: Floats = self.at_rest(self.postures(stream(seed, 'start', episode), 1, 1.0)[0])
        return state

    def goal(self, seed: int, episode: int, step: int) -> Floats:
        """Return the point `[3]` in m of an episode."""
        return _goal(self, seed, episode)

    def training_goals(self, generator: np.random.Generator, count: int, steps: int) -> Floats:
        """Draw points `[steps, count, 3]`, one for each episode."""
        return np.broadcast_to(self.points(generator, count), (steps, count, 3))

    def reward(self, state: Floats, goal: Floats) -> float:
        """Return minus the distance in m, and 1 more within the tolerance."""
        distance = float(np.linalg.norm(self.position(state) - goal[:3]))
        return -distance + (distance < TOLERANCE_M)

    def score(self, states: Floats, goals: Floats) -> Score:
        """Score by the distance of the true tool position from the goal."""
        distance = np.linalg.norm(self.position(states) - goals[:, :3], axis=1)
        final = float(distance[-round(FINAL_S * self.rate_hz) :].mean())
        outside = np.flatnonzero(~(distance < TOLERANCE_M))
        settled = 0 if len(outside) == 0 else int(outside[-1]) + 1
        settling = settled / self.rate_hz if settled < len(distance) else np.inf
        figures = {'tool_error_m': final, 'settling_time_s': float(settling)}
        return Score(final < TOLERANCE_M, figures)


@lru_cache(maxsize=64)
def _goal(task: ArmReach, seed: int, episode: int) -> Floats:
    point: Floats = task.points(stream(seed, 'goal', episode), 1)[0]
    return point


arm_reach = ArmReach()
