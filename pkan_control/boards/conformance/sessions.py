"""Checks of sessions: HELLO, PING, and repeated requests."""

import time

from pkan_control.boards.conformance.bench import (
    HALF,
    Bench,
    Check,
    DeviationError,
    expect,
    expect_values,
    hexa,
)
from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import MAGIC, MessageKind, Status
from pkan_control.bridge.frame import RETRANSMISSION
from pkan_control.bridge.layouts import DICTIONARY_CRC


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
    Check('HELLO says magic, version, dictionary', 'Layouts', hello),
    Check('HELLO with another magic is refused', 'Statuses', wrong_magic),
    Check('HELLO of other versions is refused', 'Statuses', wrong_version),
    Check('the same nonce is the same session', 'States of a board', same_nonce),
    Check('another session is refused, both named', 'States of a board', other_session),
    Check('PING tells the time of the board', 'Layouts', ping),
    Check('a repeated request is not carried out again', 'States of a board', repeated),
)
