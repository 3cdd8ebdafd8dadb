"""What a response says: its message, or why the request was refused."""

from typing import Any

from pkan_control.bridge.codes import Kind, Status
from pkan_control.bridge.errors import BoardError
from pkan_control.bridge.frame import Frame
from pkan_control.bridge.layouts import REFUSAL, RESPONSES


def read_response(name: str, frame: Frame) -> Any:
    """Return the response of the board `name`, or raise what was refused, with both values."""
    status = frame.status & 0x7F
    if status == Status.OK:
        return unpack_response(name, frame)
    known = status in Status.__members__.values()
    reason = Status(status).name.lower().replace('_', ' ') if known else f'status {status}'
    text = f'{name}: {Kind(frame.kind).name} refused: {reason}'
    if len(frame.payload) == 8:
        refusal = REFUSAL.unpack(frame.payload)
        text += f', 0x{refusal.got:X} where 0x{refusal.wanted:X} is wanted'
    raise BoardError(text, status)


def unpack_response(name: str, frame: Frame) -> Any:
    """Return the message in a response, whatever its status."""
    kind = Kind(frame.kind)
    try:
        return RESPONSES[kind].unpack(frame.payload)
    except ValueError as error:
        raise BoardError(f'{name}: answer to {kind.name}: {error}') from None
