"""Many robots of a task in its batched world, each in an episode of its own."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.seeding import stream
from pkan_control.evaluation.rollouts.episode import NO_DELAY
from pkan_control.evaluation.rollouts.sensors import Sensors
from pkan_control.sim.effects import Effects
from pkan_control.sim.world import Restartable, find_world, training_batch
from pkan_control.tasks.task import Task

Rows = NDArray[np.bool_]


class BatchedRobots:
    """Robots of a task with their sensors, disturbances and delays.

    Attributes:
        states: true states `[robots, n]`
        seen: states as the sensors measure them, `[robots, n]`
        steps: control steps since each episode began, `[robots]`
        begun: whether any episode began
    """

    def __init__(self, task: Task, robots: int, effects: Effects) -> None:
        """Open the batch; raise a `UserError` where the task's world has none that does."""
        self._task, self._effects, self._rate_hz = task, effects, task.rate_hz
        self._study = find_world(task.world).study is not None
        self._commands = len(task.law.command)
        self._check()
        self._simulation: Any = self._open(robots)
        self._delay = effects.get('delay_s', NO_DELAY)
        latest = round(self._delay.value[0] * self._rate_hz)
        self._sent = np.zeros((latest + 1, robots, self._commands))
        self._sensors: list[Sensors] = [Sensors({}, stream(0, 'sensors'))] * robots
        self._noisy = any('noise' in name for name in effects)
        self.begun = False
        self.states: Floats
        self.seen: Floats
        self.steps = np.zeros(robots, dtype=np.int64)

    def _open(self, robots: int) -> Any:
        """Return the batched simulation; refuse a world without one for these disturbances."""
        task, world = self._task, find_world(self._task.world)
        if world.study is not None:
            return world.study(task.law, self._rate_hz, self._effects)
        if self._effects:
            raise UserError(f'task {task.name}: its batched world has no disturbances')
        random = stream(0, 'vector environment')
        return training_batch(task.world, task.law, self._rate_hz, robots, random)

    def _check(self) -> None:
        """Refuse a batch whose robots cannot begin one by one, or that lacks part of the state."""
        simulation, task = self._open(1), self._task
        if not isinstance(simulation, Restartable):
            raise UserError(f'world {task.world}: the robots of its batch cannot begin one by one')
        start, command = task.start(0, 0)[None], task.law.safe_command()[None]
        random = stream(0, 'disturbances')
        batch: Any = simulation
        batch.reset(start[None] if self._study else start, [random] if self._study else random)
        state = batch.step(command[None] if self._study else command)
        if state.shape[-1] != start.shape[-1]:
            raise UserError(f'task {task.name}: its batched world lacks a part of the state')

    def restart(self, rows: Rows, episodes: list[tuple[int, int]]) -> None:
        """Begin the episodes of the rows, given seed and number of all."""
        places = np.flatnonzero(rows)
        starts = np.array([self._task.start(*episodes[place]) for place in places])
        states = np.zeros((len(rows), starts.shape[-1]))
        states[places] = starts
        chosen = [episodes[place] for place in places]
        random = [stream(seed, 'disturbances', number) for seed, number in chosen]
        self.states = self._restarted(rows, states, random)
        self.steps[rows] = 0
        for place, (seed, number) in zip(places, chosen, strict=True):
            sensors = stream(seed, 'sensors', number)
            self._sensors[place] = Sensors(self._effects, sensors, self._commands)
        if not self.begun:
            self.seen, self.begun = self.states.copy(), True
        self._read(rows)

    def _restarted(self, rows: Rows, states: Floats, random: list[np.random.Generator]) -> Floats:
        given = states[None] if self._study else states
        if self.begun:
            found = self._simulation.restart(rows, given, random)
        else:
            found = self._simulation.reset(given, random if self._study else random[0])
        return np.array(found[0] if self._study else found)

    def _read(self, rows: Rows) -> None:
        self.seen = self.seen.copy()
        self.seen[rows] = self.states[rows]
        if self._noisy:
            for place in np.flatnonzero(rows):
                time_s = self.steps[place] / self._rate_hz
                self.seen[place] = self._sensors[place].read(self.states[place], time_s)

    def step(self, commands: Floats) -> None:
        """Send commands `[robots, m]`, which may arrive late, and advance by one period."""
        self._sent = np.concatenate([self._sent[1:], commands[None]])
        arrived = self._arrived()
        found = self._simulation.step(arrived[None] if self._study else arrived)
        self.states = np.array(found[0] if self._study else found)
        self.steps += 1
        self._read(np.ones(len(self.steps), dtype=np.bool_))

    def _arrived(self) -> Floats:
        """Return the commands that arrive now; the first of an episode arrives at once."""
        most = len(self._sent) - 1
        if not most:
            latest: Floats = self._sent[-1]
            return latest
        acts = [self._delay.acts(now) for now in (self.steps / self._rate_hz).tolist()]
        late = np.minimum(most * np.array(acts), self.steps)
        arrived: Floats = self._sent[most - late, np.arange(len(late))]
        return arrived
