"""The simulated chip behind an emulated board: fixed-point numbers in, fixed-point numbers out.

A request that the chip cannot carry out raises a `RefusedError` with the status for the host.
"""

from functools import cached_property

import numpy as np

from pkan_control.bridge.codes import DRIVE_OFF, Status, SweepTarget
from pkan_control.bridge.layouts import ONE_GAIN, ONE_INPUT, ONE_VALUE, saturated, to_floats
from pkan_control.bridge.messages import Ints, Sweep
from pkan_control.chips.chip import Index, Target
from pkan_control.chips.power import estimate_power
from pkan_control.chips.simulated import SimulatedChip
from pkan_control.common.arrays import Floats
from pkan_control.devices.deviations import Deviations
from pkan_control.networks.program import Program

UNTRIMMED = (ONE_GAIN, 0)
MAX_READINGS = 1024
# log2 of the averages of an evaluation (a path sweep is one), and of a part swept alone.
MAX_AVERAGES_LOG2, MAX_SWEEP_AVERAGES_LOG2 = 6, 15

# (kind, number) of an edge or node: gain Q2.13 and offset Q15.16.
Trims = dict[tuple[int, int], tuple[int, int]]


class RefusedError(Exception):
    """A request that is not carried out: status, up to two values (got, wanted), a log line."""

    def __init__(self, status: Status, *numbers: int, text: str = '') -> None:
        """Refuse with a status."""
        super().__init__(status.name)
        self.status, self.numbers, self.text = status, numbers, text


