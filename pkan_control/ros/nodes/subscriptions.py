"""Where a controller node's states and set-points come in: subscriptions that only translate."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.node import Node
from rclpy.qos_overriding_options import QoSOverridingOptions

from pkan_control.common.arrays import Floats
from pkan_control.control.guard import InputGuard
from pkan_control.control.supervisor import Pilot
from pkan_control.ros.nodes.qos import RELIABLE, SENSOR, subscription_events
from pkan_control.ros.nodes.sources import Source, StateInputs
from pkan_control.ros.nodes.transforms import Transforms

# Takes the stamp of a state in ns and the state.
Tick = Callable[[int, Floats], None]


class Inlet:
    """Hears states and set-points of a pilot; a whole state makes a tick.

    Messages of two topics may overtake each other. Where a moving set-point came with the stamp of
    the last state, that of the next one is waited for, until it comes or the state after it.
    """

    def __init__(
        self,
        node: Node,
        pilot: Pilot,
        states: StateInputs,
        goal: Source | None,
        tick: Tick,
        complain: Callable[[str], None],
    ) -> None:
        """Subscribe; `complain` is told what could not be used."""
        self._pilot, self._states, self._goal = pilot, states, goal
        self._tick, self._complain = tick, complain
        self._node, self._frame = node, ''
        self._first = states.sources[0]
        self._transforms = Transforms(node)
        self._waiting: tuple[int, Floats] | None = None
        self._paired = False
        self._subscriptions: list[Any] = []
        if goal is not None:
            pilot.goal.name = goal.topic
            self._subscriptions.append(self._subscribe(goal, self._on_goal, RELIABLE))
        self._subscriptions.append(self._subscribe(self._first, self._on_first, SENSOR))
        usual = pilot.state.max_age_s
        for number, source in enumerate(states.sources[1:], 1):
            age = usual if source.max_age_s is None else source.max_age_s
            guard = InputGuard(source.topic, age, pilot.state.future_s)
            pilot.others.append(guard)
            heard = partial(self._on_other, number, source, guard)
            self._subscriptions.append(self._subscribe(source, heard, SENSOR))

    def _subscribe(self, source: Source, heard: Callable[[Any], None], profile: Any) -> Any:
        unpack = source.unpack
        return self._node.create_subscription(
            source.kind,
            source.topic,
            heard if unpack is None else lambda data: heard(unpack(data)),
            profile,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            event_callbacks=subscription_events(self._node, source.topic),
            raw=unpack is not None,
        )

    def _on_first(self, message: Any) -> None:
        source = self._first
        self._frame = source.frame(message) or self._frame
        values = source.decode(message)
        if isinstance(values, str):
            self._reject(self._pilot.state, values)
            return
        stamp, state = source.stamp_ns(message), self._states.state(values)
        if self._waiting is not None and self._waiting[0] != stamp:
            self._go(*self._waiting)
        if self._paired and self._pilot.goal.stamp_ns != stamp:
            self._waiting = stamp, state
            return
        self._go(stamp, state)

    def _go(self, stamp: int, state: Floats) -> None:
        self._waiting = None
        goal = self._goal
        self._paired = goal is not None and goal.moving and self._pilot.goal.stamp_ns == stamp
        self._tick(stamp, state)

    def _on_other(self, number: int, source: Source, guard: InputGuard, message: Any) -> None:
        self._frame = source.frame(message) or self._frame
        values = source.decode(message)
        if isinstance(values, str):
            self._reject(guard, values)
        elif guard.receive(source.stamp_ns(message), time.monotonic(), values):
            self._states.keep(number, values)

    def _on_goal(self, message: Any) -> None:
        source, guard = self._goal, self._pilot.goal
        if source is None:
            return
        values = source.decode(message)
        if isinstance(values, str):
            self._reject(guard, values)
            return
        moved = self._transforms.into(self._frame, source.frame(message), values)
        if isinstance(moved, str):
            self._reject(guard, moved)
            return
        stamp = source.stamp_ns(message)
        self._pilot.on_goal(stamp, time.monotonic(), moved)
        if self._waiting is not None and self._waiting[0] == stamp:
            self._go(*self._waiting)

    def _reject(self, guard: InputGuard, why: str) -> None:
        self._pilot.reject(guard, why)
        self._complain(self._pilot.reason)

    def close(self) -> None:
        """Hear nothing more."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._transforms.close()
        self._pilot.others.clear()
