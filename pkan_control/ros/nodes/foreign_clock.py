"""The time of a graph whose `/clock` comes from another node: a simulation's own time, moved."""

import time

from rclpy.node import Node
from rosgraph_msgs.msg import Clock

from pkan_control.ros.nodes.messages import to_ns
from pkan_control.ros.nodes.qos import SENSOR

# Beyond this distance to the graph's time the own one is moved anew: someone's episode has ended.
APART_NS = 50_000_000
# Without a tick of the clock for so long, the graph's time stands.
STANDS_S = 0.2


class ForeignClock:
    """Moves stamps of a simulation into the time of the graph, wall time until it is heard."""

    def __init__(self, node: Node) -> None:
        """Listen to `/clock`."""
        self._now_ns = 0
        self._heard_s = 0.0
        self.offset_ns = 0
        node.create_subscription(Clock, '/clock', self._on_clock, SENSOR)

    def _on_clock(self, message: Clock) -> None:
        self._now_ns, self._heard_s = to_ns(message.clock), time.monotonic()

    def stands(self, steady_s: float) -> bool:
        """Return whether the graph's time stands still: so must everything in it."""
        return self._now_ns > 0 and steady_s - self._heard_s > STANDS_S

    def follow(self, own_ns: int) -> None:
        """Move the offset where the own time is far from the graph's."""
        now = self._now_ns or time.time_ns()
        if abs(own_ns + self.offset_ns - now) > APART_NS:
            self.offset_ns = now - own_ns
