"""Every task as a Gymnasium environment."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from pkan_control.chips.uri import open_chip, with_options
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError, check_chip, unknown
from pkan_control.control.controller import OnChip
from pkan_control.control.controller_file import ControllerFile
from pkan_control.control.guard import CommandGuard
from pkan_control.control.signals import Terms
from pkan_control.evaluation.controllers import (
    ControllerSource,
    find_controller,
    shipped_controller,
)
from pkan_control.evaluation.rollouts.baselines import fitted
from pkan_control.evaluation.rollouts.episode import NANOSECONDS, Episode
from pkan_control.evaluation.rollouts.rollout import check_fits
from pkan_control.sim.scenarios import load_scenario
from pkan_control.sim.world import Draw, find_world, open_world, pictures_of
from pkan_control.tasks.options import configured
from pkan_control.tasks.task import Task

Observation = NDArray[np.float32]
WIDTH, HEIGHT = 640, 480


class TaskEnvironment(gymnasium.Env[Observation, Observation]):
    """A task in its world, with its law around the agent, which takes the place of the network.

    The observation `[n_in]` is what the network sees: normalised, within the limits of its terms.
    The action `[n_out]` is a share, from -1 to 1, of the largest outputs of the network. Law and
    guard turn it into the command. The reward of a step is the task's: for a drone minus the
    distance to the goal in m, and 1 more within the tolerance. An episode terminates when the task
    has failed, and is truncated after the task's steps. `reset(seed=...)` decides everything.

    With a `chip`, the controller that ships for the task runs on it, and the action is added to
    the outputs of its network (residual learning): with actions of zero, an episode is that of a
    rollout.

    >>> import gymnasium, pkan_control
    >>> environment = gymnasium.make('pkan_control/Cartpole-v0')
    >>> observation, info = environment.reset(seed=0)
    >>> observation, reward, terminated, truncated, info = environment.step([0.0])
    >>> observation.shape
    (4,)
    """

    metadata = {'render_modes': ['rgb_array'], 'render_fps': 50}  # noqa: RUF012 (Gymnasium's own)

    def __init__(
        self,
        task: str | Task,
        scenario: str | Path = 'calm',
        chip: str | None = None,
        controller: ControllerSource | None = None,
        render_mode: str | None = None,
        *,
        normalise_actions: bool = True,
        **options: Any,
    ) -> None:
        """Open the world of a task.

        Args:
            task: a task, or its name
            scenario: disturbances: a shipped name, or a YAML file
            chip: URI of the chip that runs the controller to which actions are added
            controller: that controller: a shipped name or a path; None for the shipped one
            render_mode: `rgb_array`, or None for no pictures
            normalise_actions: whether actions are shares; else they are outputs of the network
            options: robot, path and split of the task, as `configured` takes them

        Raises:
            UserError: an unknown name, a controller without a chip, a world without pictures
        """
        if render_mode not in (None, 'rgb_array'):
            raise unknown('render_mode', render_mode, ['rgb_array'])
        if controller is not None and chip is None:
            raise UserError('controller: runs on a chip: give a chip, for example ideal:')
        conditions = load_scenario(str(scenario))
        file = None
        if chip is not None:
            name = task if isinstance(task, str) else task.name
            file, _ = find_controller(controller or shipped_controller(name))
        self._task = _configured(task, file, options)
        law = self._task.law
        self._effects = conditions.effects(find_world(self._task.world).robot)
        self._resources = ExitStack()
        self._network: OnChip | None = None
        if chip is not None and file is not None:
            uri = with_options(check_chip(chip), conditions.chip)
            opened = self._resources.enter_context(open_chip(uri))
            self._network = OnChip(fitted(file, self._task), opened)
        self._world = open_world(self._task.world, law, self._task.rate_hz, self._effects)
        self._resources.callback(self._world.close)
        self.metadata = {**self.metadata, 'render_fps': round(self._task.rate_hz)}
        self.render_mode = render_mode
        self._draw: Draw | None = None
        if render_mode is not None:
            self._draw = pictures_of(self._task.world, self._world, law, self._task.rate_hz)
        self._guard = CommandGuard(law.command)
        self._episode: Episode
        self._memory: Floats
        self._values: Floats
        limits = largest(law.output)
        self._scale = limits if normalise_actions else np.ones(len(limits))
        self.observation_space = box(largest(law.observation))
        self.action_space = box(limits / self._scale)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode drawn from the seed; without one, the next of the running stream."""
        super().reset(seed=seed)
        number = int(self.np_random.integers(2**31))
        self._episode = Episode(
            self._task, self._world, 0 if seed is None else seed, number, self._effects
        )
        self._memory = self._task.law.start(self._episode.seen)
        if self._network is not None:
            self._network.begin(number)
        return self._observe(), {}

    def _observe(self) -> Observation:
        law = self._task.law
        self._memory, self._values = law.observe(
            self._memory, self._episode.seen, self._episode.goal
        )
        observation: Observation = law.observation.normalise(self._values).astype(np.float32)
        return observation

    def step(self, action: Observation) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Apply an action for one control period."""
        law, episode = self._task.law, self._episode
        outputs = np.asarray(action, dtype=np.float64) * self._scale
        if self._network is not None:
            outputs = outputs + self._network(self._values, episode.time_ns / NANOSECONDS)
        self._memory, command = law.act(
            self._memory, episode.seen, law.output.denormalise(outputs)
        )
        checked = self._guard.check(command)
        episode.advance(law.safe_command() if checked is None else checked.command, 0)
        reward = self._task.reward(episode.state, episode.goal)
        failed = self._task.failed(episode.state, episode.goal)
        return self._observe(), reward, failed, episode.done, {}

    def render(self) -> NDArray[np.uint8] | None:
        """Return a picture `[480, 640, 3]` of the robot; None without a `render_mode`."""
        return None if self._draw is None else self._draw(self._episode.state, WIDTH, HEIGHT)

    def close(self) -> None:
        """Release world and chip; a second time does nothing."""
        self._resources.close()


def _configured(task: str | Task, file: ControllerFile | None, options: dict[str, Any]) -> Task:
    """Return the task for the agent, or for a controller, which has its robot and its split."""
    if not isinstance(task, str):
        found = task
    elif file is None:
        return configured(task, **options)
    else:
        rest = {key: value for key, value in options.items() if key != 'split'}
        found = configured(task, law=file.law, **rest)
    if file is not None:
        check_fits(file, found)
    return found


def largest(terms: Terms) -> Floats:
    """Return the largest normalised values `[n]` of terms."""
    return np.array([signal.clip for signal in terms.signals])


def box(limits: Floats) -> Box:
    """Return the space of values within limits `[n]` on both sides."""
    bounds = limits.astype(np.float32)
    return Box(-bounds, bounds, dtype=np.float32)
