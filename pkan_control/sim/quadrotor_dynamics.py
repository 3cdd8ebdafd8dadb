"""Forces on a quadrotor, the same for every world: rotors, drag, ground effect."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pkan_control.common.arrays import Array, constant, namespace
from pkan_control.robots.quadrotor import Airframe

# Rate of the physics steps.
PHYSICS_HZ = 500.0
# Share of the episodes in training with commands that arrive one control period late.
LATE_SHARE = 0.3
# Height in rotor radii below which the ground effect is constant.
LOWEST_RADII = 2.0


@dataclass(frozen=True)
class Conditions:
    """Deviations from the nominal drone; numbers, or arrays that broadcast over a batch.

    Attributes:
        mass: factor on mass and inertia
        payload_kg: mass at the centre, on top of that
        thrust: factor on the thrust of each rotor, `[..., 4]`
        lag_s: time constant of the motors; 0 for none
        wind_n: force in the world, `[..., 3]` in N
        gust_n: standard deviation of the gusts on each axis
        drag: factor on the drag
        ground_effect: factor on the ground effect
        late: which drones of a batch get their commands one control period late
    """

    mass: Array = 1.0
    payload_kg: Array = 0.0
    thrust: Array = 1.0
    lag_s: Array = 0.0
    wind_n: Array = 0.0
    gust_n: Array = 0.0
    drag: Array = 1.0
    ground_effect: Array = 1.0
    late: Array = False


CALM = Conditions()


def draw_conditions(drones: int, generator: np.random.Generator) -> Conditions:
    """Draw mass, motors, lag, wind and gusts for each Crazyflie of a batch."""
    weak = generator.uniform(0.85, 1.0, (drones, 1))
    return Conditions(
        mass=generator.uniform(0.8, 1.2, (drones, 1)),
        thrust=weak * (1 + 0.03 * generator.standard_normal((drones, 4))),
        lag_s=generator.uniform(0.0, 0.05, (drones, 1)),
        wind_n=0.03 * generator.standard_normal((drones, 3)),
        gust_n=generator.uniform(0.0, 0.03, (drones, 1)),
        late=generator.random((drones, 1)) < LATE_SHARE,
    )


def rotor_wrench(frame: Airframe, conditions: Conditions, speeds: Array) -> tuple[Array, Array]:
    """Return thrust and body torque `[..., 4]` in N and N m of rotors, and the sum of speeds.

    A rotor's thrust is `k w^2`; speeds `[..., 4]` in rad/s, their sum `[..., 1]`.
    """
    xp = namespace(speeds)
    thrusts = speeds * speeds * (frame.thrust_coefficient * conditions.thrust)
    mixed = thrusts @ constant(frame.mixing.T, speeds)
    return mixed, xp.sum(speeds, axis=-1, keepdims=True)


def force_in_air(
    frame: Airframe,
    conditions: Conditions,
    thrust: Array,
    total: Array,
    height: Array,
    velocity: Sequence[Array],
) -> tuple[Array, Array, Array]:
    """Return the force x, y, z in N in the body frame: thrust with ground effect, and drag.

    Ground effect `T (1 + G (r / 4h)^2)`, drag `-c * total * v`. Only operators are used, so that
    the arguments are plain numbers or arrays.

    Args:
        frame: the quadrotor
        conditions: factors on drag and ground effect
        thrust: of all rotors, in N
        total: sum of the rotor speeds in rad/s
        height: above ground, in m
        velocity: its three components in the body frame in m/s
    """
    lowest = LOWEST_RADII * frame.rotor_radius
    clear = (height + lowest + abs(height - lowest)) / 2
    ground = frame.ground_effect * conditions.ground_effect
    reflected = ground * (frame.rotor_radius / 4) ** 2 / (clear * clear)
    slowing = -conditions.drag * total
    (x, y, z), (ahead, left, up) = frame.drag, velocity
    return x * slowing * ahead, y * slowing * left, z * slowing * up + thrust * (1 + reflected)


def lagged(speeds: Array, command: Array, lag_s: Array, dt: float) -> Array:
    """Return rotor speeds after `dt` of a first-order motor with time constant `lag_s`."""
    return speeds + (command - speeds) * (dt / (dt + lag_s))
