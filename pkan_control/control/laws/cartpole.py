"""The law of a pole on a cart: the network maps the four states to a force."""

import math
from dataclasses import dataclass

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.control.laws.direct import DirectLaw
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
class CartpoleLaw(DirectLaw):
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

    def observe(self, memory: Array, state: Array, goal: Array) -> tuple[Array, Array]:
        """Return the state `[..., 4]`, with the cart relative to its goal."""
        return memory, namespace(state).concat([state[..., :1] - goal, state[..., 1:]], axis=-1)

    def hold(self, state: Floats) -> Floats:
        """Return the position of the cart."""
        return state[:1]
