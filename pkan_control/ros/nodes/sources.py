"""Where a controller node's inputs come from: the usual topics, or those of a mapping."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pkan_control.common.arrays import Floats
from pkan_control.ros.nodes.topics import Topic, header_frame, header_stamp


@dataclass(frozen=True)
class Source:
    """A subscription: its topic and type, and what is read from a message.

    `decode` gives numbers `[k]`, or the reason why a message cannot be used; `max_age_s` is None
    for the usual limit. What is `moving` may come anew for each state, with its stamp. Where there
    is an `unpack`, messages come as bytes, and it makes of them what the others read.
    """

    topic: str
    kind: type
    decode: Callable[[Any], Floats | str]
    stamp_ns: Callable[[Any], int] = header_stamp
    frame: Callable[[Any], str] = header_frame
    max_age_s: float | None = None
    moving: bool = False
    unpack: Callable[[bytes], Any] | None = None


class StateInputs(Protocol):
    """What makes a state; the first source triggers a tick, the others are kept until then."""

    sources: tuple[Source, ...]

    def keep(self, number: int, values: Floats) -> None:
        """Keep what came from one of the others."""

    def state(self, values: Floats) -> Floats:
        """Return the state `[n]` with what just came from the first."""


class OneTopic:
    """The whole state comes from one topic."""

    def __init__(self, topic: Topic) -> None:
        """Take the topic that is usual for a law."""
        self.sources: tuple[Source, ...] = (source_of(topic),)

    def keep(self, number: int, values: Floats) -> None:
        """Never called: there are no others."""

    def state(self, values: Floats) -> Floats:
        """Return the state as it came."""
        return values


def source_of(topic: Topic) -> Source:
    """Return the source that a usual topic is."""
    return Source(topic.name, topic.kind, topic.decode, moving=topic.moving, unpack=topic.unpack)
