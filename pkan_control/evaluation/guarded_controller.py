"""A controller behind the guard, in process, as rollouts and `load_controller` run it."""

from pkan_control.common.arrays import Floats
from pkan_control.control.controller import Controller
from pkan_control.control.guard import CommandGuard
from pkan_control.control.laws.law import Law
from pkan_control.control.supervisor import MISSES_HELD


class GuardedController:
    """A controller whose commands are finite and within range, whatever its chip does.

    When the chip misses a deadline, the last command is repeated, and after `MISSES_HELD` misses
    in a row the safe command is sent: as the supervisor of the controller node does.
    """

    def __init__(self, law: Law, controller: Controller) -> None:
        """Take a controller that runs this law, or one with the same commands."""
        self._law, self._controller = law, controller
        self._guard = CommandGuard(law.command)
        self._sent, self._missed = law.safe_command(), 0
        self.inference_ns = 0

    def reset(self, episode: int) -> None:
        """Begin an episode: the law forgets, and the chip's noise is that of the episode."""
        self._controller.reset(episode)
        self._sent, self._missed = self._law.safe_command(), 0

    def step(self, state: Floats, goal: Floats, time_s: float) -> Floats:
        """Return the command `[m]` for a state `[n]` and a goal `[g]` at a time of the episode."""
        try:
            command = self._controller.step(state, goal, time_s)
        except TimeoutError:
            self._missed += 1
            self.inference_ns = 0
            return self._sent if self._missed <= MISSES_HELD else self._law.safe_command()
        self._missed, checked = 0, self._guard.check(command)
        self._sent = self._law.safe_command() if checked is None else checked.command
        self.inference_ns = self._controller.inference_ns
        return self._sent
