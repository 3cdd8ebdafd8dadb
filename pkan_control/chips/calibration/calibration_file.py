"""The calibration file: safetensors with a JSON manifest, verified before it is used."""

from dataclasses import asdict

import numpy as np

from pkan_control.chips.calibration.calibration import Calibration, Fidelity
from pkan_control.chips.calibration.self_test import ElementFault
from pkan_control.chips.twin import TwinLayer
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.files import FilePath
from pkan_control.common.sealed_files import Manifest, SealedFormat, Tensors

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
