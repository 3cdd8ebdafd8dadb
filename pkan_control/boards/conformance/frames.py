"""Checks of frames: which are answered, and which are dropped silently."""

from pkan_control.boards.conformance.bench import (
    ANSWER_S,
    Bench,
    Check,
    DeviationError,
    expect,
    expect_status,
)
from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import MessageKind, Status
from pkan_control.bridge.frame import EVENT, RESPONSE, Frame, encode
from pkan_control.bridge.layouts import REQUESTS

GOLDEN_SAFE = bytes.fromhex('03 10 0f 01 03 ff ff 01 06 01 98 b5 8f f0 00')


def golden(bench: Bench) -> None:
    """Send the golden SAFE frame, byte by byte."""
    bench.send(GOLDEN_SAFE)
    if bench.receive(MessageKind.SAFE, 0, ANSWER_S) is None:
        raise DeviationError('a response to the golden SAFE frame', 'nothing')


def _alive(bench: Bench) -> None:
    reply = bench.expect_ok(MessageKind.PING, m.Ping(7))
    expect('PING: host time', 7, reply.t_host)


def _request(bench: Bench) -> bytes:
    return encode(bench.frame(MessageKind.PING, REQUESTS[MessageKind.PING].pack(m.Ping(1))))


def wrong_crc(bench: Bench) -> None:
    """Flip a bit of the payload that keeps the COBS valid but not the CRC."""
    data = bytearray(_request(bench))
    place = next(i for i in range(10, len(data) - 1) if data[i] not in (0, 1, 2, 3, 254, 255))
    data[place] ^= 0x04 if data[place] ^ 0x04 else 0x08
    bench.expect_silence(bytes(data))
    _alive(bench)


def wrong_cobs(bench: Bench) -> None:
    """Send a frame that is shorter than its COBS code announces."""
    bench.expect_silence(b'\xff\x01\x02\x03\x00')
    _alive(bench)


def too_long(bench: Bench) -> None:
    """Send 5000 bytes without a delimiter, then a delimiter."""
    bench.expect_silence(b'\x01' * 5000 + b'\x00')
    _alive(bench)


def cut(bench: Bench) -> None:
    """Send a request byte by byte."""
    frame = bench.frame(MessageKind.PING, REQUESTS[MessageKind.PING].pack(m.Ping(9)))
    for byte in encode(frame):
        bench.send(bytes([byte]))
    if bench.receive(MessageKind.PING, frame.sequence, ANSWER_S) is None:
        raise DeviationError('a response to a request in single bytes', 'nothing')


def empty(bench: Bench) -> None:
    """Send empty frames before a request."""
    bench.expect_silence(b'\0' * 20)
    _alive(bench)


def not_for_boards(bench: Bench) -> None:
    """Send frames with the response bit or the event bit set."""
    payload = REQUESTS[MessageKind.PING].pack(m.Ping(1))
    for flags in (RESPONSE, EVENT):
        bench.expect_silence(encode(bench.frame(MessageKind.PING, payload, flags=flags)))


def unknown_kind(bench: Bench) -> None:
    """Send a message kind that the protocol does not define."""
    frame = bench.frame(0x7E, b'')
    bench.send(encode(frame))
    answer = bench.receive(0x7E, frame.sequence, ANSWER_S)
    if answer is None:
        raise DeviationError('a response to kind 7E', 'nothing')
    expect_status(MessageKind.PING, answer, Status.UNSUPPORTED)


def _with_payload(bench: Bench, payload: bytes) -> Frame:
    frame = bench.frame(MessageKind.PING, payload)
    bench.send(encode(frame))
    answer = bench.receive(MessageKind.PING, frame.sequence, ANSWER_S)
    if answer is None:
        raise DeviationError('a response to PING', 'nothing')
    return answer


def short_payload(bench: Bench) -> None:
    """Send a PING that lacks its last byte."""
    expect_status(MessageKind.PING, _with_payload(bench, bytes(7)), Status.LENGTH)


def long_payload(bench: Bench) -> None:
    """Send a PING with five extra bytes."""
    expect_status(MessageKind.PING, _with_payload(bench, bytes(13)), Status.OK)


def echoed(bench: Bench) -> None:
    """Check version, session and bits of a response."""
    answer = bench.request(MessageKind.STATE, m.Empty())
    expect('version', 1, answer.version)
    expect('session', bench.session, answer.session)
    expect('bits of a response', RESPONSE, answer.flags & (RESPONSE | EVENT))


CHECKS = (
    Check('the golden SAFE frame is answered', 'Frame', golden),
    Check('version, session and bits of a response', 'Frame', echoed),
    Check('a wrong CRC is dropped in silence', 'Frame', wrong_crc),
    Check('wrong COBS is dropped in silence', 'Frame', wrong_cobs),
    Check('a frame too long is dropped in silence', 'Frame', too_long),
    Check('a request in single bytes is understood', 'Frame', cut),
    Check('empty frames are nothing', 'Frame', empty),
    Check('responses and events are dropped', 'Frame', not_for_boards),
    Check('an unknown kind is unsupported', 'Statuses', unknown_kind),
    Check('missing payload bytes are refused', 'Layouts', short_payload),
    Check('payload bytes too many are ignored', 'Layouts', long_payload),
)
