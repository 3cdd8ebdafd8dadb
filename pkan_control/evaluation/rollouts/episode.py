"""One episode of a task in a world, advanced by commands, without a clock of its own."""

from pkan_control.common.arrays import Floats
from pkan_control.common.seeding import stream
from pkan_control.evaluation.rollouts.record import EpisodeRecord
from pkan_control.evaluation.rollouts.sensors import Sensors
from pkan_control.sim.effects import NO_EFFECTS, Disturbance, Effects
from pkan_control.sim.world import Simulation
from pkan_control.tasks.task import Task

NANOSECONDS = 1_000_000_000
NO_DELAY = Disturbance((0.0,))


def stamp_ns(step: int, rate_hz: float) -> int:
    """Return the stamp of a control step; steps count from 0, and no stamp is zero."""
    return round((step + 1) * NANOSECONDS / rate_hz)


class Episode:
    """A running episode, for rollouts and the simulation node.

    `state` is the true state, which is recorded and scored; `seen` is its measurement.
    """

    def __init__(
        self, task: Task, world: Simulation, seed: int, number: int, effects: Effects = NO_EFFECTS
    ) -> None:
        """Put the world into the initial state of that episode."""
        self._task = task
        self._world = world
        self._seed, self._number = seed, number
        joints = len(task.law.command)
        self._sensors = Sensors(effects, stream(seed, 'sensors', number), joints)
        self._delay = effects.get('delay_s', NO_DELAY)
        self.step = 0
        start = task.start(seed, number)
        self.state = world.reset(start, stream(seed, 'disturbances', number))
        self.seen = self._sensors.read(self.state, 0.0)
        self._states = [self.state]
        self._goals = [self.goal]
        self._commands: list[Floats] = []
        self._inference_ns: list[int] = []

    @property
    def done(self) -> bool:
        """Whether all steps are taken."""
        return self.step >= self._task.steps

    @property
    def goal(self) -> Floats:
        """Set-point of this step."""
        return self._task.goal(self._seed, self._number, self.step)

    @property
    def time_ns(self) -> int:
        """Stamp of the present state in simulated time."""
        return stamp_ns(self.step, self._task.rate_hz)

    def advance(self, command: Floats, took_ns: int) -> None:
        """Apply a command for one control period; `took_ns` is its computing time."""
        self._commands.append(command)
        self._inference_ns.append(took_ns)
        self.state = self._world.step(self._arrived())
        self.step += 1
        self.seen = self._sensors.read(self.state, self.step / self._task.rate_hz)
        self._states.append(self.state)
        self._goals.append(self.goal)

    def _arrived(self) -> Floats:
        """Return the command that arrives now; the first one arrives at once."""
        rate_hz = self._task.rate_hz
        late = round(self._delay.value[0] * rate_hz) * self._delay.acts(self.step / rate_hz)
        return self._commands[max(0, self.step - late)]

    def record(self, wall_s: float) -> EpisodeRecord:
        """Return the record; the episode took `wall_s` seconds."""
        return EpisodeRecord.of(
            self._task,
            self._seed,
            self._number,
            self._states,
            self._goals,
            self._commands,
            self._inference_ns,
            wall_s,
        )
