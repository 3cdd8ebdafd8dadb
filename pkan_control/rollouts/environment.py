"""Every task as a Gymnasium environment; importing this module registers them.

import gymnasium
import pkan_control.rollouts.environment

environment = gymnasium.make('pkan_control/DroneHover-v0')
"""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from pkan_control.arrays import Floats
from pkan_control.controller.guard import CommandGuard
from pkan_control.controller.signals import Terms
from pkan_control.rollouts.episode import Episode
from pkan_control.tasks.task import find_task
from pkan_control.worlds.world import open_world

Observation = NDArray[np.float32]


class TaskEnvironment(gymnasium.Env[Observation, Observation]):
    """A task with its law: observations and actions are what a network sees and gives.

    Both are normalised and limited as their terms say, to +-3 where these say nothing. The reward
    of a step is the task's: for a drone minus the distance to the goal in m, plus a bonus of 1 for
    every step within the task's tolerance.
    """

    metadata = {'render_modes': []}  # noqa: RUF012 (Gymnasium's own convention)

    def __init__(self, task: str) -> None:
        """Open the world of the task of that name."""
        self._task = find_task(task)
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


TASKS = {
    'DroneHover': 'drone_hover',
    'DroneTrack': 'drone_track',
    'VehicleTrack': 'vehicle_track',
    'Cartpole': 'cartpole',
    'SolarMppt': 'solar_mppt',
}
for _name, _task in TASKS.items():
    gymnasium.register(
        id=f'pkan_control/{_name}-v0',
        entry_point='pkan_control.rollouts.environment:TaskEnvironment',
        kwargs={'task': _task},
    )
