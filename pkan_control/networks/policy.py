"""Policies: functions from normalised observations to outputs, as controller files hold them."""

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

from pkan_control.common.arrays import Array, Floats
from pkan_control.common.errors import UserError
from pkan_control.networks.mlp import MLP, DigitalWork, Mlp
from pkan_control.networks.program import Program

Tensors = Mapping[str, NDArray[Any]]


class Policy(Protocol):
    """A network of any kind with `n_in` inputs and `n_out` outputs."""

    @property
    def device(self) -> str:
        """Device of its elements, or the kind of network: the `device` of a controller file."""

    @property
    def title(self) -> str:
        """Kind and size in a few characters: `bandpass 12-20-4 K3`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of inputs, of nodes in each layer, and of outputs."""

    @property
    def elements(self) -> int:
        """Number of analogue elements."""

    @property
    def parameters(self) -> int:
        """Number of trainable numbers."""

    @property
    def chip_program(self) -> Program | None:
        """Program to load on a chip; None for a network that needs no chip."""

    @property
    def digital_work(self) -> DigitalWork | None:
        """Operations of a processor for one evaluation; None for an analogue network."""

    def evaluate(self, observation: Floats, *, portable: bool = False) -> Floats:
        """Return the outputs `[..., n_out]` of normalised observations `[..., n_in]`.

        Chips without deviations compute the same. With `portable` the bits are the same with and
        without compiled code.
        """

    def evaluate_exactly(self, observation: Array) -> Array:
        """Return the same without interpolation, for arrays `[batch, n_in]` of any library.

        Exports are traced from it, so it keeps to the functions that `control/exports` knows.
        """

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the tensors of the controller file, by name."""

    def metadata(self) -> dict[str, Any]:
        """Return further entries of the controller file's manifest."""

    def facts(self) -> dict[str, Any]:
        """Return further facts for `pkan inspect`, by name."""


def read_policy(manifest: Mapping[str, Any], tensors: Tensors) -> Policy:
    """Return the policy of a controller file; raise a `UserError` for an invalid one."""
    if not isinstance(manifest['shape'], list):
        raise UserError('shape must be a list')
    layers = len(manifest['shape']) - 1
    if manifest['device'] == MLP:
        return Mlp.from_tensors(tensors, layers)
    return Program.from_tensors(
        manifest['device'], tensors, layers, float(manifest['squash_scale'])
    )


def chip_program(policy: Policy, purpose: str) -> Program:
    """Return the program for a chip.

    Raises a `UserError` for a policy without one: there is nothing to `purpose`, a verb.
    """
    if policy.chip_program is None:
        raise UserError(f'{policy.title} runs on no chip: there is nothing to {purpose}')
    return policy.chip_program
