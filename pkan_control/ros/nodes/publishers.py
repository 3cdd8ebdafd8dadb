"""Publishers of a controller's commands."""

from typing import Any

from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher, LifecycleState

from pkan_control.common.arrays import Floats
from pkan_control.ros.adapters.adapter import Adapter
from pkan_control.ros.nodes.topics import RELIABLE, publisher_events

# How long to wait until the last command has reached its reliable subscribers.
ACKNOWLEDGEMENT = Duration(seconds=0.5)


class CommandPublishers:
    """Publishes an adapter's messages: live on its topics, in a dry run on `~/shadow_...`.

    Only the topics in use are advertised, so that a dry run is never a second publisher of
    commands.
    """

    def __init__(self, node: LifecycleNode, adapter: Adapter, live: bool, topic: str = '') -> None:
        """Advertise the topics; `topic` replaces the adapter's first one where it is given."""
        self._node, self._adapter = node, adapter
        first, *others = adapter.outputs
        self._topics = [topic or first, *others]
        self._open(live)

    def _open(self, live: bool) -> None:
        self.live = live
        self._publishers: list[LifecyclePublisher[Any]] = []
        for name, message_type in zip(self._topics, self._adapter.outputs.values(), strict=True):
            topic = name if live else f'~/shadow_{name.rsplit("/", 1)[-1]}'
            events = publisher_events(self._node, topic)
            self._publishers.append(
                self._node.create_lifecycle_publisher(
                    message_type, topic, RELIABLE, event_callbacks=events
                )
            )

    def switch(self, live: bool, state: LifecycleState) -> None:
        """Switch an active node to the other topics, once all that was sent has arrived."""
        if live == self.live:
            return
        self.flush()
        self.close()
        self._open(live)
        for publisher in self._publishers:
            publisher.on_activate(state)

    def publish(self, command: Floats, stamp_ns: int) -> None:
        """Publish a command; where one message fails, the others are sent before it raises."""
        failed: Exception | None = None
        messages = self._adapter.encode(command, stamp_ns)
        for publisher, message in zip(self._publishers, messages, strict=True):
            try:
                publisher.publish(message)
            except Exception as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def flush(self) -> None:
        """Wait until all that was sent has arrived."""
        for publisher in self._publishers:
            publisher.wait_for_all_acked(ACKNOWLEDGEMENT)

    def rivals(self) -> list[str]:
        """Return the other nodes that publish on the first topic in use."""
        own = self._node.get_fully_qualified_name()
        senders = self._node.get_publishers_info_by_topic(self._publishers[0].topic_name)
        names = [f'{each.node_namespace.rstrip("/")}/{each.node_name}' for each in senders]
        if own in names:
            names.remove(own)
        return sorted(names)

    def close(self) -> None:
        """Stop advertising."""
        for publisher in self._publishers:
            self._node.destroy_lifecycle_publisher(publisher)
