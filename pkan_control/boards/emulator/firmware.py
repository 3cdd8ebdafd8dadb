"""Firmware of an emulated board: sessions, frames and events, without input or output.

Bytes and times in us go in, bytes come out. It implements doc/bridge_protocol.md.
"""

from collections import OrderedDict
from typing import Any

from pkan_control.boards.emulator.board import LAYER_LATENCY_US, REBOOT, Board
from pkan_control.boards.emulator.chip_model import ChipModel, RefusedError
from pkan_control.boards.emulator.memory import SLOTS
from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import (
    ALERT,
    MAGIC,
    BoardKind,
    BoardState,
    Capability,
    MessageKind,
    Status,
)
from pkan_control.bridge.frame import (
    EVENT,
    MAX_RAW,
    RESPONSE,
    RETRANSMISSION,
    VERSION,
    Decoder,
    Frame,
    encode,
)
from pkan_control.bridge.layouts import DICTIONARY_CRC, EVENTS, REFUSAL, REQUESTS, RESPONSES
from pkan_control.chips.board.program_image import MAX_K, MAX_PORTS
from pkan_control.chips.simulated import CONVERTER_BITS
from pkan_control.devices.bandpass import CLOCK_HZ
from pkan_control.devices.deviations import Deviations

UID = b'EMU\0'
CREDITS = 8
MAX_EDGES = 35_000
TELEMETRY_MS = 100
# Responses kept for repeated requests, and events with readings sent at a time.
REMEMBERED, READINGS = 8, 4
SUPPLY_MV, REFERENCE_MV = 3300, 1500
NOT_REMEMBERED = (MessageKind.HELLO, MessageKind.SAFE, MessageKind.PING)


class Meter:
    """Estimated power, and the energy since power-on, integrated from reading to reading."""

    def __init__(self) -> None:
        """Start at time 0 with no energy drawn."""
        self.power_w = self.energy_j = 0.0
        self._read_us = 0

    def read(self, model: ChipModel | None, now_us: int) -> None:
        """Set the power of the active program, and add the energy since the last reading."""
        self.power_w = 0.0 if model is None else model.power_w
        self.energy_j += self.power_w * (now_us - self._read_us) * 1e-6
        self._read_us = now_us


