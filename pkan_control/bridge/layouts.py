"""Payload layouts of all messages: little-endian, a fixed part and at most one list.

A layout is a `struct` format of the fixed part; `x` is a byte that is sent as 0 and ignored. The
values of a list are the last field of the message; their number is in the fixed part at index
`count`, or, without one, the list takes the rest of the payload.
"""

from collections.abc import Iterable, Sequence
from struct import Struct
from typing import Any
from zlib import crc32

from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import MessageKind

ONE_INPUT = 1 << 15
ONE_VALUE = 1 << 16
ONE_GAIN = 1 << 13
_LIMITS = {ONE_INPUT: (0, ONE_INPUT), ONE_VALUE: (-(1 << 31), (1 << 31) - 1)}
_LIMITS[ONE_GAIN] = (-(1 << 15), (1 << 15) - 1)


def to_fixed(values: Iterable[float], one: int) -> tuple[int, ...]:
    """Return numbers as integer multiples of `1/one`; raise `ValueError` for one out of range."""
    low, high = _LIMITS[one]
    fixed = []
    for value in values:
        scaled = value * one
        if not low - 0.5 <= scaled <= high + 0.5:
            raise ValueError(f'{value}: must be in {low / one:g} to {high / one:g}')
        fixed.append(min(max(round(scaled), low), high))
    return tuple(fixed)


def saturated(values: Iterable[float], one: int) -> tuple[int, ...]:
    """Return numbers as integer multiples of `1/one`, limited to the range."""
    low, high = _LIMITS[one]
    return tuple(round(min(max(value * one, low), high)) for value in values)


def to_floats(fixed: Sequence[int], one: int) -> list[float]:
    """Return integer multiples of `1/one` as numbers."""
    return [value / one for value in fixed]


class Layout:
    """Packs a message into a payload and back."""

    def __init__(self, message: Any, head: str, tail: str = '', count: int | None = None) -> None:
        """Take the fixed part, an item of the list after it, and the index of its length."""
        self.message = message
        self.text = f'{head} {tail}'.strip()
        self.head, self.tail, self.count = head, tail, count
        self._head = Struct('<' + head)
        self._item = Struct('<' + tail)

    def pack(self, message: Any) -> bytes:
        """Return the payload."""
        if not self.tail:
            return self._head.pack(*message)
        *fixed, values = message
        if self.count is not None:
            fixed.insert(self.count, len(values))
        return self._head.pack(*fixed) + self._pack_list(values)

    def _pack_list(self, values: Any) -> bytes:
        if self.tail == 'B':
            return bytes(values)
        if self.tail in ('H', 'i'):
            return Struct(f'<{len(values)}{self.tail}').pack(*values)
        return b''.join(self._item.pack(*value) for value in values)

    def unpack(self, payload: bytes) -> Any:
        """Return the message; raise `ValueError` for missing bytes, ignore extra ones."""
        if len(payload) < self._head.size:
            raise ValueError(
                f'payload of {len(payload)} bytes: must be at least {self._head.size}'
            )
        fixed = list(self._head.unpack_from(payload))
        if not self.tail:
            return self.message(*fixed)
        rest = payload[self._head.size :]
        there = len(rest) // self._item.size
        n = there if self.count is None else fixed.pop(self.count)
        if n > there:
            raise ValueError(f'list of {there} items: must be {n}')
        return self.message(*fixed, self._unpack_list(rest[: n * self._item.size], n))

    def _unpack_list(self, data: bytes, n: int) -> Any:
        if self.tail == 'B':
            return data
        if self.tail in ('H', 'i'):
            return Struct(f'<{n}{self.tail}').unpack(data)
        return tuple(self._item.iter_unpack(data))


REQUESTS = {
    MessageKind.HELLO: Layout(m.Hello, 'IBBHIQ'),
    MessageKind.PING: Layout(m.Ping, 'Q'),
    MessageKind.STATE: Layout(m.Empty, ''),
    MessageKind.ARM: Layout(m.Arm, 'IHBx', 'i', 2),
    MessageKind.DISARM: Layout(m.Empty, ''),
    MessageKind.SAFE: Layout(m.Safe, 'B'),
    MessageKind.PROGRAM_BEGIN: Layout(m.ProgramBegin, 'BBHII'),
    MessageKind.PROGRAM_DATA: Layout(m.ProgramData, 'BxHI', 'B', 1),
    MessageKind.VERIFY: Layout(m.Slot, 'B'),
    MessageKind.COMMIT: Layout(m.Commit, 'BxxxI'),
    MessageKind.ABORT: Layout(m.Slot, 'B'),
    MessageKind.READBACK: Layout(m.Readback, 'BBHI'),
    MessageKind.TRIM: Layout(m.Trim, 'BBHI', 'hxxi'),
    MessageKind.EVALUATE: Layout(m.Evaluate, 'IHBB', 'H', 2),
    MessageKind.SWEEP: Layout(m.Sweep, 'BBHIHHHH'),
    MessageKind.SWEEP_ABORT: Layout(m.SweepJob, 'H'),
    MessageKind.TELEMETRY: Layout(m.Empty, ''),
    MessageKind.TELEMETRY_PERIOD: Layout(m.Period, 'H'),
}
_TELEMETRY = Layout(m.TelemetryData, 'IhhHHIIIHHHHBBHI')
RESPONSES = {
    MessageKind.HELLO: Layout(m.HelloReply, 'IBBH4s12sHHBBIHHIBBHIIBBII'),
    MessageKind.PING: Layout(m.PingReply, 'QQQ'),
    MessageKind.STATE: Layout(m.StateReply, 'BBxxII'),
    MessageKind.ARM: Layout(m.NewState, 'B'),
    MessageKind.DISARM: Layout(m.NewState, 'B'),
    MessageKind.SAFE: Layout(m.NewState, 'B'),
    MessageKind.PROGRAM_BEGIN: Layout(m.NextOffset, 'I'),
    MessageKind.PROGRAM_DATA: Layout(m.NextOffset, 'I'),
    MessageKind.VERIFY: Layout(m.VerifyReply, 'IIHxx'),
    MessageKind.COMMIT: Layout(m.CommitReply, 'II'),
    MessageKind.ABORT: Layout(m.Empty, ''),
    MessageKind.READBACK: Layout(m.Data, '', 'B'),
    MessageKind.TRIM: Layout(m.Trim, 'BBHI', 'hxxi'),
    MessageKind.EVALUATE: Layout(m.EvaluateReply, 'IIHHHBB', 'i', 5),
    MessageKind.SWEEP: Layout(m.SweepJob, 'H'),
    MessageKind.SWEEP_ABORT: Layout(m.SweepJob, 'H'),
    MessageKind.TELEMETRY: _TELEMETRY,
    MessageKind.TELEMETRY_PERIOD: Layout(m.Period, 'H'),
}
EVENTS = {
    MessageKind.TELEMETRY: _TELEMETRY,
    MessageKind.SWEEP_DATA: Layout(m.SweepData, 'HHBBH', 'i', 2),
    MessageKind.LOG: Layout(m.Log, 'BB', 'B', 1),
}
REFUSAL = Layout(m.Refusal, 'II')


def dictionary() -> str:
    """Return the text of all layouts, one line each; its CRC-32 identifies the schema."""
    tables = {'request': REQUESTS, 'response': RESPONSES, 'event': EVENTS}
    return ''.join(
        f'{kind:02X} {name} {layout.text}'.rstrip() + '\n'
        for name, table in tables.items()
        for kind, layout in table.items()
    )


DICTIONARY_CRC = crc32(dictionary().encode())
