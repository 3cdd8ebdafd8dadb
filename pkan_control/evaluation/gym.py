"""Every task as a Gymnasium environment; importing this module registers them.

import gymnasium
import pkan_control.evaluation.gym

environment = gymnasium.make('pkan_control/DroneHover-v0')
"""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.control.guard import CommandGuard
from pkan_control.control.signals import Terms
from pkan_control.evaluation.rollouts.episode import Episode
from pkan_control.sim.world import open_world
from pkan_control.tasks.options import configured

Observation = NDArray[np.float32]


class TaskEnvironment(gymnasium.Env[Observation, Observation]):
    """A task with its law: observations and actions are what a network sees and gives.

    Both are normalised and limited as their terms say, to +-3 where these say nothing. The reward
    of a step is the task's: for a drone minus the distance to the goal in m, plus a bonus of 1 for
    every step within the task's tolerance.
    """

    metadata = {'render_modes': []}  # noqa: RUF012 (Gymnasium's own convention)

    def __init__(self, task: str, **options: Any) -> None:
        """Open the world of the task of that name; options are those of `configured`."""
        self._task = configured(task, **options)
        law = self._task.law
        self._world = open_world(self._task.world, law, self._task.rate_hz)
        self._open = True
        self._guard = CommandGuard(law.command)
        self._episode: Episode
        self._memory: Floats
        self.observation_space = _box(law.observation)
        self.action_space = _box(law.output)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode drawn from the seed; without one, the next of the running stream."""
        super().reset(seed=seed)
        number = int(self.np_random.integers(2**31))
        self._episode = Episode(self._task, self._world, 0 if seed is None else seed, number)
        self._memory = self._task.law.start(self._episode.seen)
        return self._observe(), {}

    def _observe(self) -> Observation:
        law = self._task.law
        self._memory, values = law.observe(self._memory, self._episode.seen, self._episode.goal)
        observation: Observation = law.observation.normalise(values).astype(np.float32)
        return observation

    def step(self, action: Observation) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Apply a network's outputs for one control period."""
        law, episode = self._task.law, self._episode
        outputs = np.asarray(action, dtype=np.float64)
        self._memory, command = law.act(
            self._memory, episode.seen, law.output.denormalise(outputs)
        )
        checked = self._guard.check(command)
        episode.advance(law.safe_command() if checked is None else checked.command, 0)
        reward = self._task.reward(episode.state, episode.goal)
        failed = self._task.failed(episode.state, episode.goal)
        return self._observe(), reward, failed, episode.done, {}

    def close(self) -> None:
        """Release the world; a second time does nothing."""
        if self._open:
            self._open = False
            self._world.close()


def _box(terms: Terms) -> Box:
    """Return the normalised values that terms can have."""
    limits = np.array([signal.clip for signal in terms.signals], dtype=np.float32)
    return Box(-limits, limits, dtype=np.float32)


# An arm's network of `kinematics` sees no goal: what learns by reward gets more of the task, where
# there is such a split.
TASKS: dict[str, dict[str, str]] = {
    'DroneHover': {'task': 'drone_hover'},
    'DroneTrack': {'task': 'drone_track'},
    'VehicleTrack': {'task': 'vehicle_track'},
    'Cartpole': {'task': 'cartpole'},
    'SolarMppt': {'task': 'solar_mppt'},
    'ArmReach': {'task': 'arm_reach', 'split': 'cylindrical'},
    'ArmTrack': {'task': 'arm_track', 'split': 'cylindrical'},
    'ArmPickPlace': {'task': 'arm_pick_place'},
}
for _name, _options in TASKS.items():
    gymnasium.register(
        id=f'pkan_control/{_name}-v0',
        entry_point='pkan_control.evaluation.gym:TaskEnvironment',
        kwargs=_options,
    )
