"""Diagnostics of a controller, once a second (the keys carry the units), and its log throttle."""

import math
import re
from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from pkan_control.control.health import Level, judge
from pkan_control.control.supervisor import Supervisor
from pkan_control.ros.nodes.messages import to_time
from pkan_control.ros.nodes.topics import LATCHED

QUANTILES = {'p50': 0.5, 'p99': 0.99, 'p99.9': 0.999, 'max': 1.0}
# Level and text of each fault that is not the supervisor's.
Findings = list[tuple[Level, str]]


class Diagnostics:
    """Publishes `/diagnostics` once a second, and `~/status`, latched, when it changes."""

    def __init__(
        self,
        node: Node,
        supervisor: Supervisor,
        find: Callable[[], Findings],
        values: Callable[[], dict[str, object]],
    ) -> None:
        """Report on a supervisor; `find` and `values` return further faults and values."""
        self._node, self._supervisor, self._find, self._values = node, supervisor, find, values
        self._array_publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 1)
        self._status_publisher = node.create_publisher(DiagnosticStatus, '~/status', LATCHED)
        # Counters, time and verdict of the last report.
        self._last_counters = copy(supervisor.counters)
        self._last_s: float | None = None
        self._last_verdict: tuple[Any, ...] = ()
        self.age_ns: list[int] = []
        self.tick_ns: list[int] = []

    def report(self, active: bool, now_ns: int, steady_s: float) -> None:
        """Publish what has happened since the last report."""
        status = self._status(active, now_ns, steady_s)
        message = DiagnosticArray(status=[status])
        message.header.stamp = to_time(now_ns)
        self._array_publisher.publish(message)
        if (status.level, status.message) != self._last_verdict:
            self._last_verdict = (status.level, status.message)
            self._status_publisher.publish(status)
        self._last_counters, self._last_s = copy(self._supervisor.counters), steady_s
        for durations in (self.age_ns, self.tick_ns, self._supervisor.counters.inference_ns):
            durations.clear()

    def close(self) -> None:
        """Stop publishing."""
        self._node.destroy_publisher(self._array_publisher)
        self._node.destroy_publisher(self._status_publisher)

    def _status(self, active: bool, now_ns: int, steady_s: float) -> DiagnosticStatus:
        values = self._counts() | self._rates(steady_s) | self._ages(now_ns) | self._latencies()
        values |= self._values()
        pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        level, text = self._verdict(active, steady_s)
        name = self._node.get_fully_qualified_name()
        return DiagnosticStatus(level=bytes([level]), name=name, message=text, values=pairs)

    def _verdict(self, active: bool, steady_s: float) -> tuple[Level, str]:
        """Return the worst level and all faults; an inactive node has none."""
        if not active:
            return Level.OK, 'not active'
        supervisor = self._supervisor
        if supervisor.waits(steady_s):
            return Level.OK, f'not ready: {supervisor.reason}'
        found = judge(self._last_counters, supervisor.counters) + self._find()
        if supervisor.reason:
            found.insert(0, (Level.WARN, supervisor.reason))
        if not found:
            return Level.OK, 'commanding' if supervisor.arming.live else 'dry run'
        return max(level for level, _ in found), '; '.join(text for _, text in found)

    def _counts(self) -> dict[str, object]:
        counters, supervisor = self._supervisor.counters, self._supervisor
        return {
            'commands': counters.commands,
            'states rejected': supervisor.state.rejected
            + sum(each.rejected for each in supervisor.others),
            'goals rejected': supervisor.goal.rejected,
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
        if self._last_s is None:
            return {}
        commands = self._supervisor.counters.commands - self._last_counters.commands
        return {'commands [1/s]': f'{commands / (steady_s - self._last_s):.1f}'}

    def _ages(self, now_ns: int) -> dict[str, object]:
        inputs = (self._supervisor.state, *self._supervisor.others, self._supervisor.goal)
        return {
            f'age of {each.name} [s]': f'{(now_ns - each.stamp_ns) / 1e9:.3f}'
            for each in inputs
            if each.stamp_ns is not None
        }

    def _latencies(self) -> dict[str, object]:
        """Return quantiles of the ages of states, and the durations of ticks and inference."""
        parts = {
            'age at receipt': self.age_ns,
            'tick': self.tick_ns,
            'inference': self._supervisor.counters.inference_ns,
        }
        return {
            f'{part} {name} [us]': f'{value:.0f}'
            for part, durations in parts.items()
            if durations
            for name, value in zip(QUANTILES, quantiles_us(durations), strict=True)
        }


def quantiles_us(durations_ns: list[int]) -> list[float]:
    """Return the `QUANTILES` of durations [ns], in us."""
    shares = list(QUANTILES.values())
    return [float(value) for value in np.quantile(np.array(durations_ns) / 1e3, shares)]


NUMBERS = re.compile(r'[0-9.-]+')
# Time [s] without a reason after which the node counts as recovered. Less would fill the log where
# two faults alternate, or where one comes with every second message.
RECOVERY_S = 1.0


class LogThrottle:
    """Decides which reasons are logged; the time is passed in.

    Reasons that differ only in their numbers are the same.
    """

    def __init__(self) -> None:
        """Begin without a reason."""
        self._logged: set[str] = set()
        self._last_s = -math.inf

    def line(self, reason: str, steady_s: float) -> str:
        """Return the line to log for a reason, empty where there is none, at a time [s].

        An empty reason means that nothing is wrong; once that has lasted, the recovery is logged.
        """
        if not reason:
            if not self._logged or steady_s - self._last_s <= RECOVERY_S:
                return ''
            self._logged.clear()
            return 'recovered: no more faults'
        self._last_s = steady_s
        pattern = NUMBERS.sub('', reason)
        if pattern in self._logged:
            return ''
        self._logged.add(pattern)
        return reason
