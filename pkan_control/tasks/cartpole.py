"""`cartpole`: keep a pole upright on a cart, by a continuous force."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.common.seeding import stream
from pkan_control.control.laws.cartpole import CartpoleLaw
from pkan_control.tasks.task import Score

# Failure: distance of the cart from the centre in m, angle of the pole from upright in rad.
EDGE_M, FALLEN = 2.4, 0.2095
# Range of the starts, for all four numbers; and of those of training in m, m/s, rad, rad/s.
START = 0.05
WIDE = np.array([1.5, 1.5, 0.2, 1.5])
# Linear-quadratic regulator at 10 Hz of the upright pole, with weights of 1 for states
# and 0.1 for the force: N a m, N a m/s, N a rad, N a rad/s.
GAINS = np.array([1.67013, 3.16251, 32.28239, 8.09245])
# Weights in the reward of the squared position and angle, relative to their limits.
MIDDLE, UPRIGHT = 0.5, 0.5


@dataclass(frozen=True)
class Cartpole:
    """Balance for 500 actions; `world` may also be `bullet_cartpole`."""

    world: str = 'cartpole'

    name = 'cartpole'
    rate_hz = 10.0
    steps = 500

    @cached_property
    def law(self) -> CartpoleLaw:
        """The law at this task's rate."""
        return CartpoleLaw(self.rate_hz)

    def start(self, seed: int, episode: int) -> Floats:
        """Draw the state `[4]` of the start of an episode."""
        return stream(seed, 'start', episode).uniform(-START, START, 4)

    def training_starts(self, generator: np.random.Generator, count: int) -> Floats:
        """Draw states `[count, 4]`, some close to rest and some far."""
        return WIDE * generator.random((count, 1)) * generator.uniform(-1, 1, (count, 4))

    def training_goals(self, generator: np.random.Generator, count: int, steps: int) -> Floats:
        """Return the centre for all, `[steps, count, 1]` in m."""
        return np.zeros((steps, count, 1))

    def goal(self, seed: int, episode: int, step: int) -> Floats:
        """Return the goal of the cart, `[1]` in m: the centre."""
        return np.zeros(1)

    def goal_observation(self) -> Floats:
        """Return the observation `[4]` of rest at the centre."""
        return np.zeros(4)

    def expert(self, observation: Array) -> Array:
        """Return the regulator's force `[..., 1]` in N for observations `[..., 4]`."""
        xp = namespace(observation)
        gains = xp.asarray(GAINS, dtype=observation.dtype)
        return xp.sum(observation * gains, axis=-1, keepdims=True)

    def reward(self, state: Floats, goal: Floats) -> float:
        """Return 1 for a step, less the weighted squares of position and angle."""
        away, lean = (state[0] - goal[0]) / EDGE_M, state[2] / FALLEN
        return float(1 - MIDDLE * away**2 - UPRIGHT * lean**2)

    def failed(self, state: Floats, goal: Floats) -> bool:
        """Return whether the pole has fallen or the cart is off its track."""
        return bool(_failed(state))

    def score(self, states: Floats, goals: Floats) -> Score:
        """Score by whether the pole stayed upright until the end."""
        fallen = np.flatnonzero(_failed(states))
        steps = int(fallen[0]) if len(fallen) else len(states) - 1
        return Score(len(fallen) == 0, {'survived_s': steps / self.rate_hz})


def _failed(states: Floats) -> Array:
    inside = (np.abs(states[..., 0]) <= EDGE_M) & (np.abs(states[..., 2]) <= FALLEN)
    return ~inside


cartpole = Cartpole()
