"""Sensors: the true state with noise, drawn for each sample."""

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.rotations import matrix, turn
from pkan_control.control.laws.drone import ATTITUDE, POSITION, RATE, VELOCITY
from pkan_control.robots.quadrotor import GRAVITY
from pkan_control.sim.effects import Effects

# Parts of a drone's state, by the noise on them; an attitude is rotated instead.
PARTS = {
    'position_noise_m': POSITION,
    'velocity_noise_m_s': VELOCITY,
    'rate_noise_rad_s': RATE,
}
ATTITUDE_NOISE = 'attitude_noise_rad'
UP = np.array([0.0, 0.0, GRAVITY])


class Sensors:
    """The sensors of one episode; without effects they measure the true state."""

    def __init__(self, effects: Effects, generator: np.random.Generator, joints: int = 0) -> None:
        """Take the effects, the generator of the noise, and the number of joints.

        The state of a robot with joints begins with their positions and velocities.
        """
        parts = {**PARTS, **joint_parts(joints)}
        self._parts = [(part, effects[name]) for name, part in parts.items() if name in effects]
        self._attitude = effects.get(ATTITUDE_NOISE)
        self._generator = generator

    def read(self, state: Floats, time_s: float) -> Floats:
        """Return the measurement of a state `[..., n]`; call it once for each control step."""
        if not self._parts and self._attitude is None:
            return state
        seen = np.array(state)
        for part, noise in self._parts:
            draw = self._generator.standard_normal(seen[..., part].shape[-1])
            seen[..., part] += noise.value[0] * draw * noise.acts(time_s)
        if self._attitude is not None:
            angle = self._attitude.value[0] * self._generator.standard_normal(3)
            angle = angle * self._attitude.acts(time_s)
            seen[..., ATTITUDE] = turn(seen[..., ATTITUDE], angle)
        return seen


def joint_parts(joints: int) -> dict[str, slice]:
    """Return the parts of an arm's state, by the noise on them."""
    return {
        'joint_noise_rad': slice(0, joints),
        'joint_rate_noise_rad_s': slice(joints, 2 * joints),
    }


def specific_force(state: Floats, before: Floats | None, rate_hz: float) -> Floats:
    """Return the specific force on a body, `[3]` in its frame in m/s^2.

    That of a body at rest is 9.81 m/s^2, upwards. Without a state before, at the beginning of an
    episode, the velocity counts as constant.
    """
    velocity = state[VELOCITY]
    change = np.zeros(3) if before is None else (velocity - before[VELOCITY]) * rate_hz
    rotation: Floats = matrix(state[ATTITUDE])
    felt: Floats = change + np.cross(state[RATE], velocity) + rotation.T @ UP
    return felt
