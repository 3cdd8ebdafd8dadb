"""Many simulated chips that hold one program, evaluated at once.

Each gives what it would give alone, up to rounding: flaws, noise and drift are those of its seed.
"""

from collections.abc import Sequence

import numpy as np

from pkan_control.chips.simulated import RAIL_V, STEP_V, SimulatedChip
from pkan_control.common.arrays import Floats
from pkan_control.devices.deviations import OffsetDrift
from pkan_control.devices.element import find_device
from pkan_control.networks.program import Program, propagate


class Population:
    """Chips `c` that each fly episodes `e`: inputs and outputs are `[c, e, n]`."""

    def __init__(
        self, chips: Sequence[SimulatedChip], program: Program, episodes: Sequence[int]
    ) -> None:
        """Take chips that hold the program, and the numbers of their episodes."""
        self._chips, self._episodes, self._program = chips, episodes, program
        self._device = find_device(program.device)
        self._each = any(chip.renewed for chip in chips)
        drifts = [chip.drift(number) for chip in chips for number in episodes]
        self._drift = OffsetDrift.of_many(drifts, (len(chips), len(episodes)))
        self._compiled: list[list[Floats]] = []
        self._layers: list[Floats] = []

    def evaluate(self, x: Floats, step: int, time_s: float) -> Floats:
        """Return the outputs of inputs in [0, 1] at a step of all episodes, a time in s."""
        program, last = self._program, len(self._program.layers) - 1
        noise = [[chip.noise(number, step) for number in self._episodes] for chip in self._chips]
        draws = np.array(noise) + self._drift.at(time_s)
        starts = np.cumsum((0, *program.shape[1:]))
        layers = self._matrices(time_s)
        # A matrix for each episode multiplies a row; one for each chip all rows of its episodes.
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
        """Return the layers, compiled anew where the chips are at another temperature."""
        compiled = [chip.matrices(time_s) for chip in self._chips]
        if not _is_same(compiled, self._compiled):
            each = [self._of(chip, time_s) for chip in self._chips]
            self._layers = [np.array(layers) for layers in zip(*each, strict=True)]
            self._compiled = [chip.matrices(time_s) for chip in self._chips]
        return self._layers

    def _of(self, chip: SimulatedChip, time_s: float) -> list[Floats]:
        """Return the layers of a chip; where programming changes them, those of each episode."""
        if not self._each:
            return chip.matrices(time_s)
        each = []
        for number in self._episodes:
            chip.begin(number)
            each.append(chip.matrices(time_s))
        return [np.array(layers) for layers in zip(*each, strict=True)]


def _is_same(now: list[list[Floats]], before: list[list[Floats]]) -> bool:
    return len(now) == len(before) and all(a is b for a, b in zip(now, before, strict=True))
