"""Responses: decoded into messages, or into the error that their status names."""

from typing import Any

from pkan_control.bridge.codes import MessageKind, Status
from pkan_control.bridge.frame import Frame
from pkan_control.bridge.layouts import REFUSAL, RESPONSES
from pkan_control.common.errors import UserError


class BoardError(UserError):
    """A board refused a request, or sent a response that cannot be decoded."""

    def __init__(self, text: str, status: int = 0) -> None:
        """Take the text and the status of the response (0 without one)."""
        super().__init__(text)
        self.status = status


class LinkLostError(UserError, ConnectionError):
    """The link broke; it may come back, but nothing is armed again automatically."""


class LinkTimeoutError(UserError, TimeoutError):
    """No response in time."""


class AnotherBoardError(BoardError):
    """After an interruption, another board than before answers on the link."""


def read_response(name: str, frame: Frame) -> Any:
    """Return the response of the board `name`; a refusal is a `BoardError` with both values."""
    status = frame.status & 0x7F
    if status == Status.OK:
        return unpack_response(name, frame)
    known = status in Status.__members__.values()
    reason = Status(status).name.lower().replace('_', ' ') if known else f'status {status}'
    text = f'{name}: {MessageKind(frame.kind).name} refused: {reason}'
    if len(frame.payload) == 8:
        refusal = REFUSAL.unpack(frame.payload)
        text += f', 0x{refusal.got:X} where 0x{refusal.wanted:X} is wanted'
    raise BoardError(text, status)


def unpack_response(name: str, frame: Frame) -> Any:
    """Return the message in a response, whatever its status; raise a `BoardError` if damaged."""
    kind = MessageKind(frame.kind)
    try:
        return RESPONSES[kind].unpack(frame.payload)
    except ValueError as error:
        raise BoardError(f'{name}: response to {kind.name}: {error}') from None
