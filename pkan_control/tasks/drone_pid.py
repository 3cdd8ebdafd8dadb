"""The usual cascade of PIDs, tuned: what a tracking controller is compared with.

Position PID to acceleration, attitude P to rates, rates PI to angular acceleration, with the same
velocity and acceleration of the goal fed forward as every other controller gets.
"""

from dataclasses import dataclass

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.rotations import cross, norm, shorten
from pkan_control.control.laws.drone import DroneLaw
from pkan_control.robots.quadrotor import GRAVITY
from pkan_control.tasks.drone_expert import ACCELERATION_LIMIT, K_YAW


@dataclass(frozen=True)
class Gains:
    """Gains of all loops: position 1/s^2, 1/s^3, 1/s; attitude 1/s; rates 1/s, 1/s^2.

    The values are the best of some dozens that were drawn at random, by the mean error on a figure
    of eight at 1.5 m/s and a circle at 2 m/s in the batched world, with motors that lag by 20 ms.
    """

    kp: float = 20.0
    ki: float = 0.55
    kd: float = 10.7
    attitude: float = 5.5
    rate: float = 30.6
    rate_integral: float = 48.8


# How far ahead the cascade looks at the goal's acceleration, tuned with the gains.
PID_TILT_LAG_S = 0.153
# Limits of the integrals, in m/s^2 and rad/s^2.
POSITION_LIMIT, RATE_LIMIT = 3.0, 30.0


class CascadedPid:
    """Takes a network's place; it remembers its integrals."""

    def __init__(self, law: DroneLaw, gains: Gains | None = None) -> None:
        """Make the controller for a law, whose outer loop is best switched off."""
        self._law = law
        self._gains = Gains() if gains is None else gains
        self.begin(0)

    def begin(self, episode: int) -> None:
        """Forget the integrals."""
        self._position = np.zeros(3)
        self._turn = np.zeros(2)

    def __call__(self, observation: Floats, time_s: float) -> Floats:
        """Return outputs `[..., 4]`, normalised, for observations `[..., 12]` in their units."""
        gains, period = self._gains, 1 / self._law.rate_hz
        error, velocity = observation[..., 0:3], observation[..., 3:6]
        up, rate = observation[..., 6:9], observation[..., 9:12]
        self._position = shorten(self._position + gains.ki * period * error, POSITION_LIMIT)
        wanted = shorten(gains.kp * error - gains.kd * velocity, ACCELERATION_LIMIT)
        wanted = wanted + self._position + GRAVITY * up
        tilt = cross(BODY_Z, wanted / norm(wanted))[..., :2]
        off = gains.attitude * tilt - rate[..., :2]
        self._turn = shorten(self._turn + gains.rate_integral * period * off, RATE_LIMIT)
        turn = gains.rate * off + self._turn
        action = np.concatenate([wanted[..., 2:], turn, -K_YAW * rate[..., 2:]], axis=-1)
        return np.asarray(self._law.output.normalise(action))


BODY_Z = np.array([0.0, 0.0, 1.0])
