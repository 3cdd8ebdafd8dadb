"""What drones are taught by: a cascade from position to angular acceleration."""

from pkan_control.common.arrays import Array, namespace
from pkan_control.common.rotations import cross, norm, shorten
from pkan_control.robots.quadrotor import GRAVITY

# Gains: position 1/s^2, velocity 1/s, attitude 1/s^2, rates 1/s, and a limit on the acceleration
# that is asked for in m/s^2. The tilt loop keeps its margin at a delay of 40 ms, and on chips
# whose gain is 40 % too high.
KP, KD, K_TILT, K_RATE, K_YAW, ACCELERATION_LIMIT = 16.0, 7.0, 200.0, 22.0, 12.0, 7.0


def drone_expert(observation: Array) -> Array:
    """Return collective and angular accelerations `[..., 4]` for observations `[..., 12]`.

    A cascade: acceleration towards the goal, thrust along the body's z axis, and a torque that
    turns this axis to where the acceleration points.
    """
    error, velocity = observation[..., 0:3], observation[..., 3:6]
    up, rate = observation[..., 6:9], observation[..., 9:12]
    wanted = shorten(KP * error - KD * velocity, ACCELERATION_LIMIT) + GRAVITY * up
    return tilted(wanted, rate, K_TILT, K_RATE)


def tilted(wanted: Array, rate: Array, k_tilt: float, k_rate: float) -> Array:
    """Return the accelerations `[..., 4]` that turn the thrust to where it is wanted.

    The wanted thrust `[..., 3]` in m/s^2 and the rate `[..., 3]` in rad/s are the body's.
    """
    xp = namespace(wanted)
    direction = wanted / norm(wanted)
    body_z = xp.concat([0 * wanted[..., :2], 0 * wanted[..., 2:] + 1], axis=-1)
    roll_pitch = k_tilt * cross(body_z, direction)[..., :2] - k_rate * rate[..., :2]
    return xp.concat([wanted[..., 2:3], roll_pitch, -K_YAW * rate[..., 2:]], axis=-1)
