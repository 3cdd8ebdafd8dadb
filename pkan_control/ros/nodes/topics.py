"""Topics that a controller subscribes, their QoS profiles, and the samples of their messages.

Data flows one way: `Topic.read` turns a message into a `Sample`, `StateInputs` assembles states
from samples, and the supervisor decides on states.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_policy_name_from_kind

from pkan_control.common.arrays import Floats
from pkan_control.common.message_fields import to_ns

# Sensor data and states.
SENSOR = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
# Commands and set-points.
RELIABLE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
# Status: a late subscriber gets the last message.
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def subscription_events(node: Node, topic: str) -> SubscriptionEventCallbacks:
    """Return callbacks that log a publisher whose QoS profile is incompatible, with both."""

    def on_incompatible(event: Any) -> None:
        name = node.resolve_topic_name(topic)
        _log_mismatch(node, name, event, node.get_publishers_info_by_topic(name), 'publisher')

    return SubscriptionEventCallbacks(incompatible_qos=on_incompatible)


def publisher_events(node: Node, topic: str) -> PublisherEventCallbacks:
    """Return callbacks that log a subscriber whose QoS profile is incompatible, with both."""

    def on_incompatible(event: Any) -> None:
        name = node.resolve_topic_name(topic)
        _log_mismatch(node, name, event, node.get_subscriptions_info_by_topic(name), 'subscriber')

    return PublisherEventCallbacks(incompatible_qos=on_incompatible)


def _log_mismatch(node: Node, topic: str, event: Any, others: list[Any], role: str) -> None:
    policy = qos_policy_name_from_kind(event.last_policy_kind).lower()
    theirs = ', '.join(f'{each.node_name} {describe(each.qos_profile)}' for each in others)
    own = node.get_publishers_info_by_topic(topic) + node.get_subscriptions_info_by_topic(topic)
    ours = [describe(each.qos_profile) for each in own if each.node_name == node.get_name()]
    node.get_logger().error(
        f'{topic}: incompatible QoS profiles ({policy}): {node.get_name()} {", ".join(ours)}, '
        f'{role} {theirs or "has left"}'
    )


def describe(profile: QoSProfile) -> str:
    """Return the policies that decide about compatibility."""
    return f'{profile.reliability.name.lower()}/{profile.durability.name.lower()}'


class Sample(NamedTuple):
    """The content of one message: stamp [ns], frame, and numbers `[k]`.

    In place of numbers there is the reason, as text, where the message cannot be used. The frame
    is empty where the message has none.
    """

    stamp_ns: int
    frame: str
    values: Floats | str


@dataclass(frozen=True)
class Topic:
    """A topic to subscribe, and how its messages are read.

    `read` takes a message, or its serialised bytes where `raw`. A topic is `moving` if it brings a
    new set-point for every state, with the same stamp. Samples older than `max_age_s` are not
    used: 0 is never too old, None the limit of the node's parameters.
    """

    name: str
    message_type: type
    read: Callable[[Any], Sample]
    raw: bool = False
    moving: bool = False
    max_age_s: float | None = None


class StateInputs:
    """The topics that together carry a state; the first one triggers a tick.

    Each sample of the others is kept until then.
    """

    def __init__(
        self,
        topics: Sequence[Topic],
        places: Sequence[Sequence[int]],
        finish: Callable[[Floats], Floats] | None = None,
    ) -> None:
        """Take the place in the state of each topic's numbers; `finish` converts a whole state."""
        self.topics = tuple(topics)
        self._places = [list(each) for each in places]
        self._parts = np.zeros(sum(map(len, self._places)))
        self._finish = finish
        self._is_whole = self._places == [list(range(len(self._parts)))]

    @classmethod
    def of(cls, topic: Topic, count: int) -> 'StateInputs':
        """Return the inputs where one topic carries the whole state `[count]`, in order."""
        return cls((topic,), (range(count),))

    def keep(self, number: int, values: Floats) -> None:
        """Keep the numbers of a sample of topic `number`."""
        self._parts[self._places[number]] = values

    def state(self, values: Floats) -> Floats:
        """Return the state `[n]`, given the numbers of the first topic's sample."""
        if self._is_whole:
            state = values
        else:
            self.keep(0, values)
            state = np.array(self._parts)
        return state if self._finish is None else self._finish(state)


def header_stamp(message: Any) -> int:
    """Return the stamp [ns] of a message's header."""
    return to_ns(message.header.stamp)


def header_frame(message: Any) -> str:
    """Return the frame of a message's header."""
    return str(message.header.frame_id)


def with_header(decode: Callable[[Any], Floats | str]) -> Callable[[Any], Sample]:
    """Return what reads messages with a header, whose numbers are decoded by a function."""

    def read(message: Any) -> Sample:
        return Sample(header_stamp(message), header_frame(message), decode(message))

    return read
