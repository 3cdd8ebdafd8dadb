"""Supervised problems: examples, loss and score."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.common.errors import UserError, unknown
from pkan_control.common.registry import Registry


@dataclass(frozen=True)
class Examples:
    """Inputs `[n, n_in]`, normalised to the order of 1, and targets `[n, m]`."""

    inputs: Floats
    targets: Floats

    def __post_init__(self) -> None:
        """Raise a `UserError` for shapes that do not match, and for infinite numbers."""
        shapes = self.inputs.shape, self.targets.shape
        if self.inputs.ndim != 2 or self.targets.ndim != 2:
            raise UserError(f'examples of shapes {shapes}: both must be [n, columns]')
        if len(self.inputs) != len(self.targets) or len(self.inputs) == 0:
            raise UserError(f'{shapes[0][0]} inputs and {shapes[1][0]} targets: must be as many')
        for name, values in (('inputs', self.inputs), ('targets', self.targets)):
            rows = np.flatnonzero(~np.isfinite(values).all(axis=1))
            if len(rows):
                raise UserError(f'{name}, row {rows[0]}: holds a number that is not finite')


@dataclass(frozen=True)
class Split:
    """Examples for training, for the choice of settings, and for the final score."""

    train: Examples
    validation: Examples
    test: Examples


class Problem(Protocol):
    """A function that networks learn from examples."""

    @property
    def name(self) -> str:
        """Name on the command line."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs, in order."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""

    @property
    def measure(self) -> str:
        """Name of the score, with its unit; less is better."""

    def data(self, seed: int) -> Split:
        """Draw the examples from a seed."""

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return the mean loss of outputs `[..., n_out]` for targets `[..., m]`: a scalar."""

    def score(self, outputs: Floats, targets: Floats) -> float:
        """Return the score of outputs `[n, n_out]` for targets `[n, m]`; 0 is perfect."""


def mean_square(error: Array) -> Array:
    """Return the mean of the squares of all numbers."""
    return namespace(error).mean(error * error)


PROBLEMS: Registry[Problem] = Registry('pkan_control.problems', 'problem', Problem)


def find_problems(name: str) -> tuple[Problem, ...]:
    """Return the problem of that name, or all with that prefix: `feynman` names eight.

    They come from the entry points `pkan_control.problems`, in alphabetical order.
    """
    names = _matching(name)
    if not names:
        raise unknown('problem', name, PROBLEMS.names())
    return tuple(PROBLEMS.find(each) for each in names)


def is_problem(name: str) -> bool:
    """Return whether a name is that of a problem or a prefix of several."""
    return bool(_matching(name))


def _matching(name: str) -> list[str]:
    names = PROBLEMS.names()
    return [name] if name in names else [each for each in names if each.startswith(f'{name}_')]
