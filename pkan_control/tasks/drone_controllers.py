"""Reference controllers of a quadrotor: the expert that networks imitate, and cascaded PIDs."""

from dataclasses import dataclass

import numpy as np

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.common.rotations import cross, norm, shorten
from pkan_control.control.laws.drone import DroneLaw
from pkan_control.robots.quadrotor import GRAVITY

# Gains: position 1/s^2, velocity 1/s, attitude 1/s^2, rates 1/s, and a limit on the acceleration
# in m/s^2. The tilt loop keeps its margin at a delay of 40 ms, and on chips whose gain is 40 % too
# high.
KP, KD, K_TILT, K_RATE, K_YAW, ACCELERATION_LIMIT = 16.0, 7.0, 200.0, 22.0, 12.0, 7.0


def drone_expert(observation: Array) -> Array:
    """Return collective and angular accelerations `[..., 4]` for observations `[..., 12]`.

    A cascade of acceleration towards the goal, thrust along the body's z axis, and a torque that
    aligns this axis with the acceleration. All in the units of the drone's law.
    """
    error, velocity = observation[..., 0:3], observation[..., 3:6]
    up, rate = observation[..., 6:9], observation[..., 9:12]
    wanted = shorten(KP * error - KD * velocity, ACCELERATION_LIMIT) + GRAVITY * up
    return tilted(wanted, rate, K_TILT, K_RATE)


def tilted(wanted: Array, rate: Array, k_tilt: float, k_rate: float) -> Array:
    """Return the accelerations `[..., 4]` that align the thrust with a desired one.

    The desired thrust `[..., 3]` in m/s^2 and the rate `[..., 3]` in rad/s are in the body frame.
    """
    xp = namespace(wanted)
    direction = wanted / norm(wanted)
    body_z = xp.concat([0 * wanted[..., :2], 0 * wanted[..., 2:] + 1], axis=-1)
    roll_pitch = k_tilt * cross(body_z, direction)[..., :2] - k_rate * rate[..., :2]
    return xp.concat([wanted[..., 2:3], roll_pitch, -K_YAW * rate[..., 2:]], axis=-1)


@dataclass(frozen=True)
class Gains:
    """Gains of all loops: position 1/s^2, 1/s^3, 1/s; attitude 1/s; rates 1/s, 1/s^2.

    The values are the best of several dozen random draws, by the mean error on a figure of
    eight at 1.5 m/s and a circle at 2 m/s in the batched world, with motors that lag by 20 ms.
    """

    kp: float = 20.0
    ki: float = 0.55
    kd: float = 10.7
    attitude: float = 5.5
    rate: float = 30.6
    rate_integral: float = 48.8


# Lead on the goal's acceleration, tuned with the gains.
PID_TILT_LAG_S = 0.153
# Limits of the integrals, in m/s^2 and rad/s^2.
POSITION_LIMIT, RATE_LIMIT = 3.0, 30.0


class CascadedPid:
    """A cascade of PIDs in the place of a network; its memory is its integrals."""

    def __init__(self, law: DroneLaw, gains: Gains | None = None) -> None:
        """Create the controller for a law, whose outer loop should be switched off."""
        self._law = law
        self._gains = Gains() if gains is None else gains
        self.begin(0)

    def begin(self, episode: int) -> None:
        """Reset the integrals."""
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
