"""`vector_env`: many environments of a task at once, in the batched world."""

from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.utils.seeding import np_random
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError, check_whole, unknown
from pkan_control.control.guard import CommandGuard
from pkan_control.evaluation.batched_robots import BatchedRobots, Rows
from pkan_control.evaluation.environment_ids import DEFAULTS
from pkan_control.evaluation.gym import box, largest
from pkan_control.sim.effects import Effects
from pkan_control.sim.scenarios import load_scenario
from pkan_control.sim.world import find_world
from pkan_control.tasks.options import configured
from pkan_control.tasks.task import Task

MAX_ENVIRONMENTS = 1_000_000
Observations = NDArray[np.float32]
Infos = dict[str, Any]


class TaskVectorEnvironment(VectorEnv[Observations, Observations, NDArray[Any]]):
    """Environments of one task, as `gymnasium.vector.SyncVectorEnv` would run them, at once.

    Spaces, rewards, seeds and autoreset are those of single environments; `reset(seed=s)` gives
    environment `i` the seed `s + i`. The world is the batched one: for a drone and a car without
    collisions, for an arm without mass. Where a world is not batched otherwise, commands of some
    robots are one period late, as in training.
    """

    def __init__(
        self,
        task: Task,
        num_envs: int,
        effects: Effects,
        autoreset_mode: AutoresetMode = AutoresetMode.NEXT_STEP,
    ) -> None:
        """Open the batched world of a task; `reset` begins the episodes."""
        law = task.law
        self.num_envs = num_envs
        self.metadata = {'autoreset_mode': autoreset_mode, 'render_modes': []}
        self.single_observation_space = box(largest(law.observation))
        self.single_action_space = box(np.ones(len(law.output)))
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._task, self._law, self._mode = task, law, autoreset_mode
        self._scale, self._guard = largest(law.output), CommandGuard(law.command)
        self._robots = BatchedRobots(task, num_envs, effects)
        self._random: list[np.random.Generator | None] = [None] * num_envs
        self._seeds = np.zeros(num_envs, dtype=np.int64)
        self._numbers = np.zeros(num_envs, dtype=np.int64)
        self._over = np.zeros(num_envs, dtype=np.bool_)
        self._memory = np.zeros((num_envs, 0))
        self._end = task.steps + 1
        self._goals = np.zeros((num_envs, self._end, len(law.goal_names)))
        self._observations = np.zeros((num_envs, len(law.observation)), dtype=np.float32)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observations, Infos]:
        """Begin an episode in each environment, or in those of `options['reset_mask']`.

        The first time, an episode begins in each of them.

        Raises:
            UserError: a list of seeds or a mask of another length
        """
        seeds = self._each_seed(seed)
        rows = np.asarray((options or {}).get('reset_mask', np.ones(self.num_envs)), np.bool_)
        if rows.shape != (self.num_envs,) or not rows.any():
            raise UserError(f'reset_mask: must be {self.num_envs} booleans, some of them true')
        self._begin(rows if self._robots.begun else np.ones_like(rows), seeds)
        return self._observations.copy(), {}

    def _each_seed(self, seed: int | list[int | None] | None) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int | np.integer):
            return [int(seed) + number for number in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise UserError(f'{len(seed)} seeds: there are {self.num_envs} environments')
        return list(seed)

    def _begin(self, rows: Rows, seeds: list[int | None]) -> None:
        """Begin episodes in the environments of the rows."""
        for row in np.flatnonzero(rows):
            seed, random = seeds[row], self._random[row]
            if seed is not None or random is None:
                random, _ = np_random(seed)
                self._random[row] = random
            self._numbers[row] = random.integers(2**31)
            self._seeds[row] = 0 if seed is None else seed
        episodes = list(zip(self._seeds.tolist(), self._numbers.tolist(), strict=True))
        self._robots.restart(rows, episodes)
        self._over[rows] = False
        for row in np.flatnonzero(rows):
            self._goals[row] = [self._task.goal(*episodes[row], step) for step in range(self._end)]
        started = np.array(self._law.start(self._robots.seen[rows]))
        if self._memory.shape[1:] != started.shape[1:]:
            self._memory = np.zeros((self.num_envs, *started.shape[1:]))
        self._memory[rows] = started
        self._observe(rows)

    @property
    def _goal(self) -> Floats:
        """Goals of all environments now, `[num_envs, g]`."""
        return self._goals[np.arange(self.num_envs), np.minimum(self._robots.steps, self._end - 1)]

    def _observe(self, rows: Rows) -> None:
        memory, values = self._law.observe(
            self._memory[rows], self._robots.seen[rows], self._goal[rows]
        )
        self._memory[rows] = memory
        self._observations[rows] = self._law.observation.normalise(values)

    def step(self, actions: Observations) -> tuple[Observations, Floats, Rows, Rows, Infos]:
        """Apply actions `[num_envs, n_out]` for one control period.

        In the mode `NEXT_STEP`, an environment whose episode is over ignores its action and begins
        the next one; in the mode `SAME_STEP` it begins at once, and the last observation is in
        `infos['final_obs']`.

        Raises:
            UserError: actions of another shape; an episode that is over in the mode `DISABLED`
        """
        outputs = np.asarray(actions, dtype=np.float64) * self._scale
        if outputs.shape != (self.num_envs, len(self._scale)):
            raise UserError(f'actions of shape {outputs.shape}: must be {self.action_space.shape}')
        if not self._robots.begun:
            raise UserError('no episode has begun: reset the environments first')
        if self._mode is AutoresetMode.DISABLED and self._over.any():
            raise UserError('an episode is over: reset its environment first')
        moving, beginning = ~self._over, self._over.copy()
        self._advance(outputs, moving)
        rewards, failed, ended = self._judge(moving)
        self._observe(moving)
        if beginning.any():
            self._begin(beginning, [None] * self.num_envs)
        infos: Infos = {}
        self._over = failed | ended
        if self._mode is AutoresetMode.SAME_STEP and self._over.any():
            for place in np.flatnonzero(self._over):
                last = {'final_obs': self._observations[place].copy(), 'final_info': {}}
                infos = self._add_info(infos, last, int(place))
            self._begin(self._over.copy(), [None] * self.num_envs)
        return self._observations.copy(), rewards, failed, ended, infos

    def _advance(self, outputs: Floats, moving: Rows) -> None:
        """Move the robots by what law and guard make of outputs."""
        law, seen = self._law, self._robots.seen
        memory, commands = law.act(self._memory, seen, law.output.denormalise(outputs))
        self._memory = np.array(memory)
        finite = np.isfinite(commands).all(axis=-1, keepdims=True)
        limited = np.minimum(np.maximum(commands, self._guard.low), self._guard.high)
        # The state of a robot out of control may overflow.
        with np.errstate(over='ignore', invalid='ignore'):
            self._robots.step(np.where(finite, limited, law.safe_command()))

    def _judge(self, moving: Rows) -> tuple[Floats, Rows, Rows]:
        """Return rewards, failures and ends of the environments that moved."""
        rewards, failed = np.zeros(self.num_envs), np.zeros(self.num_envs, dtype=np.bool_)
        goals = self._goal
        for place in np.flatnonzero(moving):
            state, goal = self._robots.states[place], goals[place]
            rewards[place] = self._task.reward(state, goal)
            failed[place] = self._task.failed(state, goal)
        return rewards, failed, moving & (self._robots.steps >= self._task.steps)


def vector_env(
    task: str,
    num_envs: int,
    *,
    scenario: str | Path = 'calm',
    autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
    airframe: str | Path | None = None,
) -> TaskVectorEnvironment:
    """Return many environments of a task as one `gymnasium.vector.VectorEnv`.

    Args:
        task: name of the task, for example `drone_hover`
        num_envs: number of environments
        scenario: disturbances: a shipped name, or a YAML file
        autoreset_mode: when the next episode begins: `NextStep`, `SameStep` or `Disabled`
        airframe: for a drone, another quadrotor: a shipped name or a YAML file

    Raises:
        UserError: an unknown name, a number out of range, a world without a batch, disturbances
            that the batched world does not have

    >>> import pkan_control as pk
    >>> environments = pk.vector_env('drone_hover', 1024)
    >>> observations, infos = environments.reset(seed=0)
    >>> observations.shape, environments.action_space.shape
    ((1024, 12), (1024, 4))
    """
    check_whole('num_envs', num_envs, 1, MAX_ENVIRONMENTS)
    modes: dict[object, AutoresetMode] = {mode.value: mode for mode in AutoresetMode}
    mode = modes.get(autoreset_mode, autoreset_mode)
    if not isinstance(mode, AutoresetMode):
        raise unknown('autoreset_mode', autoreset_mode, [str(each) for each in modes])
    frame = None if airframe is None else str(airframe)
    chosen = configured(task, frame, **DEFAULTS.get(task, {}))
    effects = load_scenario(str(scenario)).effects(find_world(chosen.world).robot)
    return TaskVectorEnvironment(chosen, num_envs, effects, mode)
