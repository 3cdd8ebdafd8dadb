"""`ball_on_beam`: roll the ball to a place, and keep it there."""

import numpy as np

from my_robot.robot import ROLLING, BeamLaw
from pkan_control.common.arrays import Array, Floats
from pkan_control.common.seeding import stream
from pkan_control.tasks.task import Score

# Success: the ball's mean distance in the last second is below this; off the beam beyond its end.
TOLERANCE_M, END_M, START = 0.03, 0.6, np.array((0.4, 0.1, 0.1))


class BallOnBeamTask:
    """An episode takes six seconds."""

    name = world = 'ball_on_beam'
    law = BeamLaw()
    rate_hz, steps = law.rate_hz, 150

    def start(self, seed: int, episode: int) -> Floats:
        """Draw the state `[3]` of the start of an episode."""
        return START * stream(seed, 'start', episode).uniform(-1, 1, 3)

    def goal(self, seed: int, episode: int, step: int) -> Floats:
        """Return the place `[1]` of an episode."""
        return stream(seed, 'goal', episode).uniform(-0.3, 0.3, 1)

    def expert(self, observation: Array) -> Array:
        """Return the rate of a cascade: place to acceleration, that to tilt, that to a rate."""
        error, speed, tilt = (observation[..., i : i + 1] for i in range(3))
        return 8 * ((4 * speed - 4 * error) / ROLLING - tilt)

    def score(self, states: Floats, goals: Floats) -> Score:
        """Judge by where the ball lies in the end."""
        error = float(abs(states[-25:, :1] - goals[-25:]).mean())
        return Score(error < TOLERANCE_M, {'final_error_m': error})

    def reward(self, state: Floats, goal: Floats) -> float:
        """Return minus the distance in m."""
        return -float(abs(state[0] - goal[0]))

    def failed(self, state: Floats, goal: Floats) -> bool:
        """Return whether the ball fell off."""
        return bool(abs(state[0]) > END_M)

    # What follows is for training by imitation of the expert.
    def goal_observation(self) -> Floats:
        """Return the observation of a ball at rest at its place."""
        return np.zeros(3)

    def training_starts(self, generator: np.random.Generator, count: int) -> Floats:
        """Draw states `[count, 3]` to train from."""
        return 1.2 * START * generator.uniform(-1, 1, (count, 3))

    def training_goals(self, generator: np.random.Generator, count: int, steps: int) -> Floats:
        """Draw the places `[steps, count, 1]` to train on."""
        return np.broadcast_to(generator.uniform(-0.3, 0.3, (count, 1)), (steps, count, 1))


ball_on_beam = BallOnBeamTask()
