"""The interface that every chip has, whether simulated or a board on a wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from pkan_control.common.arrays import Array, Floats
from pkan_control.networks.program import Program

Target = Literal['element', 'edge', 'node']


@dataclass(frozen=True)
class Identity:
    """Who a chip is: kind, unique name, and how long an evaluation takes in seconds."""

    kind: str
    uid: str
    latency_s: float


@dataclass(frozen=True)
class Telemetry:
    """What a chip tells about itself."""

    evaluations: int
    temperature_c: float
    armed: bool
    saturated: int


@dataclass(frozen=True)
class Condition:
    """What is known of a chip without asking it: nothing waits for it, whatever its wire does.

    Temperature in degC, None where it is not known yet; what is wrong, one short text each; and
    what was counted, by name.
    """

    temperature_c: float | None = None
    complaints: tuple[str, ...] = ()
    counters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Index:
    """Which edge or element of a program is meant; a node is `target` of its layer."""

    layer: int
    source: int = 0
    target: int = 0
    element: int = 0


class Chip(Protocol):
    """Holds a program and evaluates it."""

    @property
    def identity(self) -> Identity:
        """Kind, unique name and latency; the latency is that of the loaded program."""

    def program(self, program: Program) -> None:
        """Load a program; a failure leaves the old one in place."""

    def begin(self, episode: int) -> None:
        """Name the episode that starts now: the noise of simulated chips is keyed by it."""

    def arm(self, safe_action: Floats) -> None:
        """Let evaluations reach the outputs; `safe_action[n_out]` is what `safe` returns to."""

    def safe(self) -> None:
        """Put the safe action on the outputs and keep it there until armed again."""

    def give_up(self, why: str) -> None:
        """Do the same in mid-flight, without waiting for long; evaluations say why."""

    def evaluate(self, x: Floats, time_s: float, deadline_s: float) -> Floats:
        """Evaluate inputs `x[..., n_in]` in [0, 1] at a time in seconds: outputs `[..., n_out]`.

        A chip that cannot answer within `deadline_s` raises `TimeoutError`.
        """

    def sweep(
        self, target: Target, index: Index, x: Floats, averages: int, drive: bool = True
    ) -> Floats:
        """Measure one element, edge or node alone at inputs `x[n]`, the mean of some readings."""

    def trim(self, layer: int, gain: Floats, offset: Floats) -> None:
        """Correct the edges of a layer: value * gain + offset, both `[n_in, n_out]`."""

    def telemetry(self) -> Telemetry:
        """Return what the chip tells about itself."""

    def condition(self) -> Condition:
        """Return what is known of the chip, at once."""

    def close(self) -> None:
        """Leave the chip safe and release it."""


def as_inputs(x: Array, inputs: int) -> Floats:
    """Return x as an array `[..., inputs]` of doubles; raise `ValueError` for any other shape."""
    array = np.asarray(x, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] != inputs:
        raise ValueError(f'inputs of shape {array.shape}: the last axis must be {inputs}')
    return array
