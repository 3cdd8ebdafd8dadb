"""`solar_mppt`: keep a string of partly shaded solar modules at the voltage of most power."""

from dataclasses import dataclass, field

import numpy as np

from pkan_control.common.arrays import Array, Floats
from pkan_control.common.seeding import stream
from pkan_control.control.laws.solar import STEP_V, MeasuredLaw, SolarLaw
from pkan_control.tasks.problems.solar_point import LIGHT, WARMTH_C, SolarPoint
from pkan_control.tasks.task import Score

# The step at which an episode's light changes, and the voltage that it starts at.
CHANGE, START_V = (15, 35), (50.0, 150.0)
# What belongs to the simulation stands in the state after what is measured.
POWER, BEST_V, BEST_W = 3, 4, 5
# Success: this share of the power that there was.
ENOUGH = 0.95
# The best constant voltage, and the best step to perturb by, on 2000 episodes to train on:
# `python benchmark/solar.py` tunes them on the training curves and prints what it found.
CONSTANT_V, PERTURB_V, FIRST_V = 119.0, 2.0, 116.0


class PerturbAndObserve:
    """Go to a first voltage; then go on in the direction that gave more power, else turn round."""

    def __init__(self, step_v: float = PERTURB_V, first_v: float = FIRST_V) -> None:
        """Move by steps of a size in V, from a voltage on."""
        self._step, self._first = step_v, first_v
        self.begin(0)

    def begin(self, episode: int) -> None:
        """Forget the power and start anew."""
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
    """Track the point of most power for 50 steps."""

    law: SolarLaw = field(default_factory=SolarLaw)

    name = 'solar_mppt'
    world = 'solar'
    rate_hz = 10.0
    steps = 50
    # What networks are compared by.
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
        """Return goals that say nothing, `[steps, count, 0]`."""
        return np.zeros((steps, count, 0))

    def goal(self, seed: int, episode: int, step: int) -> Floats:
        """Return a goal that says nothing, `[0]`."""
        return np.zeros(0)

    def goal_observation(self) -> Floats:
        """Return the observation `[4]` of a usual string at its best point."""
        return np.array([CONSTANT_V, 5.5, 0.0, 1.0])

    def expert(self, observation: Array) -> Array:
        """Return the step `[..., 1]` in V to the best constant voltage."""
        return CONSTANT_V - observation[..., :1]

    def reference(self) -> tuple[SolarLaw, PerturbAndObserve]:
        """Return perturb-and-observe, tuned."""
        return MeasuredLaw(), PerturbAndObserve()

    @property
    def problem(self) -> SolarPoint:
        """What its network learns from examples."""
        return SolarPoint(self.law)

    def reward(self, state: Floats, goal: Floats) -> float:
        """Return the power as a share of the most."""
        return float(state[POWER] / state[BEST_W])

    def failed(self, state: Floats, goal: Floats) -> bool:
        """Return False: power lost is lost, but there is always more."""
        return False

    def score(self, states: Floats, goals: Floats) -> Score:
        """Judge by the mean of the power after each step over the most at that time."""
        share = float(np.mean(states[1:, POWER] / states[1:, BEST_W]))
        return Score(share >= ENOUGH, {'energy_share': share})


solar_mppt = SolarMppt()
