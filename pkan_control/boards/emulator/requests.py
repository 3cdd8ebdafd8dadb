"""What an emulated board does not sweep."""

from pkan_control.bridge.codes import DRIVE_OFF, Status, SweepTarget
from pkan_control.bridge.layouts import ONE_INPUT
from pkan_control.bridge.messages import Sweep


class Refused(Exception):  # noqa: N818
    """Not carried out: the status, up to two numbers (got, wanted), and a line for the log."""

    def __init__(self, status: Status, *numbers: int, text: str = '') -> None:
        """Refuse."""
        super().__init__(status.name)
        self.status, self.numbers, self.text = status, numbers, text


MOST_READINGS = 1024
# Of an evaluation, which a path is, and of a part alone.
MOST_AVERAGES_LOG2, MOST_ALONE_LOG2 = 6, 15


def check_sweep(message: Sweep) -> None:
    """Refuse a sweep of no part, of no or too many readings, or beyond the range of inputs."""
    path = message.target == SweepTarget.PATH
    undriven = path and message.flags & DRIVE_OFF
    if message.target > SweepTarget.PATH or not message.n or undriven:
        raise Refused(Status.ARGUMENT)
    limits = (
        (Status.ARGUMENT, message.log2_averages, MOST_AVERAGES_LOG2 if path else MOST_ALONE_LOG2),
        (Status.ARGUMENT, max(message.x0, message.x1), ONE_INPUT),
        (Status.NO_RESOURCE, message.n, MOST_READINGS),
    )
    for status, value, most in limits:
        if value > most:
            raise Refused(status, value, most)
