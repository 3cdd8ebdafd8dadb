"""Simulated chips: `ideal:` without flaws, `sim:` with the frozen flaws and noise of one chip."""

import math
from typing import Literal

import numpy as np

from pkan_control.arrays import Floats
from pkan_control.chips.chip import Identity, Index, Target, Telemetry, as_inputs, noise
from pkan_control.devices.deviations import (
    DRIFT_SHARE,
    PROGRAMMING_C,
    Deviations,
    LayerFlaws,
    OffsetDrift,
    fabricate,
)
from pkan_control.devices.element import Device, find_device
from pkan_control.errors import UserError
from pkan_control.network import Program, coefficients, compile_layer, node_inputs, propagate
from pkan_control.streams import stream

Readout = Literal['parallel', 'multiplexed']
# Sources and targets of those edges of a layer that are meant.
Part = tuple[slice, slice]
WHOLE = (slice(None), slice(None))

# Node sums are limited to the rails, and read by a 12-bit converter with 10.5 effective bits.
RAIL_V = 3.0
CONVERTER_BITS = 12
EFFECTIVE_BITS = 10.5
STEP_V = 2 * RAIL_V / 2**CONVERTER_BITS
CONVERTER_NOISE_V = math.sqrt((4.0 ** (CONVERTER_BITS - EFFECTIVE_BITS) - 1) / 12) * STEP_V
# Sweeps draw their noise from episodes that no flight reaches, counted down from here.
SWEEPS = 2**64 - 1
# An AN231E04 holds four blocks, each of them one band-pass element.
MULTIPLEXED_ELEMENTS = 4


class IdealChip:
    """Evaluates a program exactly as it was trained: continuous time, no flaws, no delay."""

    def __init__(self) -> None:
        """Make a chip without a program."""
        self._program: Program | None = None
        self._device: Device
        self._layers: list[Floats] = []
        self._safe_action: Floats | None = None
        self._armed = True
        self._evaluations = 0
        self._latency_s = 0.0

    @property
    def identity(self) -> Identity:
        """Kind, name, and a latency of 0."""
        return Identity('ideal', 'ideal', 0.0)

    def program(self, program: Program) -> None:
        """Load a program."""
        self._device = find_device(program.device)
        self._layers = self._compile(program)
        self._program = program

    def _compile(self, program: Program) -> list[Floats]:
        device = self._device
        return [compile_layer(device, device.decode(codes)) for codes in program.layers]

    def begin(self, episode: int) -> None:
        """Do nothing: an ideal chip has no noise."""

    def arm(self, safe_action: Floats) -> None:
        """Let evaluations through, and remember the safe action `[n_out]`."""
        action = np.array(safe_action, dtype=np.float64)
        wanted = action.shape if self._program is None else self._program.shape[-1:]
        if action.shape != wanted or not np.isfinite(action).all():
            raise UserError(f'safe action {action.tolist()}: must be {wanted} finite numbers')
        self._safe_action = action
        self._armed = True

    def safe(self) -> None:
        """Answer with the safe action (zeros where none was given) until armed again."""
        self._armed = False

    def evaluate(self, x: Floats, time_s: float, deadline_s: float) -> Floats:
        """Return the outputs `[..., n_out]` of inputs `x[..., n_in]` in [0, 1]."""
        program = self._loaded()
        inputs = as_inputs(x, program.shape[0])
        self._evaluations += 1
        if not self._armed:
            return self._safe_outputs(inputs)
        if self._latency_s > deadline_s:
            raise TimeoutError(f'the chip needs {self._latency_s:.4f} s: allowed {deadline_s:.4f}')
        return self._outputs(inputs, program, time_s)

    def _outputs(self, x: Floats, program: Program, time_s: float) -> Floats:
        outputs: Floats = propagate(x, self._layers, self._device.nodes, program.squash_scale)
        return outputs

    def _safe_outputs(self, x: Floats) -> Floats:
        outputs = self._loaded().shape[-1]
        action = np.zeros(outputs) if self._safe_action is None else self._safe_action
        return np.broadcast_to(action, (*x.shape[:-1], outputs)).copy()

    def sweep(
        self, target: Target, index: Index, x: Floats, averages: int, drive: bool = True
    ) -> Floats:
        """Measure an element, an edge or a node (all its inputs at the same x) alone."""
        sources = slice(None) if target == 'node' else slice(index.source, index.source + 1)
        part = (sources, slice(index.target, index.target + 1))
        elements = self._element_values(np.asarray(x, dtype=np.float64), index.layer, part) * drive
        edges = self._edge_values(elements, index.layer, part)
        element, total = elements[:, 0, 0, index.element], edges.sum(axis=(1, 2))
        return element if target == 'element' else total

    def _element_values(self, x: Floats, layer: int, part: Part = WHOLE) -> Floats:
        """Return the values `[points, n_in, n_out, K]` of a layer's elements, or of a part."""
        physical = self._device.decode(self._loaded().layers[layer][part])
        values: Floats = self._device.response(x.reshape(-1, 1, 1, 1), physical)
        return values

    def _edge_values(self, elements: Floats, layer: int, part: Part = WHOLE) -> Floats:
        edges: Floats = elements.sum(axis=-1)
        return edges

    def trim(self, layer: int, gain: Floats, offset: Floats) -> None:
        """Refuse: there is nothing to correct."""
        raise UserError('an ideal chip has no trims: open a sim: chip')

    def telemetry(self) -> Telemetry:
        """Return the number of evaluations."""
        return Telemetry(self._evaluations, PROGRAMMING_C, self._armed, 0)

    def close(self) -> None:
        """Go safe."""
        self.safe()

    def _loaded(self) -> Program:
        if self._program is None:
            raise UserError('the chip holds no program: load one first')
        return self._program


