"""Test bench for a board: sends and receives single frames, without a session's retries."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zlib import crc32

import numpy as np

from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import MAGIC, MessageKind, Status
from pkan_control.bridge.frame import EVENT, MAX_RAW, RESPONSE, VERSION, Decoder, Frame, encode
from pkan_control.bridge.layouts import EVENTS, REFUSAL, REQUESTS, RESPONSES
from pkan_control.bridge.transport import Transport
from pkan_control.chips.board.program_image import pack_program
from pkan_control.common.errors import UserError
from pkan_control.common.seeding import stream
from pkan_control.networks.program import Program

# Timeout of a response, and how long the bench waits to see that none comes.
ANSWER_S, SILENCE_S = 1.0, 0.15
# A booting board does not answer; HELLO is sent once more after this.
BOOT_S = 0.5
HALF = 0x4000
PIECE = 200


class DeviationError(Exception):
    """The board deviates from the protocol."""

    def __init__(self, expected: str, came: str) -> None:
        """Take what the protocol requires, and what came instead."""
        super().__init__(f'expected {expected}, came {came}')
        self.expected, self.came = expected, came


class Bench:
    """Sends and receives frames of one board; `image` is the program that the checks load."""

    def __init__(self, transport: Transport) -> None:
        """Use an open transport."""
        self._transport, self._decoder = transport, Decoder()
        self._sequence, self._nonce = 0x4000, int(time.monotonic_ns()) & 0xFFFFFFFF
        self.session = 0
        self.events: list[Frame] = []
        self.image = pack_program(small_program())
        self.crc = crc32(self.image)
        self.hello: m.HelloReply

    def begin(self) -> m.HelloReply:
        """Open a new session, not armed."""
        self._nonce = (self._nonce + 1) & 0xFFFFFFFF
        self.send(
            encode(
                self.frame(
                    MessageKind.HELLO, REQUESTS[MessageKind.HELLO].pack(self.greeting()), session=0
                )
            )
        )
        if self.receive(MessageKind.HELLO, None, BOOT_S) is None:
            self.wait(BOOT_S)
        self.hello = self.expect_ok(MessageKind.HELLO, self.greeting(), session=0)
        self.session = self.hello.session
        self.expect_ok(MessageKind.DISARM, m.Empty())
        return self.hello

    def greeting(self) -> m.Hello:
        """Return the HELLO of this session."""
        return m.Hello(MAGIC, VERSION, VERSION, MAX_RAW, self._nonce, 0)

    def number(self) -> int:
        """Return the next sequence number."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        return self._sequence

    def frame(self, kind: int, payload: bytes, **fields: int) -> Frame:
        """Return a request; sequence and session default to the next and the current one."""
        fields = {'sequence': self.number(), 'session': self.session, **fields}
        return Frame(kind, fields.pop('sequence'), fields.pop('session'), payload, **fields)

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._transport.write(data)

    def receive(self, kind: int, sequence: int | None, wait_s: float) -> Frame | None:
        """Return the response of that kind and sequence number, None on timeout; keep events."""
        until, found = time.monotonic() + wait_s, None
        while found is None and (left := until - time.monotonic()) > 0:
            for frame in self._decoder.feed(self._transport.read(left)):
                if frame.flags & EVENT:
                    self.events.append(frame)
                elif frame.flags & RESPONSE and frame.kind == kind:
                    found = frame if sequence in (None, frame.sequence) else found
        return found

    def request(self, kind: MessageKind, message: Any, **fields: int) -> Frame:
        """Send a request and return its response; fail without one."""
        request = self.frame(kind, REQUESTS[kind].pack(message), **fields)
        self.send(encode(request))
        answer = self.receive(kind, request.sequence, ANSWER_S)
        if answer is None:
            raise DeviationError(f'a response to {kind.name}', f'nothing for {ANSWER_S:g} s')
        return answer

    def expect_ok(self, kind: MessageKind, message: Any, **fields: int) -> Any:
        """Send a request that must be carried out; return its response."""
        answer = self.request(kind, message, **fields)
        expect_status(kind, answer, Status.OK)
        try:
            return RESPONSES[kind].unpack(answer.payload)
        except ValueError as error:
            raise DeviationError(f'a response to {kind.name} of its layout', str(error)) from None

    def expect_refusal(
        self, status: Status, kind: MessageKind, message: Any, **fields: int
    ) -> Frame:
        """Send a request that must be refused with that status; return the response."""
        answer = self.request(kind, message, **fields)
        expect_status(kind, answer, status)
        return answer

    def expect_silence(self, data: bytes) -> None:
        """Send bytes that must not be answered."""
        self.send(data)
        until = time.monotonic() + SILENCE_S
        while (left := until - time.monotonic()) > 0:
            for frame in self._decoder.feed(self._transport.read(left)):
                if frame.flags & EVENT:
                    self.events.append(frame)
                else:
                    raise DeviationError('silence', f'a response of kind 0x{frame.kind:02X}')

    def wait(self, seconds: float) -> None:
        """Send nothing for a time in s; keep events."""
        self.receive(-1, None, seconds)

    def take_events(self, kind: MessageKind) -> list[Any]:
        """Return the events of a kind received so far, and clear them."""
        found = [EVENTS[kind].unpack(each.payload) for each in self.events if each.kind == kind]
        self.events = [each for each in self.events if each.kind != kind]
        return found

    def state(self) -> m.StateReply:
        """Return the state of the board."""
        reply: m.StateReply = self.expect_ok(MessageKind.STATE, m.Empty())
        return reply

    def load(self) -> None:
        """Load the program into slot 0 and make it the active one."""
        self.upload(self.image, self.crc)
        reply = self.expect_ok(MessageKind.COMMIT, m.Commit(0, self.crc))
        expect('COMMIT: checksum', hexa(self.crc), hexa(reply.active_crc))

    def upload(self, image: bytes, crc: int) -> None:
        """Send an image to slot 0, from the start."""
        self.expect_ok(MessageKind.PROGRAM_BEGIN, m.ProgramBegin(0, 1, PIECE, len(image), crc))
        for start in range(0, len(image), PIECE):
            piece = image[start : start + PIECE]
            reply = self.expect_ok(MessageKind.PROGRAM_DATA, m.ProgramData(0, start, piece))
            expect('PROGRAM_DATA: next offset', start + len(piece), reply.offset)

    def arm(self, watchdog_ms: int = 1000) -> None:
        """Arm the program with the safe action `SAFE_ACTION`."""
        reply = self.expect_ok(MessageKind.ARM, m.Arm(self.crc, watchdog_ms, SAFE_ACTION))
        expect('ARM: state', 3, reply.state)

    def evaluation(self, crc: int | None = None) -> m.Evaluate:
        """Return an EVALUATE with all inputs at 0.5."""
        return m.Evaluate(self.crc if crc is None else crc, 60_000, 0, (HALF,) * SHAPE[0])

    def close(self) -> None:
        """Release the transport."""
        self._transport.close()


