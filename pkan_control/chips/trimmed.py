"""Base of the simulated chips whose edges have paths and trims."""

import numpy as np

from pkan_control.chips.ideal import WHOLE, IdealChip, Part
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.networks.program import Program, check_response, coefficients, node_inputs

# Largest gain of a trim that a board can hold: Q2.13 on the wire.
MAX_GAIN = 3.999
# Gain and offset of a layer's edges, both `[n_in, n_out]`.
Trim = tuple[Floats, Floats]


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
