"""The law of a pole on a cart: the network maps the four states to a force."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.control.signals import Signal, Terms

# Scale of the network's force in N, and the largest force in that scale.
FORCE_N, MOST = 5.0, 2.0

OBSERVATION = Terms(
    [
        Signal('cart', 'm', 'world', 2.4),
        Signal('cart_speed', 'm/s', 'world', 3.0),
        Signal('pole', 'rad', 'world', 0.418),
        Signal('pole_rate', 'rad/s', 'world', 5.0),
    ]
)
OUTPUT = Terms([Signal('force', 'N', 'world', FORCE_N, clip=MOST)])


@dataclass(frozen=True)
class CartpoleLaw:
    """A state `[..., 4]` is the cart in m and m/s, the pole in rad from upright and in rad/s.

    A goal `[..., 1]` is a position of the cart in m. The command `[..., 1]` is a force on the cart
    in N.
    """

    rate_hz: float = 10.0

    name = 'cartpole'
    state_names = ('cart_m', 'cart_m_s', 'pole_rad', 'pole_rad_s')
    goal_names = ('cart_m',)
    observation = OBSERVATION
    output = OUTPUT
    command = Terms([Signal('force', 'N', 'world', FORCE_N * MOST, clip=1.0)])

    def __post_init__(self) -> None:
        """Raise a `ValueError` for an impossible rate."""
        if not 0 < self.rate_hz < math.inf:
            raise ValueError(f'rate_hz={self.rate_hz!r}: must be positive and finite')

    def start(self, state: Array) -> Array:
        """Return an empty memory, `[..., 0]`."""
        return state[..., :0]

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the state `[..., 4]`, with the cart relative to its goal."""
        return memory, namespace(state).concat([state[..., :1] - goal, state[..., 1:]], axis=-1)

    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the force in N."""
        return memory, action

    def hold(self, state: Floats) -> Floats:
        """Return the position of the cart."""
        return state[:1]

    def safe_command(self) -> Floats:
        """Return a force of 0."""
        return np.zeros(1)

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> 'CartpoleLaw':
        """Return the law whose parameters a JSON object holds."""
        return cls(**values)
