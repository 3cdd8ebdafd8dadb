"""`sim:`: a simulated chip with the frozen flaws and the noise of one fabricated chip."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from pkan_control.chips.chip import Identity, Index, Target, Telemetry
from pkan_control.chips.ideal import WHOLE, Part, Trim, TrimmedChip, untrimmed
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.seeding import stream
from pkan_control.devices.deviations import (
    Deviations,
    LayerFlaws,
    OffsetDrift,
    fabricate,
)
from pkan_control.networks.program import Program, propagate

Readout = Literal['parallel', 'multiplexed']

# Node sums are limited to the rails, and read by a 12-bit converter with 10.5 effective bits.
RAIL_V = 3.0
CONVERTER_BITS = 12
EFFECTIVE_BITS = 10.5
STEP_V = 2 * RAIL_V / 2**CONVERTER_BITS
CONVERTER_NOISE_V = math.sqrt((4.0 ** (CONVERTER_BITS - EFFECTIVE_BITS) - 1) / 12) * STEP_V
# A chip that warms up changes in these steps, at most by this much.
WARMING_STEP_C, MAX_WARMING_C = 1.0, 100.0
# Sweeps draw their noise from episodes that no rollout reaches, counted down from here.
SWEEPS = 2**64 - 1
# An AN231E04 FPAA holds four blocks, each one band-pass element.
MULTIPLEXED_ELEMENTS = 4


# State of a Philox generator that has drawn nothing yet.
FRESH = {
    'bit_generator': 'Philox',
    'buffer': (0, 0, 0, 0),
    'buffer_pos': 4,
    'has_uint32': 0,
    'uinteger': 0,
}


class Noise:
    """Standard normal numbers that depend on chip seed, episode and step only.

    One counter-based generator is set to each key in turn: several times faster than a new
    generator for each, with the same numbers.
    """

    def __init__(self, seed: int) -> None:
        """Take the seed of a chip."""
        self._seed = seed
        self._bits = np.random.Philox(key=0)
        self._normal = np.random.Generator(self._bits).standard_normal

    def at(self, episode: int, step: int, shape: Sequence[int]) -> Floats:
        """Return the numbers of a step as an array of that shape."""
        state: Any = {**FRESH, 'state': {'counter': (0, 0, 0, step), 'key': (self._seed, episode)}}
        self._bits.state = state
        return self._normal(tuple(shape))


class SimulatedChip(TrimmedChip):
    """One fabricated chip: flaws, noise, rails, converter and latency."""

    def __init__(self, seed: int, deviations: Deviations, readout: Readout = 'parallel') -> None:
        """Fabricate the chip of that seed."""
        super().__init__()
        self._seed = seed
        self._deviations = deviations
        self._temperature_c = deviations.temperature_c
        self._readout = readout
        self._noise = Noise(seed)
        self._flaws: list[LayerFlaws] = []
        # Sigma of the noise of all nodes in V, and the index of each layer's first node.
        self.sigmas: Floats = np.zeros(0)
        self._starts: list[int] = []
        self._physical: list[Floats] = []
        self._drift: OffsetDrift
        self._episode = 0
        self._step = 0
        self._sweeps = 0
        self._saturated = 0

    @property
    def identity(self) -> Identity:
        """Kind, name by seed, and the latency of the loaded program and readout."""
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
        self._trims = untrimmed(program)
        sigmas = [self._node_sigma(program, index) for index in range(len(program.layers))]
        self.sigmas = np.concatenate(sigmas)
        self._starts = [0, *itertools.accumulate(program.shape[1:])]
        self._program = program
        self._latency_s = self._latency_of(program)
        self._episode = 0
        self._physical = self._set_elements(program)
        self.renewed = self._is_renewed(program)
        self.begin(0)
        return [self._compile_layer(index) for index in range(len(program.layers))]

    def fail_element(self, index: Index) -> None:
        """Let one element of the loaded program stop working, until the next program."""
        self._loaded()
        alive = self._flaws[index.layer].alive
        alive[index.source, index.target, index.element] = 0.0
        self._layers[index.layer] = self._compile_layer(index.layer)

    def _node_sigma(self, program: Program, layer: int) -> Floats:
        """Return the noise sigma of a layer's nodes in V: edges, node, and converter if read."""
        inputs, outputs = program.layers[layer].shape[:2]
        converter = CONVERTER_NOISE_V * self._is_converted(layer, len(program.layers))
        edges = inputs * self._deviations.read_noise**2
        node = (RAIL_V * self._deviations.node_noise) ** 2
        return np.full(outputs, math.sqrt(edges + node + converter**2))

    def _is_converted(self, layer: int, layers: int) -> bool:
        return self._readout == 'multiplexed' or layer == layers - 1

    def _set_elements(self, program: Program) -> list[Floats]:
        """Return the elements' parameters after this programming cycle."""
        physical = []
        now = replace(self._deviations, temperature_c=self._temperature_c)
        for layer, (codes, flaws) in enumerate(zip(program.layers, self._flaws, strict=True)):
            wanted = self._device.decode(codes)
            draw = stream(self._seed, 'cycle', self._episode, layer)
            cycles = draw.standard_normal(wanted.shape)
            physical.append(self._device.deviate(wanted, flaws.draws, cycles, now))
        return physical

    def _is_renewed(self, program: Program) -> bool:
        """Return whether programming the same codes again changes the elements (memristors)."""
        self._episode = 1
        again = self._set_elements(program)
        self._episode = 0
        pairs = zip(again, self._physical, strict=True)
        return any(not np.array_equal(new, old) for new, old in pairs)

    def _element_values(self, x: Floats, layer: int, part: Part = WHOLE) -> Floats:
        physical, alive = self._physical[layer][part], self._flaws[layer].alive[part]
        values: Floats = self._device.exact_response(x.reshape(-1, 1, 1, 1), physical)
        return values * alive

    def _paths(self, layer: int) -> Trim:
        return self._flaws[layer].gain, self._flaws[layer].offset

    def begin(self, episode: int) -> None:
        """Start noise and offset drift of an episode; memristors are programmed again."""
        program = self._loaded()
        renewed = episode != self._episode and self.renewed
        renewed |= self._temperature_c != self._deviations.temperature_c
        self._temperature_c = self._deviations.temperature_c
        self._episode = episode
        self._step = self._sweeps = 0
        if renewed:
            self._physical = self._set_elements(program)
            self._layers = [self._compile_layer(index) for index in range(len(program.layers))]
        self._drift = self.drift(episode)

    def drift(self, episode: int) -> OffsetDrift:
        """Return the drift of the offsets of all nodes in an episode."""
        share = self._deviations.offset_drift * self._deviations.offset
        layers = self._loaded().layers
        sigma = [np.full(codes.shape[1], share * math.sqrt(codes.shape[0])) for codes in layers]
        return OffsetDrift(np.concatenate(sigma), stream(self._seed, 'offset drift', episode))

    def noise(self, episode: int, step: int) -> Floats:
        """Return the noise of all nodes in V at a step of an episode."""
        sigmas = self.sigmas
        draws: Floats = sigmas * self._noise.at(episode, step, sigmas.shape)
        return draws

    def matrices(self, time_s: float) -> list[Floats]:
        """Return the compiled layers at a time of the episode in s."""
        if self._deviations.warming_c_s:
            self._warm(time_s)
        return self._layers

    def _warm(self, time_s: float) -> None:
        """Set the temperature of a time since the start, in whole steps."""
        warming = self._deviations.warming_c_s * max(0.0, time_s)
        warming = WARMING_STEP_C * math.floor(min(warming, MAX_WARMING_C) / WARMING_STEP_C)
        temperature = self._deviations.temperature_c + warming
        if temperature != self._temperature_c:
            self._temperature_c = temperature
            self._physical = self._set_elements(self._loaded())
            self._layers = [self._compile_layer(i) for i in range(len(self._layers))]

    def _outputs(self, x: Floats, program: Program, time_s: float) -> Floats:
        layers, starts = self.matrices(time_s), self._starts
        sigmas = self.sigmas
        draws = self._noise.at(self._episode, self._step, (*x.shape[:-1], len(sigmas)))
        self._step += 1
        draws *= sigmas
        draws += self._drift.at(time_s)

        def node(value: Floats, layer: int) -> Floats:
            return self._read(value + draws[..., starts[layer] : starts[layer + 1]], layer)

        outputs: Floats = propagate(x, layers, self._device.nodes, program.squash_scale, node)
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
        """Measure with the chip's flaws; read noise falls with the square root of the averages."""
        if averages < 1:
            raise UserError(f'averages={averages}: must be at least 1')
        clean = super().sweep(target, index, x, averages, drive)
        self._sweeps += 1
        draws = self._noise.at(SWEEPS - self._episode, self._sweeps, clean.shape)
        sources = self._loaded().layers[index.layer].shape[0] if target == 'node' else 1
        variance = sources * self._deviations.read_noise**2 + CONVERTER_NOISE_V**2
        return clean + math.sqrt(variance / averages) * draws

    def telemetry(self) -> Telemetry:
        """Return evaluations, temperature, state, and the number of saturated outputs."""
        return Telemetry(self._evaluations, self._temperature_c, self._armed, self._saturated)
