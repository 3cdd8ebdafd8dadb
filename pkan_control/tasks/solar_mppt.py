"""`solar_mppt`: keep a string of partly shaded solar modules at its maximum power point."""

from dataclasses import dataclass, field

import numpy as np

from pkan_control.common.arrays import Array, Floats
from pkan_control.common.seeding import stream
from pkan_control.control.laws.solar import STEP_V, MeasuredLaw, SolarLaw
from pkan_control.tasks.problems.solar_point import LIGHT, WARMTH_C, SolarPoint
from pkan_control.tasks.task import Score

# Ranges of the step at which the light changes, and of the voltage at the start.
CHANGE, START_V = (15, 35), (50.0, 150.0)
# Places in the state: the measured power, then the best voltage and power of the simulation.
POWER, BEST_V, BEST_W = 3, 4, 5
# Success: this share of the available power.
ENOUGH = 0.95
# The best constant voltage, perturbation and first voltage on 2000 training episodes, as
# `python benchmark/solar.py` computes them.
CONSTANT_V, PERTURB_V, FIRST_V = 119.0, 2.0, 116.0


class PerturbAndObserve:
    """Go to a first voltage, then step in the direction in which the power rises."""

    def __init__(self, step_v: float = PERTURB_V, first_v: float = FIRST_V) -> None:
        """Step by a voltage in V, from a first voltage in V."""
        self._step, self._first = step_v, first_v
        self.begin(0)

    def begin(self, episode: int) -> None:
        """Reset: go to the first voltage again."""
        self._there, self._direction, self._power = False, 1.0, 0.0

    def __call__(self, observation: Floats, time_s: float) -> Floats:
        """Return the next step for voltage and power, normalised, `[1]`."""
        voltage, power = observation.tolist()
        away = self._first - voltage
        self._there = self._there or abs(away) < STEP_V / 1e3
        if not self._there:
            return np.array([np.clip(away / STEP_V, -1, 1)])
        if power < self._power:
            self._direction = -self._direction
        self._power = power
        return np.array([self._direction * self._step / STEP_V])


@dataclass(frozen=True)
class SolarMppt:
    """Track the maximum power point for 50 steps."""

    law: SolarLaw = field(default_factory=SolarLaw)

    name = 'solar_mppt'
    world = 'solar'
    rate_hz = 10.0
    steps = 50
    # The figure that networks are compared by.
    measure = 'energy_share'
    reference_name = 'perturb and observe'

    def start(self, seed: int, episode: int) -> Floats:
        """Draw the state `[17]` of the start of an episode."""
        state: Floats = self.training_starts(stream(seed, 'start', episode), 1)[0]
        return state

    def training_starts(self, generator: np.random.Generator, count: int) -> Floats:
        """Draw states `[count, 17]`: light, temperature and voltage of each string."""
        light = generator.uniform(*LIGHT, (count, 8))
        warmth = generator.uniform(*WARMTH_C, (count, 1))
        change = generator.integers(*CHANGE, (count, 1), endpoint=True).astype(float)
        voltage = generator.uniform(*START_V, (count, 1))
        nothing = np.zeros((count, 6))
        return np.concatenate([voltage, nothing, change, warmth, light], axis=1)

    def training_goals(self, generator: np.random.Generator, count: int, steps: int) -> Floats:
        """Return empty goals, `[steps, count, 0]`."""
        return np.zeros((steps, count, 0))

    def goal(self, seed: int, episode: int, step: int) -> Floats:
        """Return an empty goal, `[0]`."""
        return np.zeros(0)

    def goal_observation(self) -> Floats:
        """Return the observation `[4]` of an average string at its best point."""
        return np.array([CONSTANT_V, 5.5, 0.0, 1.0])

    def expert(self, observation: Array) -> Array:
        """Return the step `[..., 1]` in V to the best constant voltage."""
        return CONSTANT_V - observation[..., :1]

    def reference(self) -> tuple[SolarLaw, PerturbAndObserve]:
        """Return the law of plain measurements, and tuned perturb-and-observe."""
        return MeasuredLaw(), PerturbAndObserve()

    @property
    def problem(self) -> SolarPoint:
        """The step to the best point, from two points of a curve."""
        return SolarPoint(self.law)

    def reward(self, state: Floats, goal: Floats) -> float:
        """Return the power as a share of the maximum."""
        return float(state[POWER] / state[BEST_W])

    def failed(self, state: Floats, goal: Floats) -> bool:
        """Return False: a tracker can always recover."""
        return False

    def score(self, states: Floats, goals: Floats) -> Score:
        """Score by the mean ratio of the power after each step to the maximum at that time."""
        share = float(np.mean(states[1:, POWER] / states[1:, BEST_W]))
        return Score(share >= ENOUGH, {'energy_share': share})


solar_mppt = SolarMppt()
