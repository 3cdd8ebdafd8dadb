"""A timer that looks when there can be something to see: what a watchdog needs."""

from collections.abc import Callable

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.timer import Timer

NANOSECONDS = 1_000_000_000
# Beyond the moment at which something can be seen, so that it is seen at the first look.
BEYOND_S = 0.001


class Watch:
    """Looks, is told in how many seconds to look again, and sleeps until then.

    It goes by a steady clock, which runs on where simulated time stands still.
    """

    def __init__(self, node: Node, look: Callable[[], float]) -> None:
        """Look for the first time at once."""
        self._look = look
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self.timer: Timer = node.create_timer(BEYOND_S, self.look, clock=clock)

    def look(self) -> None:
        """Look now, and again when that is due: also after what changes when it is."""
        due_s = max(self._look(), 0.0) + BEYOND_S
        self.timer.timer_period_ns = round(due_s * NANOSECONDS)
        self.timer.reset()
