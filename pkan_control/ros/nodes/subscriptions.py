"""Subscriptions of a controller: messages become states and set-points, by TF in one frame."""

import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.time import Time

from pkan_control.common.arrays import Floats
from pkan_control.common.rotations import matrix
from pkan_control.control.guard import InputGuard
from pkan_control.control.supervisor import Supervisor
from pkan_control.ros.nodes.topics import (
    RELIABLE,
    SENSOR,
    Sample,
    StateInputs,
    Topic,
    subscription_events,
)


class Transforms:
    """Transforms set-points between frames; TF is subscribed when the first one needs it."""

    def __init__(self, node: Node) -> None:
        """Subscribe nothing yet."""
        self._node = node
        self._buffer: Any = None
        self._listener: Any = None

    def into(self, target: str, source: str, values: Floats) -> Floats | str:
        """Return a set-point `[3 n]` in the target frame, or the reason why that is impossible.

        The first three numbers are a position, the others vectors. An empty frame fits any.
        """
        if source in ('', target) or not target:
            return values
        mismatch = f'it is in {source}, the state in {target}'
        if len(values) % 3:
            return f'{mismatch}: only points can be transformed'
        if self._buffer is None and not self._subscribe():
            return f'{mismatch}, and tf2_ros is not installed'
        try:
            found = self._buffer.lookup_transform(target, source, Time())
        except Exception as error:  # the exceptions of tf2 have no base class of their own
            return f'{mismatch}: {error}'
        return transformed(found.transform, values)

    def _subscribe(self) -> bool:
        try:
            tf2_ros = import_module('tf2_ros')
        except ImportError:
            return False
        self._buffer = tf2_ros.Buffer()
        self._listener = tf2_ros.TransformListener(self._buffer, self._node)
        return True

    def close(self) -> None:
        """End the subscription of TF."""
        if self._listener is not None and hasattr(self._listener, 'unregister'):
            self._listener.unregister()
        self._buffer = self._listener = None


def transformed(transform: Any, values: Floats) -> Floats:
    """Return a position and vectors `[3 n]` transformed by a geometry_msgs/Transform."""
    q, t = transform.rotation, transform.translation
    rotated = matrix(np.array([q.x, q.y, q.z, q.w])) @ values.reshape(-1, 3).T
    rotated[:, 0] += (t.x, t.y, t.z)
    return np.ascontiguousarray(rotated.T).reshape(-1)


# Takes the stamp [ns] of a state and the state.
Tick = Callable[[int, Floats], None]


class Subscriptions:
    """Subscribes the topics of a controller; a whole state makes a tick.

    Messages of two topics may overtake each other. Where a moving set-point came with the stamp of
    the last state, the tick of the next state waits for the set-point of its stamp, at the longest
    until the state after it.
    """

    def __init__(
        self,
        node: Node,
        supervisor: Supervisor,
        states: StateInputs,
        goal: Topic | None,
        tick: Tick,
        log: Callable[[str], None],
    ) -> None:
        """Subscribe; `log` gets the reason why a message could not be used."""
        self._node, self._supervisor, self._states, self._goal = node, supervisor, states, goal
        self._tick, self._log = tick, log
        self._transforms = Transforms(node)
        self._state_frame = ''
        self._waiting: tuple[int, Floats] | None = None
        self._is_paired = False
        self._subscriptions: list[Any] = []
        if goal is not None:
            supervisor.goal.name = goal.name
            self._subscribe(goal, self._on_goal, RELIABLE)
        first, *others = states.topics
        self._subscribe(first, self._on_state, SENSOR)
        for number, topic in enumerate(others, 1):
            age_s = supervisor.state.max_age_s if topic.max_age_s is None else topic.max_age_s
            guard = InputGuard(topic.name, age_s, supervisor.state.future_s)
            supervisor.others.append(guard)
            self._subscribe(topic, partial(self._on_part, number, guard), SENSOR)

    def _subscribe(
        self, topic: Topic, receive: Callable[[Sample], None], profile: QoSProfile
    ) -> None:
        read = topic.read
        self._subscriptions.append(
            self._node.create_subscription(
                topic.message_type,
                topic.name,
                lambda message: receive(read(message)),
                profile,
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
                event_callbacks=subscription_events(self._node, topic.name),
                raw=topic.raw,
            )
        )

    def _on_state(self, sample: Sample) -> None:
        """Take a sample of the topic that triggers."""
        stamp_ns, frame, values = sample
        self._state_frame = frame or self._state_frame
        if isinstance(values, str):
            self._reject(self._supervisor.state, values)
            return
        state = self._states.state(values)
        if self._waiting is not None and self._waiting[0] != stamp_ns:
            self._finish(*self._waiting)
        if self._is_paired and self._supervisor.goal.stamp_ns != stamp_ns:
            self._waiting = stamp_ns, state
            return
        self._finish(stamp_ns, state)

    def _finish(self, stamp_ns: int, state: Floats) -> None:
        """Make the tick of a state that waits for nothing more."""
        self._waiting = None
        goal = self._goal
        self._is_paired = (
            goal is not None and goal.moving and self._supervisor.goal.stamp_ns == stamp_ns
        )
        self._tick(stamp_ns, state)

    def _on_part(self, number: int, guard: InputGuard, sample: Sample) -> None:
        """Keep a sample of another topic of the state."""
        self._state_frame = sample.frame or self._state_frame
        if isinstance(sample.values, str):
            self._reject(guard, sample.values)
        elif guard.receive(sample.stamp_ns, time.monotonic(), sample.values):
            self._states.keep(number, sample.values)

    def _on_goal(self, sample: Sample) -> None:
        """Take a set-point, transformed into the frame of the state."""
        values = sample.values
        if not isinstance(values, str):
            values = self._transforms.into(self._state_frame, sample.frame, values)
        if isinstance(values, str):
            self._reject(self._supervisor.goal, values)
            return
        self._supervisor.on_goal(sample.stamp_ns, time.monotonic(), values)
        if self._waiting is not None and self._waiting[0] == sample.stamp_ns:
            self._finish(*self._waiting)

    def _reject(self, guard: InputGuard, reason: str) -> None:
        self._supervisor.reject(guard, reason)
        self._log(self._supervisor.reason)

    def close(self) -> None:
        """End all subscriptions."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._transforms.close()
        self._supervisor.others.clear()