class SimulatedChip(IdealChip):
    """One chip out of a fabrication run, with its flaws, noise, rails, converter and latency."""

    def __init__(self, seed: int, deviations: Deviations, readout: Readout = 'parallel') -> None:
        """Fabricate the chip of that seed."""
        super().__init__()
        self._seed = seed
        self._deviations = deviations
        self._readout = readout
        self._flaws: list[LayerFlaws] = []
        self._trims: list[tuple[Floats, Floats]] = []
        self._sigmas: list[Floats] = []
        self._physical: list[Floats] = []
        self._drift: OffsetDrift
        self._episode = 0
        self._step = 0
        self._sweeps = 0
        self._saturated = 0

    @property
    def identity(self) -> Identity:
        """Kind, name by seed, and the latency of the loaded program's readout."""
        return Identity('simulated', f'sim-{self._seed}', self._latency_s)

    def _latency_of(self, program: Program) -> float:
        settling = self._device.settling_s()
        if self._readout == 'parallel':
            return settling * len(program.layers)
        return settling * math.ceil(program.elements / MULTIPLEXED_ELEMENTS)

    def _compile(self, program: Program) -> list[Floats]:
        parameters = len(self._device.parameters)
        self._flaws = [
            fabricate(self._deviations, self._seed, index, codes.shape[:3], parameters)
            for index, codes in enumerate(program.layers)
        ]
        self._trims = [(np.ones(c.shape[:2]), np.zeros(c.shape[:2])) for c in program.layers]
        self._sigmas = [self._node_sigma(program, index) for index in range(len(program.layers))]
        self._program = program
        self._latency_s = self._latency_of(program)
        self._episode = 0
        self._physical = self._set_elements(program)
        self.begin(0)
        return [self._compile_layer(index) for index in range(len(program.layers))]

    def _node_sigma(self, program: Program, layer: int) -> Floats:
        """Return the noise of a layer's nodes in volts: edges, node, and converter if read."""
        inputs, outputs = program.layers[layer].shape[:2]
        converter = CONVERTER_NOISE_V * self._is_converted(layer, len(program.layers))
        edges = inputs * self._deviations.read_noise**2
        node = (RAIL_V * self._deviations.node_noise) ** 2
        return np.full(outputs, math.sqrt(edges + node + converter**2))

    def _is_converted(self, layer: int, layers: int) -> bool:
        return self._readout == 'multiplexed' or layer == layers - 1

    def _compile_layer(self, layer: int) -> Floats:
        nodes = node_inputs(self._device, np.empty(0)).reshape(-1)
        edges = self._edge_values(self._element_values(nodes, layer), layer)
        matrix: Floats = coefficients(edges)
        return matrix

    def _set_elements(self, program: Program) -> list[Floats]:
        """Return what this programming cycle makes of the elements' parameters."""
        physical = []
        for layer, (codes, flaws) in enumerate(zip(program.layers, self._flaws, strict=True)):
            wanted = self._device.decode(codes)
            cycles = stream(self._seed, 'cycle', self._episode, layer).standard_normal(
                wanted.shape
            )
            physical.append(self._device.deviate(wanted, flaws.draws, cycles, self._deviations))
        return physical

    def _element_values(self, x: Floats, layer: int, part: Part = WHOLE) -> Floats:
        physical, alive = self._physical[layer][part], self._flaws[layer].alive[part]
        values: Floats = self._device.exact_response(x.reshape(-1, 1, 1, 1), physical)
        return values * alive

    def _edge_values(self, elements: Floats, layer: int, part: Part = WHOLE) -> Floats:
        flaws = self._flaws[layer]
        gain, offset = (trim[part] for trim in self._trims[layer])
        sums = elements.sum(axis=-1) * flaws.gain[part] + flaws.offset[part]
        edges: Floats = sums * gain + offset
        return edges

    def begin(self, episode: int) -> None:
        """Start the noise and the offset drift of that episode; memristors are set anew for it."""
        program = self._loaded()
        renewed = episode != self._episode and self._deviations.cycle_to_cycle > 0
        self._episode = episode
        self._step = self._sweeps = 0
        if renewed:
            self._physical = self._set_elements(program)
            self._layers = [self._compile_layer(index) for index in range(len(program.layers))]
        share = DRIFT_SHARE * self._deviations.offset
        sigma = [np.full(c.shape[1], share * math.sqrt(c.shape[0])) for c in program.layers]
        generator = stream(self._seed, 'offset drift', episode)
        self._drift = OffsetDrift(np.concatenate(sigma), generator)

    def _outputs(self, x: Floats, program: Program, time_s: float) -> Floats:
        widths = program.shape[1:]
        draws = noise(self._seed, self._episode, self._step, (*x.shape[:-1], sum(widths)))
        self._step += 1
        draws = draws * np.concatenate(self._sigmas) + self._drift.at(time_s)
        starts = np.cumsum((0, *widths))

        def node(value: Floats, layer: int) -> Floats:
            return self._read(value + draws[..., starts[layer] : starts[layer + 1]], layer)

        outputs: Floats = propagate(
            x, self._layers, self._device.nodes, program.squash_scale, node
        )
        return outputs

    def _read(self, value: Floats, layer: int) -> Floats:
        limited: Floats = np.minimum(np.maximum(value, -RAIL_V), RAIL_V)
        if not self._is_converted(layer, len(self._layers)):
            return limited
        self._saturated += int(np.count_nonzero(limited != value))
        read: Floats = np.rint(limited / STEP_V) * STEP_V
        return read

    def sweep(
        self, target: Target, index: Index, x: Floats, averages: int, drive: bool = True
    ) -> Floats:
        """Measure with the chip's flaws; read noise falls with the root of the averages."""
        if averages < 1:
            raise UserError(f'averages={averages}: must be at least 1')
        clean = super().sweep(target, index, x, averages, drive)
        self._sweeps += 1
        draws = noise(self._seed, SWEEPS - self._episode, self._sweeps, clean.shape)
        sources = self._loaded().layers[index.layer].shape[0] if target == 'node' else 1
        variance = sources * self._deviations.read_noise**2 + CONVERTER_NOISE_V**2
        return clean + math.sqrt(variance / averages) * draws

    def trim(self, layer: int, gain: Floats, offset: Floats) -> None:
        """Correct the edges of a layer: value * gain + offset, both `[n_in, n_out]`."""
        shape = self._trims[layer][0].shape
        if np.shape(gain) != shape or np.shape(offset) != shape:
            raise UserError(f'trims of {np.shape(gain)} and {np.shape(offset)}: must be {shape}')
        trims = np.array(gain, dtype=float), np.array(offset, dtype=float)
        if not np.isfinite(trims).all():
            raise UserError('trims hold a number that is not finite')
        self._trims[layer] = trims
        self._layers[layer] = self._compile_layer(layer)

    def telemetry(self) -> Telemetry:
        """Return evaluations, temperature, state, and how many outputs met a rail."""
        temperature = self._deviations.temperature_c
        return Telemetry(self._evaluations, temperature, self._armed, self._saturated)
