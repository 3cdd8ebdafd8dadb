"""A chip on a board behind a serial line or TCP; see doc/bridge_protocol.md."""

from contextlib import suppress
from queue import Empty as QueueEmpty
from statistics import median

import numpy as np

from pkan_control.bridge.codes import (
    DRIVE_OFF,
    BoardKind,
    BoardState,
    EvaluationFlag,
    MessageKind,
    SafeReason,
    Status,
    SweepTarget,
    TrimOperation,
)
from pkan_control.bridge.handshake import microseconds
from pkan_control.bridge.layouts import ONE_GAIN, ONE_INPUT, ONE_VALUE, to_fixed, to_floats
from pkan_control.bridge.link import LOST_S
from pkan_control.bridge.messages import Arm, Empty, Evaluate, Ping, Safe, Sweep, SweepData, Trim
from pkan_control.bridge.responses import BoardError, LinkLostError, LinkTimeoutError
from pkan_control.bridge.session import Session
from pkan_control.chips.board.board_status import condition
from pkan_control.chips.board.loading import check_fit, load_image
from pkan_control.chips.board.program_image import pack_program
from pkan_control.chips.chip import Condition, Identity, Index, Target, Telemetry, as_inputs
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.networks.program import Program

MOST_READINGS = 1000


def even_parts(x: Floats) -> list[Floats]:
    """Return inputs as parts of equal distances: all in one or a few, or one by one."""
    parts = np.array_split(x, max(1, -(-len(x) // MOST_READINGS)))
    if all(np.allclose(p, np.linspace(p[0], p[-1], len(p)), 0, 0.5 / ONE_INPUT) for p in parts):
        return list(parts)
    return list(x.reshape(-1, 1))


# Without EVALUATE or PING for this long a board goes safe: as soon as the host gives it up.
WATCHDOG_MS = round(1000 * LOST_S)
LONGEST_DEADLINE_US = 0xFFFF
PINGS, TRIMS_IN_MESSAGE = 9, 128
# Readings of a sweep come in events; the next one is waited for this long.
READING_S = 2.0
# How long is waited for SAFE to be answered in mid-flight.
SAFE_S = 0.02
MOST_AVERAGES_LOG2 = 15
# Misses in a row until an armed board is made safe, after LOST_S less the slack: not a tick late.
HELD, SLACK_S = 2, 1e-3


class BoardChip:
    """A chip like any other; the noise is the board's own, and an episode has no name there."""

    def __init__(self, session: Session) -> None:
        """Take a session that is open."""
        self.session = session
        self._program: Program | None = None
        self._crc = 0
        # By layer: what a board loses that is reset.
        self._trims: dict[int, tuple[Floats, Floats]] = {}
        self._generation = session.link.generation
        self._round_trip_s = 0.0
        self._safe_wanted = False
        # Why it was given up, until it is armed again, and whether it knows.
        self._abandoned, self._made_safe = '', False
        # When those evaluations were asked for that were not answered, since the last that was.
        self._missing_s: list[float] = []
        self._saturated = 0
        # Flags of the last evaluation.
        self._flags = 0

    @property
    def identity(self) -> Identity:
        """Kind and name of the board; latency of the loaded program, round trip included."""
        hello = self.session.link.hello
        kinds = {kind.value: kind.name.lower() for kind in BoardKind}
        layers = 0 if self._program is None else len(self._program.layers)
        latency_s = layers * hello.layer_latency_us * 1e-6 + self._round_trip_s
        return Identity(kinds.get(hello.kind, f'kind {hello.kind}'), hello.uid.hex(), latency_s)

    def program(self, program: Program) -> None:
        """Load a program; a failure leaves the old one in place. The board is then not armed."""
        check_fit(self.session, program)
        image = pack_program(program)
        self._disarm()
        generation = self.session.link.generation
        self._crc = load_image(self.session, image)
        self._program, self._generation = program, generation
        self._trims.clear()
        self._safe_wanted, self._abandoned = False, ''
        self._round_trip_s = self._measure_round_trip()

    def _measure_round_trip(self) -> float:
        times = []
        for _ in range(PINGS):
            begin = self.session.now_s()
            self.session.request(MessageKind.PING, Ping(microseconds(begin)))
            times.append(self.session.now_s() - begin)
        return median(times)

    def begin(self, episode: int) -> None:
        """Do nothing: a board counts its evaluations itself."""

    def arm(self, safe_action: Floats) -> None:
        """Verify the program and arm the board, be it safe by now or not.

        After an interruption it gets its trims again first: a board that was reset has lost them.
        """
        wanted = self._loaded().shape[-1:]
        values = np.asarray(safe_action, dtype=np.float64)
        if values.shape != wanted or not (abs(values) < 1 << 15).all():
            raise UserError(f'safe action {values.tolist()}: must be {wanted} finite numbers')
        action = to_fixed(values.tolist(), ONE_VALUE)
        generation = self.session.link.generation
        self._disarm()
        for layer, (gain, offset) in self._trims.items() if generation != self._generation else ():
            self._send_trims(layer, gain, offset)
        self.session.request(MessageKind.ARM, Arm(self._crc, WATCHDOG_MS, action))
        self._generation, self.session.link.watched = generation, True
        self._safe_wanted, self._abandoned = False, ''
        self._missing_s.clear()

    def _disarm(self) -> None:
        """Leave ARMED, and acknowledge SAFE."""
        self.session.link.watched = False
        self.session.request(MessageKind.DISARM, Empty())

    def safe(self) -> None:
        """Put the safe action on the outputs, until armed again."""
        self.session.link.watched = False
        self._safe_wanted = True
        self.session.request(MessageKind.SAFE, Safe(SafeReason.HOST))

    def evaluate(self, x: Floats, time_s: float, deadline_s: float) -> Floats:
        """Evaluate inputs `[..., n_in]` in [0, 1], one after the other.

        Raises `TimeoutError` where an answer does not come within `deadline_s`. A board that
        became safe by itself, or whose link was interrupted, raises until it is armed again.
        """
        program = self._loaded()
        inputs = as_inputs(x, program.shape[0])
        self._check_generation('arm it to go on')
        if self._abandoned:
            if not self._made_safe:
                self.give_up(self._abandoned)
            raise BoardError(f'{self._abandoned}; arm it to go on', Status.SAFE)
        rows = inputs.reshape(-1, program.shape[0]).tolist()
        outputs = [self._evaluate(row, deadline_s) for row in rows]
        self._check_generation('arm it to go on')  # It may have begun anew, unarmed, meanwhile.
        return np.array(outputs).reshape(*inputs.shape[:-1], program.shape[-1])

    def _check_generation(self, remedy: str) -> None:
        link = self.session.link
        if self._generation != link.generation:
            raise LinkLostError(f'{link.name}: {link.interrupted}; {remedy}')

    def _evaluate(self, row: list[float], deadline_s: float) -> list[float]:
        deadline_us = max(min(int(deadline_s * 1e6), LONGEST_DEADLINE_US), 0)
        request = Evaluate(self._crc, deadline_us, 0, to_fixed(row, ONE_INPUT))
        asked_s = self.session.now_s()
        try:
            status, reply = self.session.request_once(MessageKind.EVALUATE, request, deadline_s)
        except BoardError as error:
            if error.status == Status.DEADLINE:
                text = f'{error}: allowed are {deadline_s:.4f} s'
                raise self._missed(LinkTimeoutError(text), asked_s, deadline_s) from None
            self.give_up(str(error))
            raise BoardError(f'{error}; arm it to go on', error.status) from None
        except LinkTimeoutError as error:
            raise self._missed(error, asked_s, deadline_s) from None
        self._missing_s.clear()
        if status == Status.SAFE and not self._safe_wanted:
            raise BoardError(
                f'{self.session.link.name}: the board went safe; arm it to go on', status
            )
        if len(reply.outputs) != self._loaded().shape[-1]:
            raise BoardError(f'{self.session.link.name}: {len(reply.outputs)} outputs')
        self._flags = reply.flags
        self._saturated += bool(reply.flags & EvaluationFlag.SATURATED)
        return to_floats(reply.outputs, ONE_VALUE)

    def _missed(
        self, error: LinkTimeoutError, asked_s: float, deadline_s: float
    ) -> LinkTimeoutError:
        """Return the error of an answer that did not come; a board without any must go safe."""
        self._missing_s.append(asked_s)
        lost = self.session.now_s() + deadline_s - self._missing_s[0] >= LOST_S - SLACK_S
        flying = self.session.link.watched and not self._abandoned
        if flying and lost and len(self._missing_s) > HELD:
            self.give_up(str(error))
        return error

    def give_up(self, why: str) -> None:
        """Let a board that does not evaluate go safe: armed, it would hold its last outputs.

        Evaluations say why from then on, and ask again until the board says that it is safe.
        """
        self._abandoned, self._made_safe = why, False
        with suppress(LinkLostError, LinkTimeoutError, BoardError):
            self.session.request_once(MessageKind.SAFE, Safe(SafeReason.HOST), SAFE_S)
            self._made_safe = True

    def sweep(
        self, target: Target, index: Index, x: Floats, averages: int, drive: bool = True
    ) -> Floats:
        """Measure alone, at inputs `x[n]`; the board must not be armed.

        Boards average over powers of two: that below `averages`, or itself. Inputs at equal
        distances are one sweep, others one each.
        """
        if averages < 1:
            raise UserError(f'averages={averages}: must be at least 1')
        inputs = np.asarray(x, dtype=np.float64).reshape(-1)
        number = self._number(target, index)
        self._check_generation('load its program again')
        log2 = min(averages.bit_length() - 1, MOST_AVERAGES_LOG2)
        flags = 0 if drive else DRIVE_OFF
        values: list[float] = []
        for part in even_parts(inputs):
            x0, x1 = to_fixed((part[0], part[-1]), ONE_INPUT)
            job = Sweep(SweepTarget[target.upper()], log2, len(part), number, x0, x1, 0, flags)
            values += self._sweep(job)
        return np.array(values)

    def _sweep(self, job: Sweep) -> list[float]:
        readings = self.session.link.events.readings
        number = self.session.request(MessageKind.SWEEP, job).job
        values: list[float] = []
        while len(values) < job.n:
            try:
                data: SweepData = self.session.take(readings, READING_S)
            except QueueEmpty:
                raise LinkTimeoutError(f'{self.session.link.name}: the sweep stalls') from None
            if data.job == number and data.first == len(values):
                values += to_floats(data.values, ONE_VALUE)
        return values

    def _number(self, target: Target, index: Index) -> int:
        """Return the place of an element, edge or node in the order of the image."""
        layers = self._loaded().layers
        sources, targets, elements = self._shape_of(index.layer)
        ranges = (index.source < sources, index.target < targets, index.element < elements)
        if min(index.source, index.target, index.element) < 0 or not all(ranges):
            raise UserError(f'{index}: the layer has {sources}, {targets}, {elements}')
        before = layers[: index.layer]
        if target == 'node':
            return int(sum(codes.shape[1] for codes in before) + index.target)
        edges = sum(codes.shape[0] * codes.shape[1] for codes in before)
        edge = edges + index.source * targets + index.target
        return int(edge if target == 'edge' else edge * elements + index.element)

    def _shape_of(self, layer: int) -> tuple[int, ...]:
        layers = self._loaded().layers
        if not 0 <= layer < len(layers):
            raise UserError(f'layer {layer}: the network has {len(layers)}')
        return layers[layer].shape[:3]

    def trim(self, layer: int, gain: Floats, offset: Floats) -> None:
        """Correct the edges of a layer: value * gain + offset, both `[n_in, n_out]`."""
        shape = self._shape_of(layer)[:2]
        if np.shape(gain) != shape or np.shape(offset) != shape:
            raise UserError(f'trims of {np.shape(gain)} and {np.shape(offset)}: must be {shape}')
        self._check_generation('load its program again')
        self._send_trims(layer, gain, offset)
        self._trims[layer] = np.array(gain), np.array(offset)

    def _send_trims(self, layer: int, gain: Floats, offset: Floats) -> None:
        try:
            gains = to_fixed(np.ravel(gain).tolist(), ONE_GAIN)
            offsets = to_fixed(np.ravel(offset).tolist(), ONE_VALUE)
        except ValueError as error:
            raise UserError(f'trim {error}') from None
        values = tuple(zip(gains, offsets, strict=True))
        first = self._number('edge', Index(layer))
        for start in range(0, len(values), TRIMS_IN_MESSAGE):
            part = values[start : start + TRIMS_IN_MESSAGE]
            trim = Trim(0, TrimOperation.SET, len(part), first + start, part)
            self.session.request(MessageKind.TRIM, trim)

    def telemetry(self) -> Telemetry:
        """Ask the board about itself."""
        data = self.session.request(MessageKind.TELEMETRY, Empty())
        self.session.link.events.telemetry = data
        armed = data.state == BoardState.ARMED
        return Telemetry(data.evaluations, data.chip_temperature / 100, armed, self._saturated)

    def condition(self) -> Condition:
        """Return what the board told last, and what its link counted."""
        return condition(self.session.link, self._flags)

    def close(self) -> None:
        """Leave the board safe and release it; a link that is down leaves it to the watchdog."""
        try:
            self.safe()
        except UserError:
            pass
        finally:
            self.session.close()

    def _loaded(self) -> Program:
        if self._program is None:
            raise UserError('the chip holds no program: load one first')
        return self._program