# The program of the checks: inputs, hidden nodes, outputs; elements of an edge.
SHAPE, ELEMENTS = (2, 3, 2), 2
SAFE_ACTION = (0x4000, -0x4000)


def small_program() -> Program:
    """Return a program that every board can hold."""
    layers = []
    for number, (sources, targets) in enumerate(pairwise(SHAPE)):
        draw = stream(0, 'conformance', number)
        gains = draw.integers(-150, 150, (sources, targets, ELEMENTS, 1))
        capacitors = draw.integers(1, 255, (sources, targets, ELEMENTS, 4))
        layers.append(np.concatenate([gains, capacitors], axis=-1).astype(np.int16))
    return Program('bandpass', tuple(layers), 1.0)


def expect(what: str, wanted: object, came: object) -> None:
    """Raise a `DeviationError` unless two values are equal."""
    if wanted != came:
        raise DeviationError(f'{what} {wanted}', str(came))


def expect_status(kind: MessageKind, frame: Frame, wanted: Status) -> None:
    """Raise a `DeviationError` unless a response has a status; the alert bit is ignored."""
    expect(f'{kind.name}: status', describe(wanted), describe(frame.status & 0x7F))


def expect_values(frame: Frame, got: int, wanted: int) -> None:
    """Raise a `DeviationError` unless a refusal carries both values: received and wanted."""
    if len(frame.payload) != 8:
        raise DeviationError('a refusal of 8 bytes', f'{len(frame.payload)} bytes')
    found = REFUSAL.unpack(frame.payload)
    expect(
        'values of the refusal', (hexa(got), hexa(wanted)), (hexa(found.got), hexa(found.wanted))
    )


def describe(status: int) -> str:
    """Return number and name of a status."""
    known = status in Status.__members__.values()
    return f'{status} {Status(status).name.lower()}' if known else str(status)


def hexa(value: int) -> str:
    """Return a number as eight hexadecimal digits."""
    return f'{value:08X}'


@dataclass(frozen=True)
class Check:
    """One check: its name, the section of doc/bridge_protocol.md it tests, and its function."""

    name: str
    section: str
    run: Callable[[Bench], None]


@dataclass(frozen=True)
class Verdict:
    """Result of a check; `expected` and `came` are empty if it passed."""

    check: Check
    expected: str = ''
    came: str = ''

    @property
    def passed(self) -> bool:
        """Whether the board conforms."""
        return not self.expected


def run(check: Check, bench: Bench) -> Verdict:
    """Run a check in a session of its own, so that no check depends on an earlier one."""
    try:
        bench.begin()
        check.run(bench)
    except DeviationError as deviation:
        return Verdict(check, deviation.expected, deviation.came)
    except UserError:
        raise
    except ValueError as error:
        return Verdict(check, 'payloads of their layouts', str(error))
    return Verdict(check)
