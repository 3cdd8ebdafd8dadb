"""What a controller tells about itself once a second; units stand in the keys."""

from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from pkan_control.control.health import Level, judge
from pkan_control.control.supervisor import Pilot
from pkan_control.ros.nodes.messages import to_time
from pkan_control.ros.nodes.qos import LATCHED

QUANTILES = {'p50': 0.5, 'p99': 0.99, 'p99.9': 0.999, 'max': 1.0}
# What the node adds to a pilot's symptoms.
Findings = list[tuple[Level, str]]


class Diagnostics:
    """Publishes `/diagnostics` once a second, and `~/status`, latched, when it changes."""

    def __init__(
        self,
        node: Node,
        pilot: Pilot,
        look: Callable[[], Findings],
        values: Callable[[], dict[str, object]],
    ) -> None:
        """Watch a pilot; `look` tells what else is wrong, `values` what else is known."""
        self._node, self._pilot, self._look, self._values = node, pilot, look, values
        self._all = node.create_publisher(DiagnosticArray, '/diagnostics', 1)
        self._own = node.create_publisher(DiagnosticStatus, '~/status', LATCHED)
        self._before = copy(pilot.counters)
        self._before_s: float | None = None
        self._told: tuple[Any, ...] = ()
        self.age_ns: list[int] = []
        self.tick_ns: list[int] = []

    def report(self, active: bool, now_ns: int, steady_s: float) -> None:
        """Publish how the pilot did since the last report."""
        status = self._status(active, now_ns, steady_s)
        message = DiagnosticArray(status=[status])
        message.header.stamp = to_time(now_ns)
        self._all.publish(message)
        if (status.level, status.message) != self._told:
            self._told = (status.level, status.message)
            self._own.publish(status)
        self._before, self._before_s = copy(self._pilot.counters), steady_s
        for taken in (self.age_ns, self.tick_ns, self._pilot.counters.inference_ns):
            taken.clear()

    def close(self) -> None:
        """Stop publishing."""
        self._node.destroy_publisher(self._all)
        self._node.destroy_publisher(self._own)

    def _status(self, active: bool, now_ns: int, steady_s: float) -> DiagnosticStatus:
        values = self._counts() | self._rates(steady_s) | self._ages(now_ns) | self._latencies()
        values |= self._values()
        pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        level, text = self._verdict(active, steady_s)
        name = self._node.get_fully_qualified_name()
        return DiagnosticStatus(level=bytes([level]), name=name, message=text, values=pairs)

    def _verdict(self, active: bool, steady_s: float) -> tuple[Level, str]:
        """Return the worst that is known; an inactive node has nothing to complain about."""
        if not active:
            return Level.OK, 'not active'
        pilot = self._pilot
        if pilot.waits(steady_s):
            return Level.OK, f'not ready: {pilot.reason}'
        found = judge(self._before, pilot.counters) + self._look()
        if pilot.reason:
            found.insert(0, (Level.WARN, pilot.reason))
        if not found:
            return Level.OK, 'commanding' if pilot.arming.live else 'dry run'
        return max(level for level, _ in found), '; '.join(text for _, text in found)

    def _counts(self) -> dict[str, object]:
        counters, pilot = self._pilot.counters, self._pilot
        return {
            'commands': counters.commands,
            'states rejected': pilot.state.rejected + sum(each.rejected for each in pilot.others),
            'goals rejected': pilot.goal.rejected,
            'states refused (age, stamp, missing input)': counters.refused,
            'ticks missed': counters.overruns,
            'commands clipped': counters.clipped,
            'commands limited in their rate': counters.slewed,
            'commands not finite': counters.not_finite,
            'evaluations missed by the chip': counters.chip_missed,
            'chip lost': counters.chip_lost,
            'resets after a jump of time': counters.resets,
            'watchdog fired': counters.watchdog,
        }

    def _rates(self, steady_s: float) -> dict[str, object]:
        if self._before_s is None:
            return {}
        commands = self._pilot.counters.commands - self._before.commands
        return {'commands [1/s]': f'{commands / (steady_s - self._before_s):.1f}'}

    def _ages(self, now_ns: int) -> dict[str, object]:
        inputs = (self._pilot.state, *self._pilot.others, self._pilot.goal)
        return {
            f'age of {each.name} [s]': f'{(now_ns - each.stamp_ns) / 1e9:.3f}'
            for each in inputs
            if each.stamp_ns is not None
        }

    def _latencies(self) -> dict[str, object]:
        """Return how old states came, how long a tick took, and the inference in it."""
        parts = {
            'age at receipt': self.age_ns,
            'tick': self.tick_ns,
            'inference': self._pilot.counters.inference_ns,
        }
        return {
            f'{part} {name} [us]': f'{took:.0f}'
            for part, taken in parts.items()
            if taken
            for name, took in zip(QUANTILES, quantiles_us(taken), strict=True)
        }


def quantiles_us(taken_ns: list[int]) -> list[float]:
    """Return the quantiles of times in ns, in us."""
    shares = list(QUANTILES.values())
    return [float(took) for took in np.quantile(np.array(taken_ns) / 1e3, shares)]
