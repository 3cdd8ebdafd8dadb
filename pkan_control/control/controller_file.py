"""The controller file: one safetensors file that holds everything a controller is.

Tensors: the program's codes (or an MLP's weights), device constants, and self-test vectors.
Metadata: a JSON manifest with format version, task, law, signals, rate, safe command, provenance,
measured results and a checksum. No code, no pickle, a bounded size; what is loaded is checked
whole before anything is returned.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_tensors

from pkan_control.common.errors import UserError
from pkan_control.common.files import replace_file
from pkan_control.control.laws import make_law
from pkan_control.control.laws.law import Law
from pkan_control.control.signals import Signal, signals_from_json, signals_to_json
from pkan_control.control.symmetry import evaluations
from pkan_control.networks.policy import Policy, read_policy

FORMAT_VERSION = 1
MAX_BYTES = 4 * 1024 * 1024
SELF_TEST_VECTORS, SELF_TEST_SEED, SELF_TEST_TOLERANCE = 16, 0, 1e-9

# What a manifest or tensors that are not what they should be can raise while they are read.
DAMAGE = (
    *(LookupError, TypeError, ValueError, AttributeError),
    *(ArithmeticError, RecursionError, OSError),
)

Tensors = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class ControllerFile:
    """A trained controller: what the controller file says, checked."""

    task: str
    law: Law
    rate_hz: float
    policy: Policy
    provenance: dict[str, Any] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a policy that does not fit the law, or a rate that is none."""
        wanted = (len(self.law.observation), len(self.law.output))
        if (self.policy.shape[0], self.policy.shape[-1]) != wanted:
            raise UserError(f'network of shape {self.policy.shape}: the law needs {wanted}')
        if not 0 < self.rate_hz <= 10_000:
            raise UserError(f'rate {self.rate_hz} Hz: must be above 0 and at most 10000')
        if self.law.rate_hz != self.rate_hz:
            raise UserError(f'rate {self.rate_hz} Hz, but the law has {self.law.rate_hz} Hz')

    @property
    def device(self) -> str:
        """Name of the device, or `mlp`."""
        return self.policy.device


def save_controller_file(path: Path, controller_file: ControllerFile) -> str:
    """Write the controller file and return its checksum.

    An existing file is replaced only by a complete one.
    """
    tensors = controller_file.policy.tensors()
    generator = np.random.default_rng(SELF_TEST_SEED)
    inputs = generator.uniform(-1.5, 1.5, (SELF_TEST_VECTORS, controller_file.policy.shape[0]))
    tensors['self_test_inputs'] = inputs
    # The same file whether there was a compiler or not.
    tensors['self_test_outputs'] = controller_file.policy.evaluate(inputs, portable=True)
    manifest = _manifest(controller_file)
    try:
        manifest['checksum'] = checksum(manifest, tensors)
    except ValueError:
        raise UserError('provenance and results: all numbers must be finite') from None
    data = save_tensors(tensors, {'manifest': _canonical(manifest)})
    if len(data) > MAX_BYTES:
        raise UserError(f'controller file {path}: {len(data)} bytes, allowed are {MAX_BYTES}')
    replace_file(path, data, 'controller file ')
    return str(manifest['checksum'])


def load_controller_file(path: Path) -> ControllerFile:
    """Read a controller file; raise a `UserError` for one that is not whole, known and right."""
    try:
        manifest, tensors = _read(path)
        return _unpack(manifest, tensors)
    except UserError as error:
        raise UserError(f'controller file {path}: {error}') from None
    except DAMAGE as error:
        raise UserError(f'controller file {path}: damaged manifest ({error!r})') from None