class ChipModel:
    """One program on one simulated chip, with trims of edges (kind 0) and nodes (kind 1)."""

    def __init__(self, seed: int, deviations: Deviations, program: Program, crc: int) -> None:
        """Load a program into the chip of that seed; `crc` names its image."""
        self.program, self.crc = program, crc
        self.trims: Trims = {}
        self.dead_in_path = False
        self._chip = SimulatedChip(seed, deviations)
        self._chip.program(program)
        edges = [codes.shape[0] * codes.shape[1] for codes in program.layers]
        nodes = [codes.shape[1] for codes in program.layers]
        self._first = [np.cumsum([0, *edges]), np.cumsum([0, *nodes])]

    @cached_property
    def power_w(self) -> float:
        """Median of the estimated power of the program on a dedicated CMOS chip."""
        return estimate_power(self.program).p50

    @property
    def temperature_c(self) -> float:
        """Temperature of the chip at its last evaluation, in degC."""
        return self._chip.telemetry().temperature_c

    def evaluate(self, inputs: Ints, averages: int, time_s: float) -> tuple[Ints, bool]:
        """Return outputs Q15.16 of inputs Q1.15, and whether one reached a rail."""
        before = self._chip.telemetry().saturated
        x = np.array(to_floats(inputs, ONE_INPUT))
        rows = x if averages == 1 else np.broadcast_to(x, (averages, len(x)))
        y = self._chip.evaluate(rows, time_s, np.inf)
        mean = y if averages == 1 else y.mean(axis=0)
        return saturated(mean.tolist(), ONE_VALUE), self._chip.telemetry().saturated > before

    def fail_element(self, index: Index) -> None:
        """Let an element stop working; its detector reports it unless its gain is 0."""
        self._chip.fail_element(index)
        gains = self.program.layers[index.layer][..., 0]
        self.dead_in_path |= bool(gains[index.source, index.target, index.element])

    def sweep(self, job: Sweep) -> Ints:
        """Return the readings Q15.16 of a sweep."""
        check_sweep(job)
        if job.target == SweepTarget.PATH:
            return self._sweep_path(job)
        target, index = self._find(job)
        x = np.linspace(job.x0, job.x1, job.n) / ONE_INPUT
        drive = not job.flags & DRIVE_OFF
        readings = self._chip.sweep(target, index, x, 1 << job.log2_averages, drive)
        return saturated(readings.tolist(), ONE_VALUE)

    def _sweep_path(self, job: Sweep) -> Ints:
        """Sweep one input of the network with the others at 0.5; read one output."""
        inputs, outputs = self.program.shape[0], self.program.shape[-1]
        source, output = divmod(job.first, outputs)
        if source >= inputs:
            raise RefusedError(Status.ARGUMENT)
        x = np.full((1 << job.log2_averages, job.n, inputs), 0.5)
        x[..., source] = np.linspace(job.x0, job.x1, job.n) / ONE_INPUT
        readings = self._chip.evaluate(x, 0.0, np.inf)[..., output].mean(axis=0)
        return saturated(readings.tolist(), ONE_VALUE)

    def _find(self, job: Sweep) -> tuple[Target, Index]:
        elements = self.program.layers[0].shape[2]
        if job.target == SweepTarget.NODE:
            layer, node = self.place(1, job.first)
            return 'node', Index(layer, 0, node)
        if job.target == SweepTarget.EDGE:
            return 'edge', Index(*self._edge(job.first))
        return 'element', Index(*self._edge(job.first // elements), job.first % elements)

    def _edge(self, number: int) -> tuple[int, int, int]:
        layer, within = self.place(0, number)
        return layer, *divmod(within, self.program.shape[layer + 1])

    def place(self, kind: int, number: int) -> tuple[int, int]:
        """Return the layer of an edge (kind 0) or node (1), and its number within the layer."""
        first = self._first[kind]
        if not 0 <= number < first[-1]:
            raise RefusedError(Status.ARGUMENT)
        layer = int(np.searchsorted(first, number, 'right')) - 1
        return layer, number - int(first[layer])

    def set_trims(self, kind: int, first: int, values: tuple[tuple[int, int], ...]) -> None:
        """Set trims from a number on, all or none."""
        last = first + len(values) - 1
        layers = range(self.place(kind, first)[0], self.place(kind, last)[0] + 1)
        self.trims |= {(kind, first + i): value for i, value in enumerate(values)}
        for layer in layers:
            self._apply(layer)

    def clear_trims(self, kind: int) -> None:
        """Remove the trims of a kind."""
        self.trims = {key: value for key, value in self.trims.items() if key[0] != kind}
        for layer in range(len(self.program.layers)):
            self._apply(layer)

    def restore_trims(self, trims: Trims) -> None:
        """Set the trims that were stored."""
        self.trims = dict(trims)
        for layer in range(len(self.program.layers)):
            self._apply(layer)

    def _apply(self, layer: int) -> None:
        """Fold the trim of a node into its edges: gains multiply, the offset is split evenly."""
        sources, targets = self.program.layers[layer].shape[:2]
        gain, offset = self._trims(0, layer).reshape(2, sources, targets)
        node_gain, node_offset = self._trims(1, layer)
        self._chip.trim(layer, gain * node_gain, offset * node_gain + node_offset / sources)

    def _trims(self, kind: int, layer: int) -> Floats:
        first = self._first[kind]
        numbers = range(int(first[layer]), int(first[layer + 1]))
        pairs = np.array([self.trims.get((kind, number), UNTRIMMED) for number in numbers])
        return (pairs / (ONE_GAIN, ONE_VALUE)).T


def check_sweep(message: Sweep) -> None:
    """Refuse a sweep of no known target, of no or too many readings, or out of the input range."""
    path = message.target == SweepTarget.PATH
    undriven = path and message.flags & DRIVE_OFF
    if message.target > SweepTarget.PATH or not message.n or undriven:
        raise RefusedError(Status.ARGUMENT)
    averages_log2 = MAX_AVERAGES_LOG2 if path else MAX_SWEEP_AVERAGES_LOG2
    limits = (
        (Status.ARGUMENT, message.log2_averages, averages_log2),
        (Status.ARGUMENT, max(message.x0, message.x1), ONE_INPUT),
        (Status.NO_RESOURCE, message.n, MAX_READINGS),
    )
    for status, value, most in limits:
        if value > most:
            raise RefusedError(status, value, most)
