"""What a board sends by itself: telemetry, readings of sweeps, lines for the log."""

import logging
from queue import SimpleQueue

from pkan_control.bridge.codes import Kind
from pkan_control.bridge.frame import Frame
from pkan_control.bridge.layouts import EVENTS
from pkan_control.bridge.messages import SweepData, TelemetryData
from pkan_control.bridge.statistics import Statistics

LOGGER = logging.getLogger('pkan_control.board')


class Events:
    """The last telemetry, and the readings of the sweep that runs."""

    def __init__(self, statistics: Statistics) -> None:
        """Know nothing yet; what means nothing is counted as malformed."""
        self.telemetry: TelemetryData | None = None
        self.readings: SimpleQueue[SweepData] = SimpleQueue()
        self._statistics = statistics
        self._last: int | None = None

    def begin(self) -> None:
        """Take any number as the first: a session begins."""
        self._last = None

    def take(self, frame: Frame) -> None:
        """Take an event."""
        follows = self._last is None or frame.sequence == (self._last + 1) & 0xFFFF
        self._statistics.event_gaps += not follows
        self._last = frame.sequence
        try:
            event = EVENTS[Kind(frame.kind)].unpack(frame.payload)
        except (ValueError, KeyError):
            self._statistics.malformed += 1
            return
        if frame.kind == Kind.TELEMETRY:
            self.telemetry = event
        elif frame.kind == Kind.SWEEP_DATA:
            self.readings.put(event)
        else:
            LOGGER.info('%s', event.text.decode(errors='backslashreplace'))
