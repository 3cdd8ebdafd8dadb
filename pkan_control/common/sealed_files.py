"""Sealed files: tensors and a JSON manifest in one safetensors file, with a checksum of both.

A format is declared once, as a `SealedFormat`; it writes whole files or none, and reads files that
are whole, of a known version and as they were written. No code, no pickle, a bounded size.
"""

import hashlib
import json
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from pkan_control.common.errors import UserError
from pkan_control.common.files import FilePath, path_of, replace_file

Manifest: TypeAlias = dict[str, Any]
Tensors: TypeAlias = Mapping[str, NDArray[Any]]
T = TypeVar('T')

# What manifests and tensors with other contents than expected raise while they are unpacked.
CONTENT_ERRORS = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


@dataclass(frozen=True)
class SealedFormat:
    """A format of sealed files: what they are called in messages, their version and their bounds.

    `version` is the `format_version` of the manifest. A file may have at most `max_bytes`.
    """

    kind: str
    version: int
    max_bytes: int

    def write(self, path: FilePath, manifest: Manifest, tensors: Tensors) -> str:
        """Write a file and return its checksum; an existing one is replaced only by a whole one.

        Raises a `UserError` for a manifest with a number that is not finite, for a file that would
        be too large, and for a path that cannot be written.
        """
        path = path_of(path, self.kind)
        manifest = {'format_version': self.version, **manifest}
        try:
            manifest['checksum'] = checksum(manifest, tensors)
        except ValueError:
            raise UserError(f'{self.kind} {path}: all numbers must be finite') from None
        data = save(dict(tensors), {'manifest': _canonical(manifest)})
        if len(data) > self.max_bytes:
            raise UserError(f'{self.kind} {path}: {len(data)} bytes, allowed are {self.max_bytes}')
        replace_file(path, data, f'{self.kind} ')
        return str(manifest['checksum'])

    def read(self, path: FilePath, unpack: Callable[[Manifest, Tensors], T]) -> T:
        """Return what `unpack` makes of the manifest and the tensors of a file.

        Raises a `UserError` of one line that names the kind of file, its path and the fault.
        """
        path = path_of(path, self.kind)
        try:
            manifest, tensors = self._read(path)
            return unpack(manifest, tensors)
        except UserError as error:
            raise UserError(f'{self.kind} {path}: {error}') from None
        except OSError as error:
            raise UserError(f'cannot read {self.kind} {path}: {error.strerror}') from None
        except KeyError as error:
            raise UserError(f'{self.kind} {path}: has no {error}') from None
        except CONTENT_ERRORS as error:
            raise UserError(f'{self.kind} {path}: unexpected content ({error!r})') from None

    def _read(self, path: Path) -> tuple[Manifest, Tensors]:
        check_whole(path, self.max_bytes)
        try:
            with safe_open(path, framework='np') as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, TypeError, KeyError) as error:
            raise UserError(f'not a whole safetensors file ({error})') from None
        if 'manifest' not in metadata:
            raise UserError(f'has no manifest: it is not a {self.kind}')
        manifest = _parsed(metadata['manifest'])
        if (version := manifest.get('format_version')) != self.version:
            raise UserError(f'format version {version!r}: this release reads {self.version}')
        stored, found = manifest.get('checksum'), checksum(manifest, tensors)
        if found != stored:
            raise UserError(f'damaged: checksum {found} does not match the stored {stored!r}')
        return manifest, tensors


def checksum(manifest: Manifest, tensors: Tensors) -> str:
    """Return the SHA-256 of a manifest, its own checksum left out, and of all tensors."""
    rest = {key: value for key, value in manifest.items() if key != 'checksum'}
    digest = hashlib.sha256(_canonical(rest).encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f'{name} {array.dtype.str} {array.shape}'.encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def check_whole(path: Path, max_bytes: int) -> None:
    """Raise a `UserError` unless a file can be read, is not too large, and has the right size."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise UserError('is not a file')
        if found.st_size > max_bytes:
            raise UserError(f'has {found.st_size} bytes: allowed are at most {max_bytes}')
        data = path.read_bytes()
    except FileNotFoundError:
        raise UserError('no such file') from None
    length = int.from_bytes(data[:8], 'little')
    try:
        header = json.loads(data[8 : 8 + length])
        ends = [each['data_offsets'][1] for name, each in header.items() if name[:2] != '__']
        wanted = 8 + length + max(ends, default=0)
    except CONTENT_ERRORS:
        raise UserError(f'not a whole safetensors file ({len(data)} bytes)') from None
    if len(data) != wanted:
        raise UserError(f'not a whole safetensors file ({len(data)} bytes: must be {wanted})')


def _parsed(text: str) -> Manifest:
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f'damaged: its manifest is not JSON ({error})') from None
    if not isinstance(manifest, dict):
        raise UserError(f'damaged: its manifest is no JSON object, but {type(manifest).__name__}')
    return manifest


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(',', ':'), allow_nan=False)
