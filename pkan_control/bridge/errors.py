"""What can go wrong between host and board, each in one line."""

from pkan_control.errors import UserError


class BoardError(UserError):
    """A board refused a request, or answered something that means nothing."""

    def __init__(self, text: str, status: int = 0) -> None:
        """Say what was refused, and the status (0 where there is none)."""
        super().__init__(text)
        self.status = status


class LinkLostError(UserError, ConnectionError):
    """The link broke; it may come back, but nothing is armed again by itself."""


class LinkTimeoutError(UserError, TimeoutError):
    """No answer in time."""


class AnotherBoardError(BoardError):
    """The board that answers on a link that was interrupted is not the one from before."""
