"""The interface of every chip, simulated or on a board."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, Self

import numpy as np

from pkan_control.common.arrays import Array, Floats
from pkan_control.common.errors import UserError
from pkan_control.networks.program import Program

Target = Literal['element', 'edge', 'node']


@dataclass(frozen=True)
class Identity:
    """Kind and unique name of a chip, and the duration of one evaluation in seconds."""

    kind: str
    uid: str
    latency_s: float


@dataclass(frozen=True)
class Telemetry:
    """State of a chip: evaluations and saturated outputs so far, temperature, armed or not."""

    evaluations: int
    temperature_c: float
    armed: bool
    saturated: int


@dataclass(frozen=True)
class Condition:
    """What is known about a chip without querying it, for diagnostics.

    Temperature in degC (None: not known yet), one short text for each warning, and counters by
    name.
    """

    temperature_c: float | None = None
    warnings: tuple[str, ...] = ()
    counters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Index:
    """Position of an element, edge or node of a program; a node is `target` of its layer."""

    layer: int
    source: int = 0
    target: int = 0
    element: int = 0

    def is_in(self, program: Program) -> bool:
        """Return whether a program has such an element."""
        if not 0 <= self.layer < len(program.layers):
            return False
        place = (self.source, self.target, self.element)
        shape = program.layers[self.layer].shape[:3]
        return all(0 <= at < size for at, size in zip(place, shape, strict=True))


class Chip(Protocol):
    """One interface for every chip: it holds a program and evaluates it.

    A chip is a context manager that closes it. A class that inherits from `Chip` gets that, and
    the defaults of `begin`, `give_up` and `condition`; it implements the rest.
    """

    @property
    @abstractmethod
    def identity(self) -> Identity:
        """Kind, unique name, and the latency of the loaded program."""

    @abstractmethod
    def program(self, program: Program) -> None:
        """Load a program; after a failure the old one is still in place."""

    @abstractmethod
    def arm(self, safe_action: Floats) -> None:
        """Let evaluations reach the outputs; `safe_action[n_out]` is the output of `safe`."""

    @abstractmethod
    def safe(self) -> None:
        """Put the safe action on the outputs and keep it there until `arm`."""

    @abstractmethod
    def evaluate(self, x: Floats, time_s: float, deadline_s: float) -> Floats:
        """Return the outputs `[..., n_out]` for inputs `x[..., n_in]` in [0, 1].

        `time_s` is the time of the episode. Raises a `TimeoutError` if the chip cannot answer
        within `deadline_s`.
        """

    @abstractmethod
    def sweep(
        self, target: Target, index: Index, x: Floats, averages: int, drive: bool = True
    ) -> Floats:
        """Measure one element, edge or node on its own at inputs `x[n]` in [0, 1]: `[n]`.

        Each value is the mean of `averages` readings; without `drive` it is the offset.
        """

    @abstractmethod
    def trim(self, layer: int, gain: Floats, offset: Floats) -> None:
        """Correct the edges of a layer: value * gain + offset, both `[n_in, n_out]`."""

    @abstractmethod
    def telemetry(self) -> Telemetry:
        """Query the state of the chip."""

    @abstractmethod
    def close(self) -> None:
        """Leave the chip safe and release it."""

    def begin(self, episode: int) -> None:
        """Start an episode; the noise of a simulated chip is keyed by its number."""
        return

    def give_up(self, reason: str) -> None:
        """Go safe in mid-episode without blocking; a board reports the reason from then on."""
        self.safe()

    def condition(self) -> Condition:
        """Return what is known about the chip, without blocking."""
        return Condition()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def as_inputs(x: Array, inputs: int) -> Floats:
    """Return x as an array `[..., inputs]` of float64; raise a `UserError` for another shape."""
    array = np.asarray(x, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] != inputs:
        raise UserError(f'inputs of shape {array.shape}: the last axis must be {inputs}')
    return array
