"""An emulated board: states, program and watchdog, and the response to each request.

It has neither bytes nor a clock: messages and times in us are passed in.
"""

import math
from collections import deque
from collections.abc import Callable
from typing import Any

from pkan_control.boards.emulator.chip_model import (
    MAX_AVERAGES_LOG2,
    UNTRIMMED,
    ChipModel,
    RefusedError,
)
from pkan_control.boards.emulator.memory import ImageSlots, Memory, check_slot
from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import (
    BoardState,
    EvaluationFlag,
    MessageKind,
    SafeReason,
    Status,
    TrimOperation,
)
from pkan_control.bridge.frame import MAX_PAYLOAD
from pkan_control.bridge.layouts import ONE_INPUT
from pkan_control.devices.deviations import Deviations
from pkan_control.devices.element import find_device

BOOT_US = 20_000
READINGS_IN_EVENT = 64
MAX_TRIMS = 147
LAYER_LATENCY_US = round(find_device('bandpass').settling_s() * 1e6)
POWER_ON, REBOOT, BROWN_OUT = 0, 1, 2


class Board:
    """State machine of a board. Program, stored trims and the boot count survive a reboot."""

    def __init__(self, seed: int, deviations: Deviations) -> None:
        """Power on at time 0."""
        self.memory = Memory(seed, deviations)
        self.boot_count = 0
        self.reboot(0, POWER_ON)

    def reboot(self, now_us: int, cause: int = REBOOT) -> None:
        """Start again with the contents of the memory."""
        self.boot_count += 1
        self.reset_cause = cause
        self.state = BoardState.BOOT
        self.safe_reason, self.faults = int(SafeReason.NONE), 0
        self.booted_us = now_us + BOOT_US
        self.evaluations = self.deadline_misses = self.job = 0
        self.log: deque[str] = deque(maxlen=8)
        self.readings: deque[m.SweepData] = deque()
        self._slots = ImageSlots()
        self._safe_action: m.Ints = ()
        self._watchdog_us = self._fed_us = 0

    def _finish_boot(self) -> None:
        self.memory.restart()
        self.state = self._resting

    def tick(self, now_us: int) -> None:
        """Finish booting; go safe if the watchdog was not fed."""
        if self.state == BoardState.BOOT and now_us >= self.booted_us:
            self._finish_boot()
        if self.state == BoardState.ARMED and now_us - self._fed_us >= self._watchdog_us:
            self.go_safe(SafeReason.WATCHDOG)

    @property
    def next_us(self) -> float:
        """Time in us of its next action without a request, infinity for never."""
        if self.state == BoardState.BOOT:
            return self.booted_us
        return self._fed_us + self._watchdog_us if self.state == BoardState.ARMED else math.inf

    def go_safe(self, reason: int) -> None:
        """Put the safe action on the outputs, latched; the first reason is kept."""
        if self.state not in (BoardState.SAFE, BoardState.FAULT):
            self.state, self.safe_reason = BoardState.SAFE, reason
            self.log.append(f'safe: reason {reason}')

    def end_session(self) -> None:
        """Go safe if armed: a new host must arm the board again."""
        self.readings.clear()
        if self.state == BoardState.ARMED:
            self.go_safe(SafeReason.NEW_SESSION)

    def fail(self, faults: int) -> None:
        """Latch a fault until the next reboot."""
        self.faults |= faults
        self.go_safe(SafeReason.FAULT)
        self.state = BoardState.FAULT
        self.log.append(f'fault: 0x{faults:08X}')

    @property
    def crc(self) -> int:
        """Checksum of the active program, 0 without one."""
        return 0 if self.memory.model is None else self.memory.model.crc

    @property
    def temperature_c(self) -> float:
        """Temperature of the chip in degC."""
        memory = self.memory
        model = memory.model
        return memory.deviations.temperature_c if model is None else model.temperature_c

    @property
    def _resting(self) -> BoardState:
        return BoardState.IDLE if self.memory.model is None else BoardState.PROGRAMMED

    def handle(self, kind: MessageKind, message: Any, now_us: int) -> tuple[Status, Any]:
        """Return status and response of a request that `Firmware` does not answer itself."""
        if kind == MessageKind.EVALUATE:
            return self._evaluate(message, now_us)
        return Status.OK, HANDLERS[kind](self, message, now_us)

    def _ping(self, message: m.Ping, now_us: int) -> m.PingReply:
        self._fed_us = now_us
        return m.PingReply(message.t_host, now_us, now_us)

    def _state(self, message: m.Empty, now_us: int) -> m.StateReply:
        return m.StateReply(self.state, self.safe_reason, self.faults, self.crc)

    def _arm(self, message: m.Arm, now_us: int) -> m.NewState:
        model = self._running(BoardState.PROGRAMMED, BoardState.ARMED)
        self._check_program(message.program_crc)
        if len(message.safe_action) != model.program.shape[-1]:
            raise RefusedError(Status.ARGUMENT, len(message.safe_action), model.program.shape[-1])
        if not message.watchdog_ms:
            raise RefusedError(Status.ARGUMENT, 0, 1)
        self._safe_action = message.safe_action
        self._watchdog_us, self._fed_us = 1000 * message.watchdog_ms, now_us
        self.state = BoardState.ARMED
        return m.NewState(self.state)

    def _disarm(self, message: m.Empty, now_us: int) -> m.NewState:
        if self.state == BoardState.FAULT:
            raise RefusedError(Status.HARDWARE)
        self.state, self.safe_reason = self._resting, int(SafeReason.NONE)
        return m.NewState(self.state)

    def _safe(self, message: m.Safe, now_us: int) -> m.NewState:
        self.go_safe(message.reason)
        return m.NewState(self.state)

    def _begin(self, message: m.ProgramBegin, now_us: int) -> m.NextOffset:
        return m.NextOffset(self._slots.begin(message))

    def _data(self, message: m.ProgramData, now_us: int) -> m.NextOffset:
        return m.NextOffset(self._slots.add(message))

    def _verify(self, message: m.Slot, now_us: int) -> m.VerifyReply:
        crc, _, image = self._slots.verified(message.slot)
        return m.VerifyReply(crc, image.elements, min(image.unrealisable, 0xFFFF))

    def _commit(self, message: m.Commit, now_us: int) -> m.CommitReply:
        if self.state in (BoardState.SAFE, BoardState.FAULT, BoardState.ARMED):
            raise RefusedError(REFUSING[self.state])
        crc, data, image = self._slots.verified(message.slot)
        if message.crc != crc:
            raise RefusedError(Status.IMAGE_CRC, message.crc, crc)
        if image.unrealisable:
            raise RefusedError(Status.ARGUMENT, image.unrealisable, 0)
        self.memory.load(message.slot, data, image, crc)
        self.state = BoardState.PROGRAMMED
        return m.CommitReply(crc, LAYER_LATENCY_US * len(image.layers))

    def _abort(self, message: m.Slot, now_us: int) -> m.Empty:
        self._slots.abort(message.slot)
        return m.Empty()

    def _readback(self, message: m.Readback, now_us: int) -> m.Data:
        check_slot(message.slot)
        active = self.memory.active
        if message.what or active is None or active[0] != message.slot:
            raise RefusedError(Status.ARGUMENT)
        n = min(message.n, MAX_PAYLOAD)
        return m.Data(active[1][message.offset : message.offset + n])

    def _trim(self, message: m.Trim, now_us: int) -> m.Trim:
        model, kind = self._running(BoardState.PROGRAMMED, BoardState.ARMED), message.kind
        if kind > 1 or message.operation not in TrimOperation.__members__.values():
            raise RefusedError(Status.ARGUMENT)
        values: tuple[tuple[int, int], ...] = ()
        if message.operation == TrimOperation.STORE:
            self.memory.store_trims()
        elif message.operation == TrimOperation.CLEAR:
            model.clear_trims(kind)
        else:
            values = self._trim_range(model, message)
        return message._replace(n=len(values), values=values)

    def _trim_range(self, model: ChipModel, message: m.Trim) -> tuple[tuple[int, int], ...]:
        n, first = message.n, message.first
        setting = message.operation == TrimOperation.SET
        if not 0 < n <= MAX_TRIMS or (setting and n != len(message.values)):
            raise RefusedError(Status.LENGTH, len(message.values), n)
        for number in (first, first + n - 1):
            model.place(message.kind, number)
        if setting:
            model.set_trims(message.kind, first, message.values)
            return message.values
        return tuple(model.trims.get((message.kind, first + i), UNTRIMMED) for i in range(n))

    def _evaluate(self, message: m.Evaluate, now_us: int) -> tuple[Status, m.EvaluateReply]:
        if self.state == BoardState.SAFE:
            times = (now_us & 0xFFFFFFFF, 0, 0)
            outputs = self._safe_outputs()
            return Status.SAFE, m.EvaluateReply(
                self.crc, *times, EvaluationFlag.SAFE_VALUE, 0, outputs
            )
        model = self._running(BoardState.PROGRAMMED, BoardState.ARMED)
        self._check_program(message.program_crc)
        log2 = message.mode & 0xF
        if len(message.inputs) != model.program.shape[0]:
            raise RefusedError(Status.ARGUMENT, len(message.inputs), model.program.shape[0])
        if log2 > MAX_AVERAGES_LOG2:
            raise RefusedError(Status.ARGUMENT, log2, MAX_AVERAGES_LOG2)
        self._fed_us = now_us
        took_us = min(LAYER_LATENCY_US * len(model.program.layers) << log2, 0xFFFF)
        if took_us > message.deadline_us:
            self.deadline_misses += 1
            raise RefusedError(Status.DEADLINE, took_us, message.deadline_us)
        return Status.OK, self._measure(model, message, 1 << log2, took_us, now_us)

    def _measure(
        self, model: ChipModel, message: m.Evaluate, averages: int, took_us: int, now_us: int
    ) -> m.EvaluateReply:
        self.evaluations += 1
        limited = tuple(min(x, ONE_INPUT) for x in message.inputs)
        time_s = (now_us - self.booted_us) * 1e-6
        outputs, at_rail = model.evaluate(limited, averages, time_s)
        flags = EvaluationFlag.SATURATED if at_rail else EvaluationFlag(0)
        flags |= EvaluationFlag.INPUT_CLIPPED if limited != message.inputs else EvaluationFlag(0)
        flags |= EvaluationFlag.DEAD_ELEMENT if model.dead_in_path else EvaluationFlag(0)
        flags |= EvaluationFlag.STALE_TRIM if self.memory.stale_trims else EvaluationFlag(0)
        times = (now_us & 0xFFFFFFFF, took_us, took_us)
        return m.EvaluateReply(self.crc, *times, flags, 0, outputs)

    def _safe_outputs(self) -> m.Ints:
        if self._safe_action or self.memory.model is None:
            return self._safe_action
        return (0,) * self.memory.model.program.shape[-1]

    def _sweep(self, message: m.Sweep, now_us: int) -> m.SweepJob:
        model = self._running(BoardState.PROGRAMMED)
        values = model.sweep(message)
        self.job = (self.job + 1) & 0xFFFF
        self.readings.clear()
        for first in range(0, len(values), READINGS_IN_EVENT):
            part = values[first : first + READINGS_IN_EVENT]
            last = first + len(part) == len(values)
            self.readings.append(m.SweepData(self.job, first, last, 0, part))
        return m.SweepJob(self.job)

    def _sweep_abort(self, message: m.SweepJob, now_us: int) -> m.SweepJob:
        if message.job == self.job:
            self.readings.clear()
        return message

    def _running(self, *states: BoardState) -> ChipModel:
        if self.state not in states or self.memory.model is None:
            raise RefusedError(REFUSING.get(self.state, Status.STATE))
        return self.memory.model

    def _check_program(self, crc: int) -> None:
        if crc != self.crc:
            raise RefusedError(Status.WRONG_PROGRAM, crc, self.crc)


REFUSING = {
    BoardState.SAFE: Status.SAFE,
    BoardState.FAULT: Status.HARDWARE,
    BoardState.ARMED: Status.STATE,
}
HANDLERS: dict[MessageKind, Callable[[Board, Any, int], Any]] = {
    MessageKind.PING: Board._ping,
    MessageKind.STATE: Board._state,
    MessageKind.ARM: Board._arm,
    MessageKind.DISARM: Board._disarm,
    MessageKind.SAFE: Board._safe,
    MessageKind.PROGRAM_BEGIN: Board._begin,
    MessageKind.PROGRAM_DATA: Board._data,
    MessageKind.VERIFY: Board._verify,
    MessageKind.COMMIT: Board._commit,
    MessageKind.ABORT: Board._abort,
    MessageKind.READBACK: Board._readback,
    MessageKind.TRIM: Board._trim,
    MessageKind.SWEEP: Board._sweep,
    MessageKind.SWEEP_ABORT: Board._sweep_abort,
}
