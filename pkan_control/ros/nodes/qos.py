"""Qualities of service: sensor data best effort, commands and goals reliable."""

from typing import Any

from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_policy_name_from_kind

SENSOR = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
# Whoever comes late gets the last one.
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def subscription_events(node: Node, topic: str) -> SubscriptionEventCallbacks:
    """Log a publisher whose quality of service does not fit a subscription, with both profiles."""

    def on_incompatible(event: Any) -> None:
        name = node.resolve_topic_name(topic)
        _complain(node, name, event, node.get_publishers_info_by_topic(name), 'publisher')

    return SubscriptionEventCallbacks(incompatible_qos=on_incompatible)


def publisher_events(node: Node, topic: str) -> PublisherEventCallbacks:
    """Log a subscriber whose quality of service does not fit a publisher, with both profiles."""

    def on_incompatible(event: Any) -> None:
        name = node.resolve_topic_name(topic)
        _complain(node, name, event, node.get_subscriptions_info_by_topic(name), 'subscriber')

    return PublisherEventCallbacks(incompatible_qos=on_incompatible)


def _complain(node: Node, topic: str, event: Any, others: list[Any], what: str) -> None:
    policy = qos_policy_name_from_kind(event.last_policy_kind).lower()
    theirs = ', '.join(f'{each.node_name} {describe(each.qos_profile)}' for each in others)
    own = node.get_publishers_info_by_topic(topic) + node.get_subscriptions_info_by_topic(topic)
    ours = [describe(each.qos_profile) for each in own if each.node_name == node.get_name()]
    node.get_logger().error(
        f'{topic}: nothing passes between us ({", ".join(ours)}) and a {what} '
        f'({theirs or "gone already"}): {policy} does not fit'
    )


def describe(profile: QoSProfile) -> str:
    """Return the policies that decide whether two ends fit."""
    return f'{profile.reliability.name.lower()}/{profile.durability.name.lower()}'
