"""The calibration of one chip for one program (trims, twin, faults, fidelity), and its file."""

import hashlib
from dataclasses import asdict, dataclass

import numpy as np

from pkan_control.chips.calibration.measuring import LayerValues
from pkan_control.chips.calibration.self_test import ElementFault
from pkan_control.chips.chip import Chip
from pkan_control.chips.ideal import Trim
from pkan_control.chips.twin import TwinLayer
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.files import FilePath
from pkan_control.common.sealed_files import Manifest, SealedFormat, Tensors
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


FORMAT = SealedFormat('calibration file', version=1, max_bytes=64 * 1024 * 1024)
# Number of axes of each tensor of a layer; the first two are sources and targets.
TENSORS = {
    'trim_gain': 2,
    'trim_offset': 2,
    'twin_physical': 4,
    'twin_alive': 3,
    'twin_gain': 2,
    'twin_offset': 2,
}


def save_calibration(path: FilePath, calibration: Calibration) -> None:
    """Write a calibration file; an existing one is replaced only by a complete one."""
    manifest = {
        'uid': calibration.uid,
        'program': calibration.program,
        'date': calibration.date,
        'temperature_c': calibration.temperature_c,
        'layers': len(calibration.trims),
        'faults': [asdict(fault) for fault in calibration.faults],
        'untested': calibration.untested,
        'sigma': calibration.sigma,
        'raw': asdict(calibration.raw),
        'trimmed': asdict(calibration.trimmed),
    }
    FORMAT.write(path, manifest, _tensors(calibration))


def load_calibration(path: FilePath) -> Calibration:
    """Read a calibration file.

    Raises a `UserError` for a path of another type, and for a file that cannot be read, is
    incomplete or damaged, or has another format version.
    """
    return FORMAT.read(path, _unpack)


def _tensors(calibration: Calibration) -> dict[str, Floats]:
    tensors: dict[str, Floats] = {}
    pairs = zip(calibration.trims, calibration.twin, strict=True)
    for number, ((gain, offset), twin) in enumerate(pairs):
        values = (gain, offset, twin.physical, twin.alive, twin.gain, twin.offset)
        for name, value in zip(TENSORS, values, strict=True):
            tensors[f'{name}_{number}'] = np.ascontiguousarray(value, dtype=np.float64)
    return tensors


def _unpack(manifest: Manifest, tensors: Tensors) -> Calibration:
    layers = [_layer(tensors, number) for number in range(int(manifest['layers']))]
    if len(tensors) != len(layers) * len(TENSORS):
        raise UserError(f'{len(tensors)} tensors: must be {len(layers) * len(TENSORS)}')
    return Calibration(
        str(manifest['uid']),
        str(manifest['program']),
        str(manifest['date']),
        float(manifest['temperature_c']),
        tuple((gain, offset) for gain, offset, *_ in layers),
        tuple(TwinLayer(*rest) for _, _, *rest in layers),
        tuple(ElementFault(**fault) for fault in manifest['faults']),
        int(manifest['untested']),
        float(manifest['sigma']),
        Fidelity(**manifest['raw']),
        Fidelity(**manifest['trimmed']),
    )


def _layer(tensors: Tensors, number: int) -> list[Floats]:
    values = [tensors[f'{name}_{number}'] for name in TENSORS]
    for (name, axes), value in zip(TENSORS.items(), values, strict=True):
        if value.ndim != axes or value.shape[:2] != values[0].shape or value.dtype != np.float64:
            raise UserError(
                f'{name} of layer {number + 1} is {value.dtype} of shape {value.shape}: must be '
                f'float64 with {axes} axes, the first {values[0].shape}'
            )
        if not np.isfinite(value).all():
            raise UserError(f'{name} of layer {number + 1} holds a number that is not finite')
    return values
