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

    def take(self, frame: Frame) -> None:
        """Take an event."""
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
