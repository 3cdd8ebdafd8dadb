"""Forces on a quadrotor, the same for every world: rotors, drag, ground effect."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pkan_control.common.arrays import Array, constant, namespace
from pkan_control.robots.quadrotor import Airframe

# Steps a second of the physics that the robot runs in.
PHYSICS_HZ = 500.0
# Share of the flights in training whose commands come one control period late.
LATE_SHARE = 0.3
# Below this height in rotor radii the ground effect no longer grows.
LOWEST_RADII = 2.0


@dataclass(frozen=True)
class Conditions:
    """What differs from the nominal drone; numbers, or arrays that broadcast over a batch.

    mass is a factor, payload_kg comes on top of it, thrust is a factor per rotor `[..., 4]`,
    lag_s the time constant of the motors (0: none), wind_n a force in the world `[..., 3]`,
    gust_n the spread of what comes and goes beside it; drag and ground_effect are factors. `late`
    tells which drones of a batch get their commands one control period late.
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


def draw_conditions(flights: int, generator: np.random.Generator) -> Conditions:
    """Draw a mass, motors, a lag, wind and gusts for each of a batch of flights.

    Forces are those that a Crazyflie meets, as accelerations; `scaled` makes them another's.
    """
    weak = generator.uniform(0.85, 1.0, (flights, 1))
    return Conditions(
        mass=generator.uniform(0.8, 1.2, (flights, 1)),
        thrust=weak * (1 + 0.03 * generator.standard_normal((flights, 4))),
        lag_s=generator.uniform(0.0, 0.05, (flights, 1)),
        wind_n=0.03 * generator.standard_normal((flights, 3)),
        gust_n=generator.uniform(0.0, 0.03, (flights, 1)),
        late=generator.random((flights, 1)) < LATE_SHARE,
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
    plain numbers do as well as arrays: thrust in N, total rotor speed in rad/s, height above
    ground in m, the three components of the velocity in m/s in the body frame.
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
