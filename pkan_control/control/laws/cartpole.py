"""The law of a pole on a cart: the network sees the four states and says the force."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.control.signals import Signal, Terms

# The network's unit of force in N; so many of them are the most.
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
    """A state is `[..., 4]`: cart in m and m/s, pole in rad from upright and rad/s.

    A goal `[..., 1]` is where the cart shall be, in m. The command `[..., 1]` is a force on the
    cart in N.
    """

    rate_hz: float = 10.0

    name = 'cartpole'
    state_names = ('cart_m', 'cart_m_s', 'pole_rad', 'pole_rad_s')
    goal_names = ('cart_m',)
    observation = OBSERVATION
    output = OUTPUT
    command = Terms([Signal('force', 'N', 'world', FORCE_N * MOST, clip=1.0)])

    def __post_init__(self) -> None:
        """Refuse a rate that is none."""
        if not 0 < self.rate_hz < math.inf:
            raise ValueError(f'rate_hz={self.rate_hz!r}: must be positive and finite')

    def start(self, state: Array) -> Array:
        """Return no memory, `[..., 0]`."""
        return state[..., :0]

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the state `[..., 4]`, the cart as seen from its goal."""
        return memory, namespace(state).concat([state[..., :1] - goal, state[..., 1:]], axis=-1)

    def act(self, memory: Array, state: Array, action: Array) -> tuple[Array, Array]:
        """Return the force in N as it is."""
        return memory, action

    def hold(self, state: Floats) -> Floats:
        """Return where the cart is."""
        return state[:1]

    def safe_command(self) -> Floats:
        """Return no force."""
        return np.zeros(1)

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> 'CartpoleLaw':
        """Return the law whose parameters a JSON object holds."""
        return cls(**values)
