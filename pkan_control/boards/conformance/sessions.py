"""Checks of frames and sessions: what is answered or dropped, HELLO, PING, repeated requests."""

import time

from pkan_control.boards.conformance.bench import (
    ANSWER_S,
    HALF,
    Bench,
    Check,
    DeviationError,
    expect,
    expect_status,
    expect_values,
    hexa,
)
from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import MAGIC, MessageKind, Status
from pkan_control.bridge.frame import EVENT, RESPONSE, RETRANSMISSION, Frame, encode
from pkan_control.bridge.layouts import DICTIONARY_CRC, REQUESTS

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


FRAME_CHECKS = (
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


def hello(bench: Bench) -> None:
    """Check magic, version and dictionary of the board."""
    reply = bench.hello
    expect('magic', hexa(MAGIC), hexa(reply.magic))
    expect('version', 1, reply.version)
    expect('dictionary', hexa(DICTIONARY_CRC), hexa(reply.dictionary_crc))
    if reply.session in (0, 0xFFFF):
        raise DeviationError('a session from 1 to FFFE', f'{reply.session:04X}')


def wrong_magic(bench: Bench) -> None:
    """Send HELLO with another magic."""
    answer = bench.expect_refusal(
        Status.ARGUMENT, MessageKind.HELLO, bench.greeting()._replace(magic=1), session=0
    )
    expect_values(answer, 1, MAGIC)


def wrong_version(bench: Bench) -> None:
    """Send HELLO as a host of versions 2 to 3 only."""
    message = bench.greeting()._replace(version_min=2, version_max=3)
    answer = bench.expect_refusal(Status.VERSION, MessageKind.HELLO, message, session=0)
    expect_values(answer, 3, 1)


def same_nonce(bench: Bench) -> None:
    """Send HELLO again with the same nonce, then with another."""
    again = bench.expect_ok(MessageKind.HELLO, bench.greeting(), session=0)
    expect('session of the same nonce', bench.session, again.session)
    before = bench.session
    if bench.begin().session == before:
        raise DeviationError('another session for another nonce', f'{before:04X} again')


def other_session(bench: Bench) -> None:
    """Send a request with the number of another session."""
    other = bench.session ^ 0x0101
    answer = bench.expect_refusal(Status.SESSION, MessageKind.STATE, m.Empty(), session=other)
    expect_values(answer, other, bench.session)


def ping(bench: Bench) -> None:
    """Check the times of PING: the host's is echoed, the board's are in order and at real pace."""
    first = bench.expect_ok(MessageKind.PING, m.Ping(12345))
    began = time.monotonic()
    bench.wait(0.2)
    second = bench.expect_ok(MessageKind.PING, m.Ping(1))
    took_us = (time.monotonic() - began) * 1e6
    expect('host time', 12345, first.t_host)
    if not first.t_received <= first.t_sent < second.t_received:
        raise DeviationError('arrival <= answer < next arrival', f'{first}, {second}')
    passed = second.t_received - first.t_received
    if not 0.5 * took_us < passed < 2 * took_us:
        raise DeviationError(f'about {took_us:.0f} us on the board', f'{passed} us')


def repeated(bench: Bench) -> None:
    """Send SWEEP twice with one sequence number: one job, one set of readings."""
    bench.load()
    sweep = m.Sweep(1, 0, 2, 0, 0, HALF, 0, 0)
    number = bench.number()
    jobs = [
        bench.expect_ok(MessageKind.SWEEP, sweep, sequence=number, flags=flags).job
        for flags in (0, RETRANSMISSION)
    ]
    expect('job of the repeated SWEEP', jobs[0], jobs[1])
    bench.wait(0.3)
    readings = sum(len(each.values) for each in bench.take_events(MessageKind.SWEEP_DATA))
    expect('readings of both', 2, readings)


CHECKS = (
    *FRAME_CHECKS,
    Check('HELLO says magic, version, dictionary', 'Layouts', hello),
    Check('HELLO with another magic is refused', 'Statuses', wrong_magic),
    Check('HELLO of other versions is refused', 'Statuses', wrong_version),
    Check('the same nonce is the same session', 'States of a board', same_nonce),
    Check('another session is refused, both named', 'States of a board', other_session),
    Check('PING tells the time of the board', 'Layouts', ping),
    Check('a repeated request is not carried out again', 'States of a board', repeated),
)
