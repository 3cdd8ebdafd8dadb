"""A chip on a board, over a serial line or TCP; see doc/bridge_protocol.md."""

from contextlib import suppress
from queue import Empty as QueueEmpty
from statistics import median

import numpy as np

from pkan_control.bridge.codes import (
    DRIVE_OFF,
    BoardFault,
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
from pkan_control.chips.board.program_image import check_fit, load_image, pack_program
from pkan_control.chips.chip import Chip, Condition, Identity, Index, Target, Telemetry, as_inputs
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.networks.program import Program

# Readings of one SWEEP at most, and log2 of its averages.
MAX_READINGS, MAX_AVERAGES_LOG2 = 1000, 15
# An armed board goes safe without EVALUATE or PING for this long: when the host gives it up too.
WATCHDOG_MS = round(1000 * LOST_S)
MAX_DEADLINE_US = 0xFFFF
PINGS, TRIMS_IN_MESSAGE = 9, 128
# Timeout of the next event with readings of a sweep.
READING_S = 2.0
# Timeout of a SAFE in mid-episode.
SAFE_S = 0.02
# An armed board is made safe after more consecutive misses than this that span LOST_S, less a
# slack that makes it happen one tick early rather than one late.
MISSES, SLACK_S = 2, 1e-3
# Warnings by flag of the last evaluation, and by latched fault.
FLAGS = {
    EvaluationFlag.SATURATED: 'an output is at a rail',
    EvaluationFlag.NOT_SETTLED: 'outputs were read before they had settled',
    EvaluationFlag.INPUT_CLIPPED: 'an input was out of range',
    EvaluationFlag.TEMPERATURE: 'its temperature is outside its calibration',
    EvaluationFlag.STALE_TRIM: 'its stored trims are of another program',
    EvaluationFlag.DEAD_ELEMENT: 'an element in the path is dead',
}
FAULTS = {
    BoardFault.HARDWARE: 'its hardware failed',
    BoardFault.TEMPERATURE: 'it is too hot',
    BoardFault.SUPPLY: 'its supply is out of range',
}


class BoardChip(Chip):
    """A chip on a board; its noise is the hardware's, whatever the episode."""

    def __init__(self, session: Session) -> None:
        """Use an open session."""
        self.session = session
        self._program: Program | None = None
        self._crc = 0
        # Trims by layer: a board that is reset loses them.
        self._trims: dict[int, tuple[Floats, Floats]] = {}
        self._generation = session.link.generation
        self._round_trip_s = 0.0
        self._safe_wanted = False
        # Why it was given up, until it is armed again, and whether the board has confirmed SAFE.
        self._given_up, self._made_safe = '', False
        # Start times of the evaluations missed since the last answer.
        self._missed_s: list[float] = []
        self._saturated = 0
        # Flags of the last evaluation.
        self._flags = 0

    @property
    def identity(self) -> Identity:
        """Kind and uid of the board; latency of the loaded program, round trip included."""
        hello = self.session.link.hello
        kinds = {kind.value: kind.name.lower() for kind in BoardKind}
        layers = 0 if self._program is None else len(self._program.layers)
        latency_s = layers * hello.layer_latency_us * 1e-6 + self._round_trip_s
        return Identity(kinds.get(hello.kind, f'kind {hello.kind}'), hello.uid.hex(), latency_s)

    def program(self, program: Program) -> None:
        """Load a program; after a failure the old one is still in place. The board is disarmed."""
        check_fit(self.session, program)
        image = pack_program(program)
        self._disarm()
        generation = self.session.link.generation
        self._crc = load_image(self.session, image)
        self._program, self._generation = program, generation
        self._trims.clear()
        self._safe_wanted, self._given_up = False, ''
        self._round_trip_s = self._measure_round_trip()

    def _measure_round_trip(self) -> float:
        times = []
        for _ in range(PINGS):
            begin = self.session.now_s()
            self.session.request(MessageKind.PING, Ping(microseconds(begin)))
            times.append(self.session.now_s() - begin)
        return median(times)

    def arm(self, safe_action: Floats) -> None:
        """Arm the board if it holds the program, whether it went safe or not.

        After an interruption the trims are sent again: a board that was reset has lost them.
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
        self._safe_wanted, self._given_up = False, ''
        self._missed_s.clear()

    def _disarm(self) -> None:
        """Leave ARMED, or acknowledge SAFE."""
        self.session.link.watched = False
        self.session.request(MessageKind.DISARM, Empty())

    def safe(self) -> None:
        """Put the safe action on the outputs until armed again."""
        self.session.link.watched = False
        self._safe_wanted = True
        self.session.request(MessageKind.SAFE, Safe(SafeReason.HOST))

    def evaluate(self, x: Floats, time_s: float, deadline_s: float) -> Floats:
        """Return the outputs `[..., n_out]` for inputs `x[..., n_in]` in [0, 1], row by row.

        Raises a `TimeoutError` if a response does not come within `deadline_s`. After the board
        went safe by itself, or its link was interrupted, every call raises until `arm`.
        """
        program = self._loaded()
        inputs = as_inputs(x, program.shape[0])
        self._check_generation('arm it to go on')
        if self._given_up:
            if not self._made_safe:
                self.give_up(self._given_up)
            raise BoardError(f'{self._given_up}; arm it to go on', Status.SAFE)
        rows = inputs.reshape(-1, program.shape[0]).tolist()
        outputs = [self._evaluate(row, deadline_s) for row in rows]
        self._check_generation('arm it to go on')  # The board may have been reset meanwhile.
        return np.array(outputs).reshape(*inputs.shape[:-1], program.shape[-1])

    def _check_generation(self, remedy: str) -> None:
        link = self.session.link
        if self._generation != link.generation:
            raise LinkLostError(f'{link.name}: {link.interrupted}; {remedy}')

    def _evaluate(self, row: list[float], deadline_s: float) -> list[float]:
        deadline_us = max(min(int(deadline_s * 1e6), MAX_DEADLINE_US), 0)
        request = Evaluate(self._crc, deadline_us, 0, to_fixed(row, ONE_INPUT))
        start_s = self.session.now_s()
        try:
            status, reply = self.session.request_once(MessageKind.EVALUATE, request, deadline_s)
        except BoardError as error:
            if error.status == Status.DEADLINE:
                text = f'{error}: allowed are {deadline_s:.4f} s'
                raise self._missed(LinkTimeoutError(text), start_s, deadline_s) from None
            self.give_up(str(error))
            raise BoardError(f'{error}; arm it to go on', error.status) from None
        except LinkTimeoutError as error:
            raise self._missed(error, start_s, deadline_s) from None
        self._missed_s.clear()
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
        self, error: LinkTimeoutError, start_s: float, deadline_s: float
    ) -> LinkTimeoutError:
        """Count a miss and return its error; give the board up after too many in a row."""
        self._missed_s.append(start_s)
        lost = self.session.now_s() + deadline_s - self._missed_s[0] >= LOST_S - SLACK_S
        armed = self.session.link.watched and not self._given_up
        if armed and lost and len(self._missed_s) > MISSES:
            self.give_up(str(error))
        return error

    def give_up(self, reason: str) -> None:
        """Make a board safe that does not answer: armed, it would hold its last outputs.

        Evaluations raise the reason from then on, and repeat SAFE until the board confirms it.
        """
        self._given_up, self._made_safe = reason, False
        with suppress(LinkLostError, LinkTimeoutError, BoardError):
            self.session.request_once(MessageKind.SAFE, Safe(SafeReason.HOST), SAFE_S)
            self._made_safe = True

    def sweep(
        self, target: Target, index: Index, x: Floats, averages: int, drive: bool = True
    ) -> Floats:
        """Measure one target on its own at inputs `x[n]`; the board must not be armed.

        Boards average over powers of two: `averages` is rounded down to one. Evenly spaced inputs
        are one sweep, others one sweep each.
        """
        if averages < 1:
            raise UserError(f'averages={averages}: must be at least 1')
        inputs = np.asarray(x, dtype=np.float64).reshape(-1)
        number = self._number(target, index)
        self._check_generation('load its program again')
        log2 = min(averages.bit_length() - 1, MAX_AVERAGES_LOG2)
        flags = 0 if drive else DRIVE_OFF
        values: list[float] = []
        for grid in sweep_grids(inputs):
            x0, x1 = to_fixed((grid[0], grid[-1]), ONE_INPUT)
            job = Sweep(SweepTarget[target.upper()], log2, len(grid), number, x0, x1, 0, flags)
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
                raise LinkTimeoutError(f'{self.session.link.name}: the sweep stalled') from None
            if data.job == number and data.first == len(values):
                values += to_floats(data.values, ONE_VALUE)
        return values

    def _number(self, target: Target, index: Index) -> int:
        """Return the number of an element, edge or node in the order of the image."""
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
        """Query the board."""
        data = self.session.request(MessageKind.TELEMETRY, Empty())
        self.session.link.events.telemetry = data
        armed = data.state == BoardState.ARMED
        return Telemetry(data.evaluations, data.chip_temperature / 100, armed, self._saturated)

    def condition(self) -> Condition:
        """Return the warnings and counters of the last telemetry, last evaluation and link."""
        link = self.session.link
        telemetry = link.events.telemetry
        counters = {**link.statistics.counters(), 'link clock offset [us]': link.clock.offset_us}
        warnings = [text for flag, text in FLAGS.items() if self._flags & flag]
        if telemetry is None:
            return Condition(None, tuple(warnings), counters)
        warnings += [text for fault, text in FAULTS.items() if telemetry.faults & fault]
        counters |= {
            'board frames damaged': telemetry.crc_errors + telemetry.cobs_errors,
            'board deadlines missed': telemetry.deadline_misses,
            'board supply [mV]': telemetry.vdd_mv,
        }
        return Condition(telemetry.chip_temperature / 100, tuple(warnings), counters)

    def close(self) -> None:
        """Leave the board safe and release it; without a link its watchdog makes it safe."""
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


def sweep_grids(x: Floats) -> list[Floats]:
    """Split inputs `x[n]` into evenly spaced grids: a few long ones, or single points."""
    grids = np.array_split(x, max(1, -(-len(x) // MAX_READINGS)))
    tolerance = 0.5 / ONE_INPUT
    if all(np.allclose(g, np.linspace(g[0], g[-1], len(g)), 0, tolerance) for g in grids):
        return list(grids)
    return list(x.reshape(-1, 1))
