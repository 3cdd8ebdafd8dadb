"""The base of a law without memory, whose action is its command."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from pkan_control.common.arrays import Array, Floats
from pkan_control.control.signals import Terms


@dataclass(frozen=True)
class DirectLaw:
    """What such laws share; one adds its names and terms as attributes, and `observe`.

    A subclass is a frozen dataclass of its parameters, which are JSON values.
    """

    command: ClassVar[Terms]

    def start(self, state: Array) -> Array:
        """Return no memory, `[..., 0]`."""
        return state[..., :0]

    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the action as the command."""
        return memory, action

    def hold(self, state: Floats) -> Floats | None:
        """Return None: the safe command holds the robot."""
        return None

    def safe_command(self) -> Floats:
        """Return zeros."""
        return np.zeros(len(self.command))

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the law whose parameters a JSON object holds."""
        return cls(**values)
