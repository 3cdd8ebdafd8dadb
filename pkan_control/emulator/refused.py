"""How an emulated board refuses a request."""

from pkan_control.bridge.codes import Status


class Refused(Exception):  # noqa: N818
    """Not carried out: the status, up to two numbers (got, wanted), and a line for the log."""

    def __init__(self, status: Status, *numbers: int, text: str = '') -> None:
        """Refuse."""
        super().__init__(status.name)
        self.status, self.numbers, self.text = status, numbers, text
