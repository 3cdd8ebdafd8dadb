"""HELLO: opens a session, checks the protocol, and detects a board that was reset or replaced."""

from typing import Any

from pkan_control.bridge.codes import MAGIC, MessageKind, Status
from pkan_control.bridge.frame import MAX_RAW, RESPONSE, RETRANSMISSION, VERSION, Frame, encode
from pkan_control.bridge.layouts import DICTIONARY_CRC, REFUSAL, REQUESTS, RESPONSES
from pkan_control.bridge.messages import Hello, HelloReply
from pkan_control.bridge.responses import BoardError, LinkTimeoutError

# An idempotent request is sent up to three times; the timeout of each try.
TRIES_S = (0.1, 0.2, 0.4)


def microseconds(time_s: float) -> int:
    """Return a time in s as a whole number of us, as on the wire."""
    return round(time_s * 1e6)


class Greeting:
    """Sends HELLO until it is answered, each time with the same nonce and sequence number."""

    def __init__(self, nonce: int, sequence: int) -> None:
        """Start with nothing sent."""
        self._nonce, self._sequence = nonce, sequence
        self._sent = 0
        self._due_s = float('-inf')

    def due(self, now_s: float) -> bytes:
        """Return the bytes to send now; raise a `LinkTimeoutError` after the last try."""
        if now_s < self._due_s:
            return b''
        if self._sent == len(TRIES_S):
            raise LinkTimeoutError(f'no board answers: {self._sent} HELLO in {sum(TRIES_S):.1f} s')
        hello = Hello(MAGIC, VERSION, VERSION, MAX_RAW, self._nonce, microseconds(now_s))
        payload = REQUESTS[MessageKind.HELLO].pack(hello)
        flags = RETRANSMISSION if self._sent else 0
        self._due_s = now_s + TRIES_S[self._sent]
        self._sent += 1
        return encode(Frame(MessageKind.HELLO, self._sequence, 0, payload, flags))

    def read(self, frame: Frame) -> HelloReply | None:
        """Return the reply if this frame is one; raise a `BoardError` for another protocol."""
        if frame[:2] != (MessageKind.HELLO, self._sequence) or not frame.flags & RESPONSE:
            return None
        return _checked(frame)


def _checked(frame: Frame) -> HelloReply:
    """Return the reply of a board that speaks this protocol; an error names both values."""
    if frame.version != VERSION:
        raise BoardError(f'the board speaks version {frame.version}, this host version {VERSION}')
    refused = frame.status & 0x7F == Status.VERSION
    layout = REFUSAL if refused else RESPONSES[MessageKind.HELLO]
    try:
        reply: Any = layout.unpack(frame.payload)
    except ValueError as error:
        raise BoardError(f'HELLO: {error}') from None
    if refused:
        raise BoardError(f'the board speaks version {reply.wanted}, this host version {VERSION}')
    if reply.magic != MAGIC:
        raise BoardError(f'not a pkan board: magic 0x{reply.magic:08X}, must be 0x{MAGIC:08X}')
    if reply.version != VERSION:
        raise BoardError(f'the board speaks version {reply.version}, this host version {VERSION}')
    if reply.dictionary_crc != DICTIONARY_CRC:
        raise BoardError(
            f'the board has message dictionary 0x{reply.dictionary_crc:08X}, '
            f'this host 0x{DICTIONARY_CRC:08X}'
        )
    hello: HelloReply = reply
    return hello


def changes(before: HelloReply, now: HelloReply) -> str:
    """Return what changed on the board since an earlier HELLO; empty if nothing did."""
    found = []
    if now.boot_count != before.boot_count:
        found.append(f'boot count {now.boot_count}, was {before.boot_count}')
    if now.active_program_crc != before.active_program_crc:
        found.append(
            f'program 0x{now.active_program_crc:08X}, was 0x{before.active_program_crc:08X}'
        )
    return ', '.join(found)