class Firmware:
    """Firmware of a board with the simulated chip of that seed."""

    def __init__(self, seed: int, deviations: Deviations) -> None:
        """Power on at time 0."""
        self.uid = UID + seed.to_bytes(8, 'little')
        self.board = Board(seed, deviations)
        self.credits = CREDITS
        self._session = 0
        self._meter = Meter()
        self._restart()

    def reboot(self, now_us: int, cause: int = REBOOT) -> None:
        """Start again, as after a loss of power or a reset."""
        self.board.reboot(now_us, cause)
        self._restart()

    @property
    def next_us(self) -> float:
        """Time in us of its next action without a request, infinity for never."""
        if self.board.readings or self.board.log:
            return 0
        due = self.board.next_us
        if self._open and self._period_us and self.board.state != BoardState.BOOT:
            due = min(due, self._telemetry_us + self._period_us)
        return due

    def _restart(self) -> None:
        self.decoder = Decoder()
        self.sequence_gaps = 0
        self._open = False
        self._nonce = -1
        self._last: int | None = None
        self._events = 0
        self._period_us, self._telemetry_us = 1000 * TELEMETRY_MS, 0
        self._remembered: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def receive(self, data: bytes, now_us: int) -> bytes:
        """Process received bytes; return responses and events."""
        before = self.tick(now_us)
        if self.board.state == BoardState.BOOT:
            return before
        frames = self.decoder.feed(data)
        answers = b''.join(self._answer(frame, now_us) for frame in frames)
        return before + answers + self._send_events()

    def tick(self, now_us: int) -> bytes:
        """Advance the time; return events."""
        self.board.tick(now_us)
        if self.board.state == BoardState.BOOT or not self._open:
            return b''
        return self._send_telemetry(now_us) + self._send_events()

    def _answer(self, frame: Frame, now_us: int) -> bytes:
        if frame.flags & (RESPONSE | EVENT):
            return b''
        key = (frame.kind, frame.sequence)
        if key in self._remembered and frame.session == self._session:
            return self._remembered[key]
        try:
            status, payload = self._carry_out(frame, now_us)
        except RefusedError as refused:
            status, payload = refused.status, _refusal(refused)
            if refused.text:
                self.board.log.append(refused.text)
        return self._respond(frame, status, payload)

    def _respond(self, frame: Frame, status: int, payload: bytes) -> bytes:
        alert = ALERT if self.board.faults else 0
        data = encode(
            Frame(
                frame.kind,
                frame.sequence,
                self._session,
                payload,
                RESPONSE,
                status | alert,
                self.credits,
            )
        )
        if frame.session == self._session and frame.kind not in NOT_REMEMBERED:
            self._remembered[frame.kind, frame.sequence] = data
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return data

    def _carry_out(self, frame: Frame, now_us: int) -> tuple[int, bytes]:
        if frame.version != VERSION:
            raise RefusedError(Status.VERSION, frame.version, VERSION)
        if frame.kind not in REQUESTS:
            raise RefusedError(Status.UNSUPPORTED)
        kind = MessageKind(frame.kind)
        if kind not in (MessageKind.HELLO, MessageKind.SAFE):
            self._check_session(frame)
        if self._open and frame.session == self._session:
            self._check_sequence(frame)
        try:
            message = REQUESTS[kind].unpack(frame.payload)
        except ValueError:
            raise RefusedError(Status.LENGTH) from None
        status, response = self._handle(kind, message, now_us)
        return status, RESPONSES[kind].pack(response)

    def _check_session(self, frame: Frame) -> None:
        if not self._open or frame.session != self._session:
            raise RefusedError(Status.SESSION, frame.session, self._session)

    def _check_sequence(self, frame: Frame) -> None:
        if self._last is not None and not frame.flags & RETRANSMISSION:
            self.sequence_gaps += frame.sequence != (self._last + 1) & 0xFFFF
        self._last = frame.sequence

    def _handle(self, kind: MessageKind, message: Any, now_us: int) -> tuple[Status, Any]:
        if kind == MessageKind.HELLO:
            return Status.OK, self._hello(message, now_us)
        if kind == MessageKind.TELEMETRY:
            return Status.OK, self._telemetry(now_us)
        if kind == MessageKind.TELEMETRY_PERIOD:
            self._period_us = 1000 * message.period_ms
            return Status.OK, message
        return self.board.handle(kind, message, now_us)

    def _hello(self, message: m.Hello, now_us: int) -> m.HelloReply:
        if message.magic != MAGIC:
            raise RefusedError(Status.ARGUMENT, message.magic, MAGIC)
        if not message.version_min <= VERSION <= message.version_max:
            raise RefusedError(Status.VERSION, message.version_max, VERSION)
        if not self._open or message.nonce != self._nonce:
            self._begin_session(message.nonce, now_us)
        board = self.board
        return m.HelloReply(
            MAGIC,
            VERSION,
            BoardKind.EMULATOR,
            1,
            bytes((0, 1, 0, 0)),
            self.uid,
            self._session,
            MAX_RAW,
            CREDITS,
            SLOTS,
            Capability.DETECTORS,
            MAX_PORTS,
            MAX_PORTS,
            MAX_EDGES,
            MAX_K,
            CONVERTER_BITS,
            LAYER_LATENCY_US,
            round(CLOCK_HZ),
            board.boot_count,
            board.reset_cause,
            board.state,
            board.crc,
            DICTIONARY_CRC,
        )

    def _begin_session(self, nonce: int, now_us: int) -> None:
        """Start a session with another number than the last; an armed board goes safe."""
        self._session = 1 + (self._session + (nonce & 0x7FFF)) % 0xFFFD
        self._nonce, self._open, self._last = nonce, True, None
        self._remembered.clear()
        self._telemetry_us = now_us
        self.board.end_session()

    def _telemetry(self, now_us: int) -> m.TelemetryData:
        board, errors, meter = self.board, self.decoder.errors, self._meter
        meter.read(board.memory.model, now_us)
        current_ua = round(meter.power_w / SUPPLY_MV * 1e9)
        energy_uj = round(meter.energy_j * 1e6) & 0xFFFFFFFF
        temperature = round(100 * board.temperature_c)
        damaged = errors.cobs + errors.length
        return m.TelemetryData(
            now_us // 1000 & 0xFFFFFFFF,
            temperature,
            temperature,
            SUPPLY_MV,
            REFERENCE_MV,
            current_ua,
            energy_uj,
            board.evaluations,
            errors.crc & 0xFFFF,
            damaged & 0xFFFF,
            self.sequence_gaps & 0xFFFF,
            board.deadline_misses & 0xFFFF,
            board.state,
            self.credits,
            0,
            board.faults,
        )

    def _send_telemetry(self, now_us: int) -> bytes:
        if not self._period_us or now_us - self._telemetry_us < self._period_us:
            return b''
        self._telemetry_us = now_us
        return self._event(MessageKind.TELEMETRY, self._telemetry(now_us))

    def _send_events(self) -> bytes:
        board = self.board
        if not self._open:
            return b''
        count = min(READINGS, len(board.readings))
        events = [
            self._event(MessageKind.SWEEP_DATA, board.readings.popleft()) for _ in range(count)
        ]
        while board.log:
            text = board.log.popleft().encode()[:255]
            events.append(self._event(MessageKind.LOG, m.Log(1, text)))
        return b''.join(events)

    def _event(self, kind: MessageKind, message: Any) -> bytes:
        self._events = (self._events + 1) & 0xFFFF
        payload = EVENTS[kind].pack(message)
        return encode(Frame(kind, self._events, self._session, payload, EVENT, 0, self.credits))


def _refusal(refused: RefusedError) -> bytes:
    """Return the payload of a refusal: both values; for an offset gap the next offset alone."""
    numbers = [number & 0xFFFFFFFF for number in refused.numbers]
    if refused.status == Status.OFFSET_GAP:
        return RESPONSES[MessageKind.PROGRAM_DATA].pack(m.NextOffset(*numbers))
    return REFUSAL.pack(m.Refusal(*numbers)) if len(numbers) == 2 else b''
