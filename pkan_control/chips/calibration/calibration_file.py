"""The calibration file: safetensors with a JSON manifest, checked whole before it is used."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_tensors

from pkan_control.chips.calibration.calibration import Calibration, Fidelity
from pkan_control.chips.calibration.self_test import ElementFault
from pkan_control.chips.twin import TwinLayer
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.files import replace_file

FORMAT_VERSION = 1
MAX_BYTES = 64 * 1024 * 1024
KIND = 'calibration file '
# The axes of each tensor of a layer; the first two are those of its edges.
TENSORS = {
    'trim_gain': 2,
    'trim_offset': 2,
    'twin_physical': 4,
    'twin_alive': 3,
    'twin_gain': 2,
    'twin_offset': 2,
}
DAMAGE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


def save_calibration(path: Path, calibration: Calibration) -> None:
    """Write the file; an existing one is replaced only by a complete one."""
    tensors = _tensors(calibration)
    manifest = {
        'format_version': FORMAT_VERSION,
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
    manifest['checksum'] = _checksum(manifest, tensors)
    replace_file(path, save_tensors(tensors, {'manifest': _canonical(manifest)}), KIND)


def load_calibration(path: Path) -> Calibration:
    """Read a calibration file; raise a `UserError` for one that is not whole, known and right."""
    try:
        manifest, tensors = _read(path)
        return _unpack(manifest, tensors)
    except UserError as error:
        raise UserError(f'{KIND}{path}: {error}') from None
    except DAMAGE as error:
        raise UserError(f'{KIND}{path}: damaged manifest ({error!r})') from None


def _tensors(calibration: Calibration) -> dict[str, Floats]:
    tensors: dict[str, Floats] = {}
    pairs = zip(calibration.trims, calibration.twin, strict=True)
    for number, ((gain, offset), twin) in enumerate(pairs):
        values = (gain, offset, twin.physical, twin.alive, twin.gain, twin.offset)
        for name, value in zip(TENSORS, values, strict=True):
            tensors[f'{name}_{number}'] = np.ascontiguousarray(value, dtype=np.float64)
    return tensors


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Floats]]:
    if not path.is_file():
        raise UserError('no such file')
    if path.stat().st_size > MAX_BYTES:
        raise UserError(f'has {path.stat().st_size} bytes: allowed are at most {MAX_BYTES}')
    _check_size(path)
    try:
        with safe_open(path, framework='np') as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, TypeError, KeyError) as error:
        raise UserError(f'not a whole safetensors file ({error})') from None
    if 'manifest' not in metadata:
        raise UserError('has no manifest: it is not a calibration file')
    manifest = json.loads(metadata['manifest'])
    version, found = manifest.get('format_version'), _checksum(manifest, tensors)
    if version != FORMAT_VERSION:
        raise UserError(f'format version {version!r}: this release reads {FORMAT_VERSION}')
    if found != manifest.get('checksum'):
        raise UserError(f'checksum {found} does not match the stored {manifest.get("checksum")!r}')
    return manifest, tensors


def _check_size(path: Path) -> None:
    """Refuse a file that was cut, or to which something was added, with both sizes."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], 'little')
    try:
        header = json.loads(data[8 : 8 + length])
        ends = [each['data_offsets'][1] for name, each in header.items() if name[:2] != '__']
    except DAMAGE:
        raise UserError(f'not a whole safetensors file ({len(data)} bytes)') from None
    wanted = 8 + length + max(ends, default=0)
    if len(data) != wanted:
        raise UserError(f'has {len(data)} bytes: must be {wanted}')


def _unpack(manifest: dict[str, Any], tensors: dict[str, Floats]) -> Calibration:
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


def _layer(tensors: dict[str, Floats], number: int) -> list[Floats]:
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


def _checksum(manifest: dict[str, Any], tensors: dict[str, Floats]) -> str:
    rest = {key: value for key, value in manifest.items() if key != 'checksum'}
    digest = hashlib.sha256(_canonical(rest).encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f'{name} {array.dtype.str} {array.shape}'.encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(',', ':'), allow_nan=False)
