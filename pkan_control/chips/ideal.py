"""`ideal:`: a chip without deviations; and the base of chips whose edges have paths and trims."""

import numpy as np

from pkan_control.chips.chip import (
    Chip,
    Condition,
    Identity,
    Index,
    Target,
    Telemetry,
    as_inputs,
)
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.devices.deviations import PROGRAMMING_C
from pkan_control.devices.element import Device, find_device
from pkan_control.networks.program import (
    Program,
    check_response,
    coefficients,
    compile_layer,
    node_inputs,
    propagate,
)

# Slices of the sources and of the targets of the edges of a layer.
Part = tuple[slice, slice]
WHOLE = (slice(None), slice(None))
# Largest gain of a trim that a board can hold: Q2.13 on the wire.
MAX_GAIN = 3.999
# Gain and offset of a layer's edges, both `[n_in, n_out]`.
Trim = tuple[Floats, Floats]


class IdealChip(Chip):
    """Evaluates a program exactly as trained: continuous time, no deviations, no latency."""

    def __init__(self) -> None:
        """Start without a program."""
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
        """Load a program; a chip that was safe evaluates again."""
        self._device = find_device(program.device)
        self._layers = self._compile(program)
        self._program = program
        self._armed = True

    def _compile(self, program: Program) -> list[Floats]:
        device = self._device
        return [compile_layer(device, device.decode(codes)) for codes in program.layers]

    def arm(self, safe_action: Floats) -> None:
        """Let evaluations reach the outputs; `safe_action[n_out]` is the output of `safe`."""
        action = np.array(safe_action, dtype=np.float64)
        wanted = action.shape if self._program is None else self._program.shape[-1:]
        if action.shape != wanted or not np.isfinite(action).all():
            raise UserError(f'safe action {action.tolist()}: must be {wanted} finite numbers')
        self._safe_action = action
        self._armed = True

    def safe(self) -> None:
        """Return the safe action (zeros before the first `arm`) until armed again."""
        self._armed = False

    def give_up(self, reason: str) -> None:
        """Go safe; an ideal chip has no fault to record."""
        self.safe()

    def evaluate(self, x: Floats, time_s: float, deadline_s: float) -> Floats:
        """Return the outputs `[..., n_out]` of inputs `x[..., n_in]` in [0, 1]."""
        program = self._loaded()
        inputs = as_inputs(x, program.shape[0])
        self._evaluations += 1
        if not self._armed:
            return self._safe_outputs(inputs)
        if self._latency_s > deadline_s:
            raise TimeoutError(
                f'the chip needs {self._latency_s:.4f} s: allowed {deadline_s:.4f} s'
            )
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
        """Measure an element, an edge or a node (all its inputs at the same x) on its own."""
        sources = slice(None) if target == 'node' else slice(index.source, index.source + 1)
        part = (sources, slice(index.target, index.target + 1))
        elements = self._element_values(np.asarray(x, dtype=np.float64), index.layer, part) * drive
        edges = self._edge_values(elements, index.layer, part)
        element, total = elements[:, 0, 0, index.element], edges.sum(axis=(1, 2))
        return element if target == 'element' else total

    def _element_values(self, x: Floats, layer: int, part: Part = WHOLE) -> Floats:
        """Return the values `[points, n_in, n_out, K]` of the elements of a layer or part."""
        physical = self._device.decode(self._loaded().layers[layer][part])
        values: Floats = self._device.response(x.reshape(-1, 1, 1, 1), physical)
        return values

    def _edge_values(self, elements: Floats, layer: int, part: Part = WHOLE) -> Floats:
        edges: Floats = elements.sum(axis=-1)
        return edges

    def trim(self, layer: int, gain: Floats, offset: Floats) -> None:
        """Raise a `UserError`: an ideal chip has nothing to correct."""
        raise UserError('an ideal chip has no trims: open a sim: chip')

    def telemetry(self) -> Telemetry:
        """Return the number of evaluations, at the temperature of programming."""
        return Telemetry(self._evaluations, PROGRAMMING_C, self._armed, 0)

    def condition(self) -> Condition:
        """Return the temperature, and the number of saturated outputs."""
        state = self.telemetry()
        saturated = {'outputs at a rail': state.saturated} if state.saturated else {}
        return Condition(state.temperature_c, (), saturated)

    def close(self) -> None:
        """Go safe."""
        self.safe()

    def _loaded(self) -> Program:
        if self._program is None:
            raise UserError('the chip holds no program: load one first')
        return self._program


class TrimmedChip(IdealChip):
    """An edge is the sum of its elements, through a path and a trim with gain and offset each."""

    def __init__(self) -> None:
        """Start without a program."""
        super().__init__()
        self._trims: list[Trim] = []

    def _paths(self, layer: int) -> Trim:
        """Return gain and offset `[n_in, n_out]` of a layer's paths."""
        raise NotImplementedError

    def _compile_layer(self, layer: int) -> Floats:
        nodes = node_inputs(self._device, np.empty(0)).reshape(-1)
        edges = self._edge_values(self._element_values(nodes, layer), layer)
        check_response(self._device, edges)
        matrix: Floats = coefficients(edges)
        return matrix

    def _edge_values(self, elements: Floats, layer: int, part: Part = WHOLE) -> Floats:
        path_gain, path_offset = (path[part] for path in self._paths(layer))
        gain, offset = (trim[part] for trim in self._trims[layer])
        edges: Floats = (elements.sum(axis=-1) * path_gain + path_offset) * gain + offset
        return edges

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


def untrimmed(program: Program) -> list[Trim]:
    """Return the trims that change nothing: gain 1, offset 0."""
    shapes = [codes.shape[:2] for codes in program.layers]
    return [(np.ones(shape), np.zeros(shape)) for shape in shapes]
