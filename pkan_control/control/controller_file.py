"""The controller file: one safetensors file that holds a whole controller.

Tensors: the program's codes (or an MLP's weights), device constants, and self-test vectors.
Metadata: a JSON manifest with format version, task, law, signals, rate, safe command, provenance,
measured results and a checksum. A file is checked whole before anything of it is returned.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pkan_control.common.errors import UserError
from pkan_control.common.files import FilePath
from pkan_control.common.sealed_files import Manifest, SealedFormat, Tensors
from pkan_control.control.laws import make_law
from pkan_control.control.laws.law import Law
from pkan_control.control.signals import Signal, signals_from_json, signals_to_json
from pkan_control.control.symmetry import evaluations
from pkan_control.networks.policy import Policy, read_policy

FORMAT = SealedFormat('controller file', version=1, max_bytes=4 * 1024 * 1024)
SELF_TEST_VECTORS, SELF_TEST_SEED, SELF_TEST_TOLERANCE = 16, 0, 1e-9


@dataclass(frozen=True)
class ControllerFile:
    """A trained controller: the checked content of a controller file."""

    task: str
    law: Law
    rate_hz: float
    policy: Policy
    provenance: dict[str, Any] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise a `UserError` for a policy that does not fit the law, or an impossible rate."""
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

    def save(self, path: FilePath) -> str:
        """Write the controller file and return its checksum; see `save_controller_file`."""
        return save_controller_file(path, self)


def save_controller_file(path: FilePath, controller_file: ControllerFile) -> str:
    """Write a controller file and return its checksum.

    An existing file is replaced only by a complete one. Raises a `UserError` for provenance or
    results with a number that is not finite, and for a path that cannot be written.
    """
    policy = controller_file.policy
    generator = np.random.default_rng(SELF_TEST_SEED)
    inputs = generator.uniform(-1.5, 1.5, (SELF_TEST_VECTORS, policy.shape[0]))
    tensors = {
        **policy.tensors(),
        'self_test_inputs': inputs,
        # The same file with and without compiled code.
        'self_test_outputs': policy.evaluate(inputs, portable=True),
    }
    return FORMAT.write(path, _manifest(controller_file), tensors)


def load_controller_file(path: FilePath) -> ControllerFile:
    """Read a controller file.

    Raises a `UserError` of one line for a path that is none, and for a file that cannot be read,
    is damaged, was written for another release, or does not compute its self-test vectors.
    """
    return FORMAT.read(path, _unpack)


def facts(controller_file: ControllerFile) -> dict[str, Any]:
    """Return a description of a controller as a JSON object: `pkan inspect` prints it."""
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


def _manifest(controller_file: ControllerFile) -> Manifest:
    law = controller_file.law
    return {
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


def _unpack(manifest: Manifest, tensors: Tensors) -> ControllerFile:
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