def checksum(manifest: dict[str, Any], tensors: Tensors) -> str:
    """Return the SHA-256 of a manifest, its own checksum left out, and of all tensors."""
    rest = {key: value for key, value in manifest.items() if key != 'checksum'}
    digest = hashlib.sha256(_canonical(rest).encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f'{name} {array.dtype.str} {array.shape}'.encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def facts(controller_file: ControllerFile) -> dict[str, Any]:
    """Return what a controller is, for people and programs: nothing that is needed to run it."""
    policy, law = controller_file.policy, controller_file.law
    return {
        'task': controller_file.task,
        'device': controller_file.device,
        'shape': list(policy.shape),
        'elements': policy.elements,
        'parameters': policy.parameters,
        **policy.facts(),
        'rate_hz': controller_file.rate_hz,
        'evaluations_per_period': evaluations(law),
        'law': law.name,
        'observation': list(law.observation.names),
        'output': list(law.output.names),
        'command': list(law.command.names),
        'results': controller_file.results,
        'provenance': controller_file.provenance,
    }


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(',', ':'), allow_nan=False)


def _manifest(controller_file: ControllerFile) -> dict[str, Any]:
    law = controller_file.law
    return {
        'format_version': FORMAT_VERSION,
        'task': controller_file.task,
        'law': {'name': law.name, 'parameters': law.to_json()},
        'rate_hz': controller_file.rate_hz,
        'device': controller_file.device,
        'shape': list(controller_file.policy.shape),
        **controller_file.policy.metadata(),
        'observation': signals_to_json(law.observation.signals),
        'output': signals_to_json(law.output.signals),
        'command': signals_to_json(law.command.signals),
        'safe_command': law.safe_command().tolist(),
        'provenance': controller_file.provenance,
        'results': controller_file.results,
    }


def _read(path: Path) -> tuple[dict[str, Any], Tensors]:
    if not path.is_file():
        raise UserError('no such file')
    if path.stat().st_size > MAX_BYTES:
        raise UserError(f'has {path.stat().st_size} bytes: allowed are at most {MAX_BYTES}')
    try:
        with safe_open(path, framework='np') as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, TypeError, KeyError) as error:
        raise UserError(f'not a whole safetensors file ({error})') from None
    if 'manifest' not in metadata:
        raise UserError('has no manifest: it is not a controller file')
    manifest = json.loads(metadata['manifest'])
    _check_whole(manifest, tensors)
    return manifest, tensors


def _check_whole(manifest: dict[str, Any], tensors: Tensors) -> None:
    version = manifest.get('format_version')
    if version != FORMAT_VERSION:
        raise UserError(f'format version {version!r}: this release reads {FORMAT_VERSION}')
    found = checksum(manifest, tensors)
    if found != manifest.get('checksum'):
        raise UserError(f'checksum {found} does not match the stored {manifest.get("checksum")!r}')


def _unpack(manifest: dict[str, Any], tensors: Tensors) -> ControllerFile:
    law = make_law(manifest['law']['name'], manifest['law']['parameters'])
    controller_file = ControllerFile(
        task=str(manifest['task']),
        law=law,
        rate_hz=float(manifest['rate_hz']),
        policy=read_policy(manifest, tensors),
        provenance=dict(manifest['provenance']),
        results=dict(manifest['results']),
    )
    parts = {'observation': law.observation, 'output': law.output, 'command': law.command}
    for what, terms in parts.items():
        _check_terms(what, signals_from_json(manifest[what], what), terms.signals)
    if manifest['safe_command'] != law.safe_command().tolist():
        raise UserError(f'safe command {manifest["safe_command"]!r} is not that of the law')
    if list(controller_file.policy.shape) != manifest['shape']:
        raise UserError(
            f'shape {manifest["shape"]} but the policy has {controller_file.policy.shape}'
        )
    _self_test(controller_file.policy, tensors)
    return controller_file


def _check_terms(what: str, found: tuple[Signal, ...], wanted: tuple[Signal, ...]) -> None:
    if found != wanted:
        names = [signal.name for signal in found], [signal.name for signal in wanted]
        raise UserError(f'{what} terms {names[0]} differ from those of the law, {names[1]}')


def _self_test(policy: Policy, tensors: Tensors) -> None:
    inputs = np.asarray(tensors['self_test_inputs'], dtype=np.float64)
    stored = np.asarray(tensors['self_test_outputs'], dtype=np.float64)
    worst = float(np.max(np.abs(policy.evaluate(inputs) - stored)))
    if not worst <= SELF_TEST_TOLERANCE:
        raise UserError(
            f'self-test vectors are off by {worst:.3g}: allowed is {SELF_TEST_TOLERANCE:g}'
        )
