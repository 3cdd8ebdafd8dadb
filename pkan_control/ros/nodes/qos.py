"""QoS profiles of the nodes' topics, and a log of profiles that do not match."""

from typing import Any

from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_policy_name_from_kind

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
