"""One episode of a task in a world, without a clock: whoever has a command advances it."""

from pkan_control.arrays import Floats
from pkan_control.rollouts.record import EpisodeRecord
from pkan_control.tasks.task import Task
from pkan_control.worlds.world import World

NANOSECONDS = 1_000_000_000


def stamp_ns(step: int, rate_hz: float) -> int:
    """Return the stamp of a control step; steps count from 0, and no stamp is zero."""
    return round((step + 1) * NANOSECONDS / rate_hz)


class Episode:
    """The state of an episode that runs; the rollout and the simulation node share it."""

    def __init__(self, task: Task, world: World, seed: int, number: int) -> None:
        """Put the world into the start of that episode."""
        self._task = task
        self._world = world
        self._seed, self._number = seed, number
        self.step = 0
        self.state = world.reset(task.start(seed, number))
        self._states = [self.state]
        self._commands: list[Floats] = []
        self._inference_ns: list[int] = []

    @property
    def done(self) -> bool:
        """Whether all steps are taken."""
        return self.step >= self._task.steps

    @property
    def goal(self) -> Floats:
        """Set-point of this step."""
        return self._task.goal(self.step)

    @property
    def time_ns(self) -> int:
        """Stamp of the present state in simulated time."""
        return stamp_ns(self.step, self._task.rate_hz)

    def advance(self, command: Floats, took_ns: int) -> None:
        """Apply a command for one control period; `took_ns` is what it took to get it."""
        self._commands.append(command)
        self._inference_ns.append(took_ns)
        self.state = self._world.step(command)
        self._states.append(self.state)
        self.step += 1

    def record(self, wall_s: float) -> EpisodeRecord:
        """Return what happened; it took `wall_s` seconds."""
        return EpisodeRecord.of(
            self._task, self._seed, self._number, self._states, self._commands,
            self._inference_ns, wall_s,
        )  # fmt: skip
