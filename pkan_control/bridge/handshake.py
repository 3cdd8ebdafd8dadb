"""HELLO: opens a session on a fresh transport, and tells whether it is still the same board."""

import secrets
import time

from pkan_control.bridge.codes import MAGIC, Kind, Status
from pkan_control.bridge.errors import BoardError, LinkTimeoutError
from pkan_control.bridge.frame import (
    MAX_RAW,
    RESPONSE,
    RETRANSMISSION,
    VERSION,
    Decoder,
    Frame,
    encode,
)
from pkan_control.bridge.layouts import DICTIONARY_CRC, REFUSAL, REQUESTS, RESPONSES
from pkan_control.bridge.messages import Hello, HelloReply
from pkan_control.bridge.transport import Transport

# An idempotent request is sent three times, and waits this long for its answer each time.
TRIES_S = (0.1, 0.2, 0.4)


def now_us() -> int:
    """Return the host's monotonic clock in us."""
    return time.monotonic_ns() // 1000


def shake_hands(transport: Transport, decoder: Decoder) -> HelloReply:
    """Open a session; a board of another protocol is refused with both values."""
    nonce, sequence = secrets.randbits(32), secrets.randbits(16)
    transport.write(b'\0')
    for index, wait_s in enumerate(TRIES_S):
        hello = Hello(MAGIC, VERSION, VERSION, MAX_RAW, nonce, now_us())
        payload = REQUESTS[Kind.HELLO].pack(hello)
        flags = RETRANSMISSION if index else 0
        transport.write(encode(Frame(Kind.HELLO, sequence, 0, payload, flags)))
        frame = _await(transport, decoder, sequence, wait_s)
        if frame is not None:
            return _checked(frame)
    raise LinkTimeoutError(f'no board answers: {len(TRIES_S)} HELLO in {sum(TRIES_S):.1f} s')


def _await(transport: Transport, decoder: Decoder, sequence: int, wait_s: float) -> Frame | None:
    until = time.monotonic() + wait_s
    while (left := until - time.monotonic()) > 0:
        for frame in decoder.feed(transport.read(left)):
            if frame[:2] == (Kind.HELLO, sequence) and frame.flags & RESPONSE:
                return frame
    return None


def _checked(frame: Frame) -> HelloReply:
    if frame.version != VERSION:
        raise BoardError(f'the board speaks version {frame.version}: this host {VERSION}')
    try:
        if frame.status & 0x7F == Status.VERSION:
            refusal = REFUSAL.unpack(frame.payload)
            raise BoardError(f'the board speaks version {refusal.wanted}: this host {VERSION}')
        reply: HelloReply = RESPONSES[Kind.HELLO].unpack(frame.payload)
    except ValueError as error:
        raise BoardError(f'HELLO: {error}') from None
    if reply.magic != MAGIC:
        raise BoardError(f'no pkan board: magic 0x{reply.magic:08X}, wanted 0x{MAGIC:08X}')
    if reply.version != VERSION:
        raise BoardError(f'the board speaks version {reply.version}: this host {VERSION}')
    if reply.dictionary_crc != DICTIONARY_CRC:
        raise BoardError(
            f'the board has message dictionary 0x{reply.dictionary_crc:08X}: '
            f'this host 0x{DICTIONARY_CRC:08X}'
        )
    return reply


def changes(before: HelloReply, now: HelloReply) -> str:
    """Return what is another at the board since a former HELLO, nothing if it is the same."""
    found = []
    if now.boot_count != before.boot_count:
        found.append(f'boot count {now.boot_count}, was {before.boot_count}')
    if now.active_program_crc != before.active_program_crc:
        found.append(
            f'program 0x{now.active_program_crc:08X}, was 0x{before.active_program_crc:08X}'
        )
    return ', '.join(found)
