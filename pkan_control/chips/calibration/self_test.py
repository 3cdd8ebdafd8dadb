"""Finds dead and stuck elements by their signatures at three drive frequencies."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pkan_control.chips.calibration.measuring import SIGNATURE_X, LayerValues
from pkan_control.common.arrays import Floats
from pkan_control.devices.element import find_device
from pkan_control.networks.program import Program

# A signature that deviates by more than this share of itself is beyond the tolerance of a part.
SHARE = 0.3
# It must also deviate by this many sigma of the noise; a weaker signature cannot be tested.
SIGMAS, WEAK_SIGMAS = 6.0, 10.0
# Smallest noise assumed, in gain units: the error of the element's formula itself.
LEAST_NOISE = 5e-4

Kind = Literal['dead', 'stuck']


@dataclass(frozen=True)
class ElementFault:
    """An element without output (dead), or with another response than programmed (stuck)."""

    layer: int
    source: int
    target: int
    element: int
    kind: Kind

    def __str__(self) -> str:
        """Return the position, counted from 1, and the kind of fault."""
        return (
            f'layer {self.layer + 1}, input {self.source + 1}, output {self.target + 1}, '
            f'element {self.element + 1}: {self.kind}'
        )


@dataclass(frozen=True)
class SelfTest:
    """Faults, and the number of elements whose gain is too small to be tested."""

    faults: tuple[ElementFault, ...]
    untested: int


def self_test(program: Program, signatures: LayerValues) -> SelfTest:
    """Compare the signatures `[3, n_in, n_out, K]` of each layer with the programmed ones."""
    expected = [_expected(program, layer) for layer in range(len(program.layers))]
    sigma = _noise(signatures, expected)
    faults: list[ElementFault] = []
    untested = 0
    for layer, (found, wanted) in enumerate(zip(signatures, expected, strict=True)):
        size = np.linalg.norm(wanted, axis=0)
        judged = size > WEAK_SIGMAS * sigma
        off = np.linalg.norm(found - wanted, axis=0) > np.maximum(SIGMAS * sigma, SHARE * size)
        silent = np.linalg.norm(found, axis=0) < SIGMAS * sigma
        untested += int(np.count_nonzero(~judged))
        for place in np.argwhere(judged & off).tolist():
            source, target, element = place
            kind: Kind = 'dead' if silent[source, target, element] else 'stuck'
            faults.append(ElementFault(layer, source, target, element, kind))
    return SelfTest(tuple(faults), untested)


def alive(program: Program, faults: tuple[ElementFault, ...]) -> list[Floats]:
    """Return 1 for each working element and 0 for each faulty one, `[n_in, n_out, K]`."""
    masks = [np.ones(codes.shape[:3]) for codes in program.layers]
    for fault in faults:
        masks[fault.layer][fault.source, fault.target, fault.element] = 0.0
    return masks


def _expected(program: Program, layer: int) -> Floats:
    device = find_device(program.device)
    x = SIGNATURE_X.reshape(-1, 1, 1, 1)
    values: Floats = device.exact_response(x, device.decode(program.layers[layer]))
    return values


def _noise(signatures: LayerValues, expected: LayerValues) -> float:
    """Return the sigma of a reading by the median of all residuals, robust to some faults."""
    pairs = zip(signatures, expected, strict=True)
    residuals = np.concatenate([np.ravel(found - wanted) for found, wanted in pairs])
    return max(float(1.4826 * np.median(np.abs(residuals))), LEAST_NOISE)
