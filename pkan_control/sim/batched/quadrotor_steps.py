"""Physics steps of quadrotors in a control period, in NumPy, torch or C.

The integrator is that of PyBullet (semi-implicit Euler at 500 Hz, rotations by the exponential
map), so that both worlds agree. If there was a compiler at installation, `_quadrotor.c` computes
the same up to rounding.
"""

from functools import lru_cache

import numpy as np

from pkan_control.common.arrays import Array, Floats, constant, namespace
from pkan_control.common.rotations import cross, matrix, to_body, to_world, turn
from pkan_control.control.laws.drone import ATTITUDE, POSITION, RATE, VELOCITY
from pkan_control.networks import compiled
from pkan_control.robots.quadrotor import GRAVITY, Airframe
from pkan_control.sim.quadrotor_dynamics import (
    LOWEST_RADII,
    PHYSICS_HZ,
    Conditions,
    force_in_air,
    lagged,
    rotor_wrench,
)

try:
    from pkan_control.sim.batched import _quadrotor
except ImportError:
    AVAILABLE = False
else:
    AVAILABLE = compiled.WANTED

PULL = np.array((0.0, 0.0, -GRAVITY))


def fastest_flight(
    frame: Airframe,
    conditions: Conditions,
    state: Array,
    speeds: Array,
    command: Array,
    steps: int,
) -> tuple[Array, Array]:
    """Return the result of `fly` up to rounding, by compiled code where it applies."""
    takes = AVAILABLE and type(state) is np.ndarray and state.dtype == np.float64
    return (_fly_compiled if takes else fly)(frame, conditions, state, speeds, command, steps)


def fly(
    frame: Airframe,
    conditions: Conditions,
    state: Array,
    speeds: Array,
    command: Array,
    steps: int,
) -> tuple[Array, Array]:
    """Return states `[..., 13]` and rotor speeds `[..., 4]` after physics steps of 2 ms.

    The motors follow a command `[..., 4]` in rad/s.
    """
    rotation = matrix(state[..., ATTITUDE])
    for _ in range(steps):
        speeds = lagged(speeds, command, conditions.lag_s, 1 / PHYSICS_HZ)
        state, rotation = advance(frame, conditions, state, rotation, speeds)
    return state, speeds


def _fly_compiled(
    frame: Airframe,
    conditions: Conditions,
    state: Floats,
    speeds: Floats,
    command: Floats,
    steps: int,
) -> tuple[Floats, Floats]:
    state, speeds = state.copy(), speeds.copy()
    rows = _rows(conditions, state.shape[:-1])
    command = np.ascontiguousarray(np.broadcast_to(command, speeds.shape))
    _quadrotor.fly(_constants(frame), rows, command, state, speeds, steps)
    return state, speeds


@lru_cache(maxsize=8)
def _constants(frame: Airframe) -> Floats:
    """Return the constants of an airframe in the order of the compiled code."""
    aloft = (frame.thrust_coefficient, *frame.drag, frame.ground_effect, frame.rotor_radius)
    around = (LOWEST_RADII, GRAVITY, 1 / PHYSICS_HZ)
    return np.array((*frame.moments, *aloft, *around, *frame.mixing.ravel()))


def _rows(now: Conditions, batch: tuple[int, ...]) -> Floats:
    """Return the conditions of each drone in the order of the compiled code, `[..., 12]`."""
    rows = np.empty((*batch, 12))
    rows[..., :1], rows[..., 1:2], rows[..., 2:6] = now.mass, now.payload_kg, now.thrust
    rows[..., 6:7], rows[..., 7:10] = now.lag_s, now.wind_n
    rows[..., 10:11], rows[..., 11:] = now.drag, now.ground_effect
    return rows


def advance(
    frame: Airframe, conditions: Conditions, state: Array, rotation: Array, speeds: Array
) -> tuple[Array, Array]:
    """Return the states `[..., 13]` after one physics step of 2 ms, and their rotations."""
    xp = namespace(state)
    dt = 1 / PHYSICS_HZ
    force, torque = acting(frame, conditions, state, speeds)
    mass = frame.mass * conditions.mass + conditions.payload_kg
    inertia = constant(np.array(frame.inertia), state) * conditions.mass
    gravity = constant(PULL, state)
    pull = (to_world(rotation, force) + conditions.wind_n) / mass + gravity
    velocity = to_world(rotation, state[..., VELOCITY]) + dt * pull
    rate = state[..., RATE]
    spin = rate + dt * (torque - cross(rate, inertia * rate)) / inertia
    position = state[..., POSITION] + dt * velocity
    spin_world = to_world(rotation, spin)
    attitude = turn(state[..., ATTITUDE], dt * spin_world)
    turned = matrix(attitude)
    parts = [position, attitude, to_body(turned, velocity), to_body(turned, spin_world)]
    return xp.concat(parts, axis=-1), turned


def acting(
    frame: Airframe, conditions: Conditions, state: Array, speeds: Array
) -> tuple[Array, Array]:
    """Return force and torque `[..., 3]` of rotors and air in the body frame, in N and N m."""
    xp = namespace(state)
    mixed, total = rotor_wrench(frame, conditions, speeds)
    velocity = [state[..., i : i + 1] for i in range(VELOCITY.start, VELOCITY.stop)]
    force = force_in_air(frame, conditions, mixed[..., :1], total, state[..., 2:3], velocity)
    return xp.concat(list(force), axis=-1), mixed[..., 1:]
