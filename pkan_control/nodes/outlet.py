"""Where a controller's commands leave the node."""

from typing import Any

from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher, LifecycleState

from pkan_control.nodes.qos import RELIABLE, publisher_events

# How long the last command may take to reach its reliable subscribers.
ARRIVAL = Duration(seconds=0.5)


class Outlet:
    """Publishes live on `command`, in a dry run on `~/shadow_command`.

    Only the topic in use is advertised: a dry run is never a second publisher of commands.
    """

    def __init__(self, node: LifecycleNode, kind: type, live: bool) -> None:
        """Advertise a topic for messages of a kind."""
        self._node, self._kind = node, kind
        self._open(live)

    def _open(self, live: bool) -> None:
        self.live = live
        self.topic = 'command' if live else '~/shadow_command'
        events = publisher_events(self._node, self.topic)
        self._publisher: LifecyclePublisher[Any] = self._node.create_lifecycle_publisher(
            self._kind, self.topic, RELIABLE, event_callbacks=events
        )

    def switch(self, live: bool, state: LifecycleState) -> None:
        """Go over to the other topic, of an active node, once everything sent has arrived."""
        if live == self.live:
            return
        self.flush()
        self.close()
        self._open(live)
        self._publisher.on_activate(state)

    def publish(self, message: Any) -> None:
        """Send a command."""
        self._publisher.publish(message)

    def flush(self) -> None:
        """Wait until what was sent has arrived."""
        self._publisher.wait_for_all_acked(ARRIVAL)

    def rivals(self) -> list[str]:
        """Return the other nodes that publish on the topic in use."""
        own = self._node.get_fully_qualified_name()
        senders = self._node.get_publishers_info_by_topic(self._publisher.topic_name)
        names = [f'{each.node_namespace.rstrip("/")}/{each.node_name}' for each in senders]
        if own in names:
            names.remove(own)
        return sorted(names)

    def close(self) -> None:
        """Stop advertising."""
        self._node.destroy_lifecycle_publisher(self._publisher)
