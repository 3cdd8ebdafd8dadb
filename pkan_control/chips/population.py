"""Many simulated chips with one program, evaluated at once.

Each gives the outputs it gives alone, up to rounding: flaws, noise and drift follow its seed.
"""

from collections.abc import Sequence

import numpy as np

from pkan_control.chips.simulated import RAIL_V, STEP_V, SimulatedChip
from pkan_control.common.arrays import Floats
from pkan_control.devices.deviations import OffsetDrift
from pkan_control.devices.element import find_device
from pkan_control.networks.program import Program, propagate


class Population:
    """Chips `c` that each run episodes `e`: inputs and outputs are `[c, e, n]`."""

    def __init__(
        self, chips: Sequence[SimulatedChip], program: Program, episodes: Sequence[int]
    ) -> None:
        """Take chips that hold the program, and the numbers of the episodes."""
        self._chips, self._episodes, self._program = chips, episodes, program
        self._device = find_device(program.device)
        self._each = any(chip.renewed for chip in chips)
        drifts = [chip.drift(number) for chip in chips for number in episodes]
        self._drift = OffsetDrift.of_many(drifts, (len(chips), len(episodes)))
        self._compiled: list[list[Floats]] = []
        self._layers: list[Floats] = []

    def evaluate(self, x: Floats, step: int, time_s: float) -> Floats:
        """Return the outputs `[c, e, n_out]` for inputs in [0, 1] at a step and its time in s."""
        program, last = self._program, len(self._program.layers) - 1
        noise = [[chip.noise(number, step) for number in self._episodes] for chip in self._chips]
        draws = np.array(noise) + self._drift.at(time_s)
        starts = np.cumsum((0, *program.shape[1:]))
        layers = self._matrices(time_s)
        # One matrix per episode multiplies one row; one per chip all rows of its episodes.
        rows = (slice(None), slice(None), None) if layers[0].ndim == 4 else ()

        def node(value: Floats, layer: int) -> Floats:
            here = draws[..., starts[layer] : starts[layer + 1]][rows]
            limited = np.minimum(np.maximum(value + here, -RAIL_V), RAIL_V)
            read: Floats = np.rint(limited / STEP_V) * STEP_V if layer == last else limited
            return read

        scale, nodes = program.squash_scale, self._device.nodes
        outputs: Floats = propagate(x[rows], layers, nodes, scale, node)
        return outputs.reshape(*x.shape[:-1], -1)

    def _matrices(self, time_s: float) -> list[Floats]:
        """Return the layers `[c, ...]` or `[c, e, ...]`, stacked again after a chip changed."""
        compiled = [chip.matrices(time_s) for chip in self._chips]
        if not _is_same(compiled, self._compiled):
            each = [self._of(chip, time_s) for chip in self._chips]
            self._layers = [np.array(layers) for layers in zip(*each, strict=True)]
            self._compiled = [chip.matrices(time_s) for chip in self._chips]
        return self._layers

    def _of(self, chip: SimulatedChip, time_s: float) -> list[Floats]:
        """Return the layers of a chip; if programming changes them, those of each episode."""
        if not self._each:
            return chip.matrices(time_s)
        each = []
        for number in self._episodes:
            chip.begin(number)
            each.append(chip.matrices(time_s))
        return [np.array(layers) for layers in zip(*each, strict=True)]


def _is_same(now: list[list[Floats]], before: list[list[Floats]]) -> bool:
    return len(now) == len(before) and all(a is b for a, b in zip(now, before, strict=True))
