"""Finds dead and stuck elements by their signatures at three drive frequencies."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pkan_control.chips.calibration.measuring import SIGNATURE_X, Found
from pkan_control.common.arrays import Floats
from pkan_control.devices.element import find_device
from pkan_control.networks.program import Program

# A signature that is off by more than this share of itself is no tolerance of a part any more.
SHARE = 0.3
# And by more than so many sigma of the noise; one that is weaker than this cannot be judged.
SIGMAS, WEAK_SIGMAS = 6.0, 10.0
# The least noise that is assumed, in gain units: what the element's formula itself is off by.
LEAST_NOISE = 5e-4

Kind = Literal['dead', 'stuck']


@dataclass(frozen=True)
class ElementFault:
    """An element that gives nothing (dead), or not what it is set to (stuck)."""

    layer: int
    source: int
    target: int
    element: int
    kind: Kind

    def __str__(self) -> str:
        """Name the element as people count: from 1."""
        return (
            f'layer {self.layer + 1}, input {self.source + 1}, output {self.target + 1}, '
            f'element {self.element + 1}: {self.kind}'
        )


@dataclass(frozen=True)
class SelfTest:
    """Faults, and how many elements are set too weak to tell whether they live."""

    faults: tuple[ElementFault, ...]
    untested: int


def self_test(program: Program, signatures: Found) -> SelfTest:
    """Compare the signatures `[3, n_in, n_out, K]` of each layer with those programmed."""
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
    """Return 1 for every element that works and 0 for one that does not, `[n_in, n_out, K]`."""
    masks = [np.ones(codes.shape[:3]) for codes in program.layers]
    for fault in faults:
        masks[fault.layer][fault.source, fault.target, fault.element] = 0.0
    return masks


def _expected(program: Program, layer: int) -> Floats:
    device = find_device(program.device)
    x = SIGNATURE_X.reshape(-1, 1, 1, 1)
    values: Floats = device.exact_response(x, device.decode(program.layers[layer]))
    return values


def _noise(signatures: Found, expected: Found) -> float:
    """Return the sigma of a reading, from all residuals; some faults do not change a median."""
    pairs = zip(signatures, expected, strict=True)
    residuals = np.concatenate([np.ravel(found - wanted) for found, wanted in pairs])
    return max(float(1.4826 * np.median(np.abs(residuals))), LEAST_NOISE)
