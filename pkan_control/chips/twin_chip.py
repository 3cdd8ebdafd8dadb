"""A digital twin as a chip: computes in software what the chip that it was fitted to would."""

from pkan_control.chips.chip import Identity
from pkan_control.chips.ideal import WHOLE, Part
from pkan_control.chips.trimmed import Trim, TrimmedChip, untrimmed
from pkan_control.chips.twin import TwinLayer
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.networks.program import Program, propagate, squash


class TwinChip(TrimmedChip):
    """Without noise, delay or wire; it takes the program that its twin was fitted for."""

    def __init__(self, uid: str, twin: tuple[TwinLayer, ...]) -> None:
        """Take the twin of the chip of that name."""
        super().__init__()
        self._uid, self._twin = uid, twin

    @property
    def identity(self) -> Identity:
        """Kind, the chip's name, and a latency of 0."""
        return Identity('twin', self._uid, 0.0)

    def _compile(self, program: Program) -> list[Floats]:
        shapes = [layer.physical.shape[:3] for layer in self._twin]
        if shapes != [codes.shape[:3] for codes in program.layers]:
            raise UserError(f'network of shape {program.shape}: the twin has layers {shapes}')
        self._trims = untrimmed(program)
        return [self._compile_layer(layer) for layer in range(len(shapes))]

    def _element_values(self, x: Floats, layer: int, part: Part = WHOLE) -> Floats:
        """Take inputs `[n]` for all sources, or `[n, n_in]` for each its own."""
        twin = self._twin[layer]
        inputs = x.reshape(len(x), -1, 1, 1)
        values: Floats = self._device.exact_response(inputs, twin.physical[part])
        return values * twin.alive[part]

    def _paths(self, layer: int) -> Trim:
        return self._twin[layer].gain, self._twin[layer].offset

    def last_edges(self, x: Floats) -> Floats:
        """Return what the last layer's edges give for inputs `[n, n_in]`: `[n, n_before, n_out]`.

        The chip must hold its program.
        """
        scale, last = self._loaded().squash_scale, len(self._layers) - 1
        values = x
        if last:
            values = squash(propagate(x, self._layers[:-1], self._device.nodes, scale), scale)
        return self._edge_values(self._element_values(values, last), last)
