"""Checkpoints of a training run: a safetensors file that is replaced as a whole.

Its tensors are all that training changes; its metadata hold the identity of the run and the
counters as JSON. A run that resumes from one gives the same network, bit by bit.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from pkan_control.common.errors import UserError
from pkan_control.common.files import replace_file
from pkan_control.common.version import __version__

FORMAT = 1


class State(NamedTuple):
    """Tensors by name, and counters and states of generators as JSON values."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]


class Checkpoint:
    """The file of a training run, which `about` identifies; that of another run is refused."""

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        """Name a file, which need not exist."""
        self._path = path
        known = {'format': FORMAT, 'version': __version__, **about}
        self._about = json.loads(json.dumps(known))

    def save(self, state: State) -> None:
        """Replace the file; raise a `UserError` and keep the old one where that fails."""
        metadata = {'about': json.dumps(self._about), 'facts': json.dumps(state.facts)}
        tensors = {name: tensor.contiguous() for name, tensor in state.tensors.items()}
        replace_file(self._path, save(tensors, metadata), 'checkpoint ')

    def load(self) -> State | None:
        """Return the content of the file, or None without a file."""
        if not self._path.exists():
            return None
        try:
            with safe_open(self._path, framework='pt') as file:
                metadata = file.metadata() or {}
                about, facts = (json.loads(metadata[key]) for key in ('about', 'facts'))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            raise UserError(f'checkpoint {self._path}: damaged ({error!r})') from None
        self._check(about)
        return State(tensors, facts)

    def _check(self, about: dict[str, Any]) -> None:
        for name, wanted in self._about.items():
            found = about.get(name)
            if found != wanted:
                raise UserError(
                    f'checkpoint {self._path}: it is of {name} {found}, this run of {wanted}; '
                    'name another file, or remove it to start anew'
                )


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the state of an optimiser."""
    state = optimiser.state_dict()['state']
    return {
        f'optimiser.{index}.{name}': value
        for index, values in state.items()
        for name, value in values.items()
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Restore the state of an optimiser."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith('optimiser.'):
            _, index, what = name.split('.')
            state.setdefault(int(index), {})[what] = value
    optimiser.load_state_dict({**optimiser.state_dict(), 'state': state})
