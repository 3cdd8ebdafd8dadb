"""The smallest law there is, for a controller of which only the link matters."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pkan_control.common.arrays import Array, Floats
from pkan_control.control.controller_file import ControllerFile
from pkan_control.control.signals import Signal, Terms
from pkan_control.networks.program import Program

RATE_HZ = 50.0


@dataclass(frozen=True)
class SmallLaw:
    """Two numbers go to the network as they are, two come out of it."""

    name = 'soak'
    rate_hz = RATE_HZ
    state_names = ('sine', 'cosine')
    goal_names = ('nothing',)
    observation = Terms([Signal('sine', '1', ''), Signal('cosine', '1', '')])
    output = Terms([Signal('a', '1', ''), Signal('b', '1', '')])
    command = Terms([Signal('a', '1', ''), Signal('b', '1', '')])

    def start(self, state: Array) -> Array:
        """Remember nothing."""
        return state[..., :0]

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the state."""
        return memory, state

    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the action, which is small enough for every limit."""
        return memory, action / 10

    def hold(self, state: Floats) -> None:
        """Hold nothing."""

    def safe_command(self) -> Floats:
        """Return zeros."""
        return np.zeros(2)

    def to_json(self) -> dict[str, Any]:
        """Return no parameters."""
        return {}


LAW = SmallLaw()


def controller_file() -> ControllerFile:
    """Return the controller."""
    # Gain and capacitors of the elements that leave one input, and those that leave the other.
    rows = [[100, 40, 50, 60, 70], [50, 90, 80, 70, 60]]
    layer = np.repeat(np.array(rows, dtype=np.int16)[:, None, None], 2, axis=1)
    return ControllerFile('soak', LAW, RATE_HZ, Program('bandpass', (layer,)))
