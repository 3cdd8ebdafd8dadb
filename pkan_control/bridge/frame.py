"""Frames on the wire: `COBS(header, payload, CRC-32) 0x00`, see doc/bridge_protocol.md."""

from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple
from zlib import crc32

from cobs import cobs

VERSION = 1
MAX_RAW = 1200
RESPONSE, EVENT, RETRANSMISSION = 0x8, 0x4, 0x2
WILDCARD = 0xFFFF

_HEADER = Struct('<BBHHBB')
_CHECK = Struct('<I')
MAX_PAYLOAD = MAX_RAW - _HEADER.size - _CHECK.size
_MIN_RAW = _HEADER.size + _CHECK.size
# COBS adds one byte, and one more for every 254.
MAX_ENCODED = MAX_RAW + 1 + MAX_RAW // 254


class Frame(NamedTuple):
    """One frame: header fields and payload. `flags` are the low four bits of the first byte."""

    kind: int
    sequence: int
    session: int
    payload: bytes = b''
    flags: int = 0
    status: int = 0
    credit: int = 0
    version: int = VERSION


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame, delimiter included."""
    head = _HEADER.pack(
        frame.version << 4 | frame.flags,
        frame.kind,
        frame.sequence,
        frame.session,
        frame.status,
        frame.credit,
    )
    raw = head + frame.payload
    if len(raw) > MAX_RAW - _CHECK.size:
        raise ValueError(f'payload of {len(frame.payload)} bytes: at most {MAX_PAYLOAD}')
    encoded: bytes = cobs.encode(raw + _CHECK.pack(crc32(raw)))
    return encoded + b'\0'


@dataclass
class FrameErrors:
    """Number of dropped frames, by reason."""

    length: int = 0
    cobs: int = 0
    crc: int = 0

    @property
    def total(self) -> int:
        """Number of dropped frames, all reasons together."""
        return self.length + self.cobs + self.crc


class Decoder:
    """Decodes a byte stream, split anywhere, into frames; counts and drops damaged ones.

    Every 0x00 ends a frame, so damage never reaches past the next delimiter.
    """

    def __init__(self) -> None:
        """Start between two frames, with all counters at 0."""
        self.errors = FrameErrors()
        self._rest = b''
        self._skipping = False

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that the data completes."""
        *pieces, self._rest = (self._rest + data).split(b'\0')
        frames = []
        for piece in pieces:
            frame = None if self._skipping else self._decode(piece)
            self._skipping = False
            if frame is not None:
                frames.append(frame)
        self._bound()
        return frames

    def _bound(self) -> None:
        """Buffer at most one frame; skip the rest of a longer one."""
        if len(self._rest) > MAX_ENCODED:
            self.errors.length += not self._skipping
            self._skipping = True
        if self._skipping:
            self._rest = b''

    def _decode(self, piece: bytes) -> Frame | None:
        if not piece:
            return None
        try:
            raw = cobs.decode(piece)
        except cobs.DecodeError:
            self.errors.cobs += 1
            return None
        if not _MIN_RAW <= len(raw) <= MAX_RAW:
            self.errors.length += 1
            return None
        body = raw[: -_CHECK.size]
        if crc32(body) != _CHECK.unpack_from(raw, len(body))[0]:
            self.errors.crc += 1
            return None
        first, kind, sequence, session, status, credit = _HEADER.unpack_from(body)
        payload = body[_HEADER.size :]
        return Frame(kind, sequence, session, payload, first & 0xF, status, credit, first >> 4)
