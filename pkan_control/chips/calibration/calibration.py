"""The calibration of one chip for one program: trims, twin, faults and fidelity."""

import hashlib
from dataclasses import dataclass

import numpy as np

from pkan_control.chips.calibration.measuring import LayerValues
from pkan_control.chips.calibration.self_test import ElementFault
from pkan_control.chips.chip import Chip
from pkan_control.chips.ideal import Trim
from pkan_control.chips.twin import TwinLayer
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.devices.element import find_device
from pkan_control.networks.program import Program


@dataclass(frozen=True)
class Fidelity:
    """Errors of edges in gain units over x in [0, 1], and of outputs.

    The error of an edge is what remains after infinite averaging: the noise of its readings is
    subtracted. R^2 of an edge is 1 - (squared error / variance). The NRMSE of an output is its
    RMSE divided by the standard deviation of the ideal output, for inputs spread over [0, 1]; the
    root mean square over outputs. For real inputs, which may hardly vary, it is the plain RMSE;
    an output of 1 is its full scale.
    """

    edge_rmse_median: float
    edge_rmse_p95: float
    edge_r2_median: float
    edge_r2_p5: float
    output_nrmse: float
    output_rmse_real: float


@dataclass(frozen=True)
class Calibration:
    """A calibration, bound to a chip by its uid and to a program by its checksum.

    `trims` are gain and offset `[n_in, n_out]` of each layer. Fidelity is given before (`raw`)
    and after (`trimmed`). `sigma` is the noise of one reading of an edge in gain units, the
    temperature that of the chip in degC.
    """

    uid: str
    program: str
    date: str
    temperature_c: float
    trims: tuple[Trim, ...]
    twin: tuple[TwinLayer, ...]
    faults: tuple[ElementFault, ...]
    untested: int
    sigma: float
    raw: Fidelity
    trimmed: Fidelity

    def check(self, chip: Chip, program: Program) -> None:
        """Raise a `UserError` unless it belongs to this chip and this program."""
        uid, found = chip.identity.uid, program_checksum(program)
        if self.uid != uid:
            raise UserError(f'the calibration is of chip {self.uid}: this one is {uid}')
        if self.program != found:
            raise UserError(
                f'the calibration is of program {self.program[:16]}: this one is {found[:16]}'
            )

    def apply(self, chip: Chip, program: Program) -> None:
        """Set the trims of the chip, which must hold the program."""
        self.check(chip, program)
        set_trims(chip, self.trims)


def set_trims(chip: Chip, trims: tuple[Trim, ...]) -> None:
    """Set the trims of all layers."""
    for layer, (gain, offset) in enumerate(trims):
        chip.trim(layer, gain, offset)


def program_checksum(program: Program) -> str:
    """Return the SHA-256 of device, scale and codes."""
    digest = hashlib.sha256(f'{program.device} {program.squash_scale!r}'.encode())
    for codes in program.layers:
        digest.update(f'{codes.shape}'.encode())
        digest.update(np.ascontiguousarray(codes, dtype='<i2').tobytes())
    return digest.hexdigest()


def fidelity(
    edges: LayerValues,
    wanted: LayerValues,
    noise: float,
    spread: tuple[Floats, Floats],
    real: tuple[Floats, Floats],
) -> Fidelity:
    """Compare edges `[n, n_in, n_out]` of each layer, and outputs `[n, n_out]` with their targets.

    `noise` is that of a reading of an edge, in gain units. The outputs are those of inputs over
    their whole range (`spread`), and of real ones (`real`).
    """
    pairs = list(zip(edges, wanted, strict=True))
    rmse = np.concatenate([edge_rmse(found, right, noise) for found, right in pairs])
    sizes = np.concatenate([np.ravel(right.std(axis=0)) for _, right in pairs])
    r2 = 1 - np.square(rmse / np.maximum(sizes, 1e-12))
    median, p95 = np.quantile(rmse, (0.5, 0.95)).tolist()
    r2_median, r2_p5 = np.quantile(r2, (0.5, 0.05)).tolist()
    plain = float(np.sqrt(np.mean(np.square(real[0] - real[1]))))
    return Fidelity(median, p95, r2_median, r2_p5, output_nrmse(*spread), plain)


def edge_rmse(found: Floats, wanted: Floats, noise: float = 0.0) -> Floats:
    """Return the RMSE of each edge of a layer, flattened, less the noise of its readings."""
    squares = np.mean(np.square(found - wanted), axis=0) - noise**2
    return np.ravel(np.sqrt(np.maximum(squares, 0.0)))


def output_nrmse(outputs: Floats, targets: Floats) -> float:
    """Return the NRMSE of outputs `[n, n_out]`."""
    errors = np.mean(np.square(outputs - targets), axis=0) / np.var(targets, axis=0)
    return float(np.sqrt(np.mean(errors)))


def ideal_edges(program: Program, x: Floats) -> LayerValues:
    """Return the ideal values `[n, n_in, n_out]` of the edges of each layer at inputs `x[n]`."""
    device = find_device(program.device)
    inputs = x.reshape(-1, 1, 1, 1)
    return [
        np.asarray(device.response(inputs, device.decode(codes))).sum(axis=-1)
        for codes in program.layers
    ]
