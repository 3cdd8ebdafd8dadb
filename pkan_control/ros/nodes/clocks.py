"""Clocks and timers of the nodes: steady timers, the watchdog's, and a graph's simulated time."""

import time
from collections.abc import Callable

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.timer import Timer
from rosgraph_msgs.msg import Clock as ClockMessage

from pkan_control.common.message_fields import NANOSECONDS, to_ns
from pkan_control.ros.nodes.topics import SENSOR

# How long after the moment at which a watchdog can fire it is polled, so that one poll is enough.
MARGIN_S = 0.001
# A simulation's own time that is farther from the graph's is aligned anew: an episode has ended.
LARGEST_OFFSET_ERROR_NS = 50_000_000
# The graph's time stands still if `/clock` has been silent for longer.
SILENCE_S = 0.2


def steady_timer(node: Node, period_s: float, callback: Callable[[], None]) -> Timer:
    """Return a timer on a steady clock, which goes on where simulated time stands still."""
    return node.create_timer(period_s, callback, clock=Clock(clock_type=ClockType.STEADY_TIME))


class WatchdogTimer:
    """Polls a watchdog only when it can fire; `poll` returns in how many seconds that is."""

    def __init__(self, node: Node, poll: Callable[[], float]) -> None:
        """Poll for the first time at once."""
        self._poll = poll
        self.timer = steady_timer(node, MARGIN_S, self.poll)

    def poll(self) -> None:
        """Poll now and schedule the next poll; call it when the time to fire has changed."""
        due_s = max(self._poll(), 0.0) + MARGIN_S
        self.timer.timer_period_ns = round(due_s * NANOSECONDS)
        self.timer.reset()


class GraphClock:
    """The time of a graph whose `/clock` another node publishes; wall time until that comes.

    `offset_ns` is what a simulation adds to its own time to get the graph's.
    """

    def __init__(self, node: Node) -> None:
        """Subscribe `/clock`."""
        self._now_ns = 0
        self._received_s = 0.0
        self.offset_ns = 0
        node.create_subscription(ClockMessage, '/clock', self._on_clock, SENSOR)

    def _on_clock(self, message: ClockMessage) -> None:
        self._now_ns, self._received_s = to_ns(message.clock), time.monotonic()

    def stands_still(self, steady_s: float) -> bool:
        """Return whether the graph's time stands still, at a time [s] of the steady clock."""
        return self._now_ns > 0 and steady_s - self._received_s > SILENCE_S

    def align(self, own_ns: int) -> None:
        """Set the offset anew where the own time [ns] is far from the graph's."""
        now_ns = self._now_ns or time.time_ns()
        if abs(own_ns + self.offset_ns - now_ns) > LARGEST_OFFSET_ERROR_NS:
            self.offset_ns = now_ns - own_ns
