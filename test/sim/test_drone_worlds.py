"""The drone in PyBullet and in arrays: the same flights, and those that paper can compute."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from pkan_control.common.errors import UserError
from pkan_control.control.laws.drone import DroneLaw
from pkan_control.robots.quadrotor import CRAZYFLIE
from pkan_control.sim.batched.drone import BatchedDrone
from pkan_control.sim.bullet.drone import BulletDrone
from pkan_control.sim.quadrotor_dynamics import (
    CALM,
    Conditions,
    draw_conditions,
    force_in_air,
    lagged,
    rotor_wrench,
)
from pkan_control.sim.world import open_world, training_batch
from pkan_control.tasks.drone_hover import drone_hover

# High enough for the ground to play no role.
HEIGHT = 1000.0
REST = np.array([0, 0, HEIGHT, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], dtype=float)
WORLDS = [BatchedDrone, BulletDrone]
# Calm air draws nothing.
DRAWS = np.random.default_rng(0)
HOVER = np.full(4, CRAZYFLIE.hover_speed)
THRUST = np.array([0.9, 0.95, 0.92, 0.97])


@pytest.fixture
def open_drone():
    """Return what opens worlds, and close them all at the end."""
    opened = []

    def make(kind, conditions=CALM, frame=CRAZYFLIE, rate_hz=50.0):
        given = conditions if kind is BatchedDrone else lambda _: lambda time_s: conditions
        opened.append(kind(frame, rate_hz, given))
        return opened[-1]

    yield make
    for world in opened:
        world.close()


def fly(world, start: np.ndarray, commands: np.ndarray) -> np.ndarray:
    return np.array([world.reset(start, DRAWS), *(world.step(command) for command in commands)])


def commands(seed: int, steps: int = 50) -> np.ndarray:
    return HOVER * np.random.default_rng(seed).normal(1, 0.03, (steps, 4))


VARIED = [
    CALM,
    Conditions(mass=1.2),
    Conditions(thrust=THRUST),
    Conditions(lag_s=0.03),
    Conditions(wind_n=np.array([0.03, -0.02, 0.01])),
    Conditions(0.8, 0.004, THRUST, 0.02, np.array([-0.03, 0.05, 0.0]), drag=3.0),
    Conditions(ground_effect=2.0),
]


@pytest.mark.parametrize('height', [1.5, HEIGHT])
@pytest.mark.parametrize('conditions', VARIED, ids=range(len(VARIED)))
def test_both_worlds_fly_the_same_second(open_drone, conditions, height):
    law, flights = DroneLaw(), []
    start = drone_hover.start(3, int(height))
    start[2] += height - 1.5
    goal = np.array([0, 0, height])
    for kind in WORLDS:
        world = open_drone(kind, conditions)
        state, memory, path = world.reset(start, DRAWS), law.start(start), []
        for _ in range(50):
            memory, observation = law.observe(memory, state, goal)
            state = world.step(law.act(memory, state, drone_hover.expert(observation))[1])
            path.append(state)
        flights.append(np.array(path))
    ours, theirs = flights
    np.testing.assert_allclose(ours[:, :3], theirs[:, :3], atol=1e-6)
    np.testing.assert_allclose(ours[:, 7:], theirs[:, 7:], atol=1e-5)
    overlap = abs((ours[:, 3:7] * theirs[:, 3:7]).sum(axis=1))
    np.testing.assert_allclose(overlap, 1, atol=1e-9)


@pytest.mark.parametrize('kind', WORLDS)
def test_without_rotors_it_falls(open_drone, kind):
    path = fly(open_drone(kind), REST, np.zeros((50, 4)))
    # The integrator moves by the velocity at the end of each of its 500 steps.
    fallen = 9.81 * 0.002**2 * 500 * 501 / 2
    np.testing.assert_allclose(path[-1, :3], [0, 0, HEIGHT - fallen], atol=1e-9)
    np.testing.assert_allclose(path[-1, 7:], [0, 0, -9.81, 0, 0, 0], atol=1e-9)


@pytest.mark.parametrize('kind', WORLDS)
def test_a_fall_does_not_depend_on_the_mass(open_drone, kind):
    heavy = fly(open_drone(kind, Conditions(mass=1.2)), REST, np.zeros((50, 4)))
    np.testing.assert_allclose(heavy, fly(open_drone(kind), REST, np.zeros((50, 4))), atol=1e-9)


@pytest.mark.parametrize('kind', WORLDS)
def test_it_hovers_at_hover_speed(open_drone, kind):
    path = fly(open_drone(kind), REST, np.tile(HOVER, (50, 1)))
    np.testing.assert_allclose(path[-1], REST, atol=1e-7)


@pytest.mark.parametrize('kind', WORLDS)
@pytest.mark.parametrize(('axis', 'faster'), [(0, [2, 3]), (1, [1, 2]), (2, [1, 3])])
def test_rotors_turn_it_about_the_axes_of_its_body(open_drone, kind, axis, faster):
    command = HOVER.copy()
    command[faster] += 10
    command[[i for i in range(4) if i not in faster]] -= 10
    rates = fly(open_drone(kind), REST, command[None])[-1, 10:]
    squares = CRAZYFLIE.thrust_coefficient * command**2
    lever = 0.028 if axis < 2 else CRAZYFLIE.torque_ratio
    torque = lever * (squares[faster].sum() * 2 - squares.sum())
    assert rates[axis] == pytest.approx(0.02 * torque / CRAZYFLIE.inertia[axis], rel=1e-3)
    np.testing.assert_allclose(np.delete(rates, axis), 0, atol=1e-9)


@pytest.mark.parametrize('kind', WORLDS)
def test_wind_pushes_in_the_world_frame(open_drone, kind):
    start = REST.copy()
    start[3:7] = Rotation.from_rotvec([0, 0, np.pi / 2]).as_quat()
    world = open_drone(kind, Conditions(wind_n=np.array([0.027, 0, 0])))
    state = fly(world, start, np.zeros((1, 4)))[-1]
    # A force of 1 m/s^2 forward in the world comes from the left of a drone that faces left.
    np.testing.assert_allclose(state[7:9], [0, -0.02], atol=1e-9)


@pytest.mark.parametrize('kind', WORLDS)
def test_drag_slows_by_rotor_speeds(open_drone, kind):
    start = REST.copy()
    start[7] = 1.0
    state = fly(open_drone(kind), start, np.tile(HOVER, (50, 1)))[-1]
    time_constant = CRAZYFLIE.mass / (CRAZYFLIE.drag[0] * HOVER.sum())
    assert state[7] == pytest.approx(np.exp(-1 / time_constant), rel=1e-3)


@pytest.mark.parametrize('kind', WORLDS)
def test_a_free_spin_keeps_its_angular_momentum(open_drone, kind):
    start = REST.copy()
    start[10:] = [3.0, 2.0, 5.0]
    path = fly(open_drone(kind), start, np.zeros((25, 4)))
    momentum = [
        Rotation.from_quat(state[3:7]).apply(np.array(CRAZYFLIE.inertia) * state[10:])
        for state in path
    ]
    # The integrator is of first order; the vector must not turn with the body.
    size = np.linalg.norm(momentum[0])
    assert np.ptp(path[:, 10]) > 1
    assert np.linalg.norm(np.array(momentum) - momentum[0], axis=1).max() < 0.02 * size


def test_the_engine_keeps_mass_and_inertia_apart(open_drone):
    # A mass set alone makes PyBullet compute the inertia from the collision shape.
    drone = open_drone(BulletDrone, Conditions(mass=1.2))
    drone.reset(REST, DRAWS)
    mass, _, inertia, *_ = drone._client.getDynamicsInfo(drone._body, -1)
    assert mass == pytest.approx(1.2 * 0.027)
    np.testing.assert_allclose(inertia, 1.2 * np.array(CRAZYFLIE.inertia), rtol=1e-12)


@pytest.mark.parametrize('kind', WORLDS)
def test_the_same_start_gives_the_same_flight(open_drone, kind):
    world, start = open_drone(kind, VARIED[-1]), drone_hover.start(0, 0)
    first = fly(world, start, commands(0))
    fly(world, drone_hover.start(0, 1), commands(1))
    np.testing.assert_array_equal(fly(world, start, commands(0)), first)
    np.testing.assert_array_equal(fly(open_drone(kind, VARIED[-1]), start, commands(0)), first)


def test_nothing_of_a_crash_is_left(open_drone):
    world, start = open_drone(BulletDrone), drone_hover.start(0, 0)
    first = fly(world, start, commands(0))
    crash = fly(world, start, np.zeros((100, 4)))
    assert 0 < crash[-1, 2] < 0.1
    np.testing.assert_array_equal(fly(world, start, commands(0)), first)


def test_nothing_of_numbers_that_overflowed_is_left(open_drone):
    world, start = open_drone(BulletDrone), drone_hover.start(0, 0)
    first = fly(world, start, commands(0))
    with np.errstate(invalid='ignore'):
        assert np.isnan(fly(world, start, np.full((2, 4), np.inf))[-1]).all()
    np.testing.assert_array_equal(fly(world, start, commands(0)), first)


def test_two_engines_do_not_meet(open_drone):
    start = drone_hover.start(0, 0)
    alone = fly(open_drone(BulletDrone), start, commands(0))
    one, two = open_drone(BulletDrone), open_drone(BulletDrone)
    states = [one.reset(start, DRAWS)]
    two.reset(start, DRAWS)
    for command in commands(0):
        states.append(one.step(command))
        two.step(np.zeros(4))
    np.testing.assert_array_equal(states, alone)


@pytest.mark.parametrize('kind', WORLDS)
def test_reset_puts_it_where_it_was_told(open_drone, kind):
    start = drone_hover.start(4, 4)
    state = open_drone(kind).reset(start, DRAWS)
    np.testing.assert_allclose(np.delete(state, range(3, 7)), np.delete(start, range(3, 7)))
    assert abs(state[3:7] @ start[3:7]) == pytest.approx(1, abs=1e-12)


def test_a_closed_engine_is_gone():
    world = BulletDrone(CRAZYFLIE, 50.0)
    world.reset(REST, DRAWS)
    world.close()
    with pytest.raises(UserError, match='physics: '):
        world.step(HOVER)


@pytest.mark.parametrize('rate_hz', [50.0, 100.0, 500.0])
def test_a_step_is_one_control_period(open_drone, rate_hz):
    for kind in WORLDS:
        state = fly(open_drone(kind, rate_hz=rate_hz), REST, np.zeros((1, 4)))[-1]
        assert state[9] == pytest.approx(-9.81 / rate_hz)


def test_a_batch_is_each_of_its_flights():
    generator = np.random.default_rng(0)
    conditions = replace(draw_conditions(5, generator), gust_n=0.0)
    starts = drone_hover.training_starts(generator, 5)
    batch = fly(BatchedDrone(CRAZYFLIE, 50.0, conditions), starts, commands(0)[:10, None])
    for i in range(5):
        own = Conditions(
            mass=conditions.mass[i], thrust=conditions.thrust[i], lag_s=conditions.lag_s[i],
            wind_n=conditions.wind_n[i], late=conditions.late[i],
        )  # fmt: skip
        single = fly(BatchedDrone(CRAZYFLIE, 50.0, own), starts[i], commands(0)[:10])
        np.testing.assert_allclose(batch[:, i], single, atol=1e-9)


def test_torch_flies_the_same():
    starts = drone_hover.training_starts(np.random.default_rng(0), 5)
    numpy, tensor = BatchedDrone(CRAZYFLIE, 50.0), BatchedDrone(CRAZYFLIE, 50.0)
    numpy.reset(starts, DRAWS)
    tensor.reset(torch.from_numpy(starts), DRAWS)
    for command in commands(0)[:10]:
        ours = numpy.step(np.tile(command, (5, 1)))
        theirs = tensor.step(torch.from_numpy(np.tile(command, (5, 1))))
    np.testing.assert_allclose(theirs.numpy(), ours, atol=1e-9)


def test_the_ground_lifts_by_the_square_of_its_nearness():
    def lift(height: float) -> float:
        mixed, total = rotor_wrench(CRAZYFLIE, CALM, HOVER)
        acting = force_in_air(CRAZYFLIE, CALM, mixed[0], total[0], height, np.zeros(3))
        np.testing.assert_allclose([*acting[:2], *mixed[1:]], 0, atol=1e-15)
        return acting[2] / (0.027 * 9.81) - 1

    assert lift(0.1) == pytest.approx(11.37 * (0.0231 / 0.4) ** 2)
    assert lift(0.1) == pytest.approx(4 * lift(0.2))
    for height in (0.0, 0.04, -1.0):
        assert lift(height) == pytest.approx(11.37 / 64, rel=1e-12)


def test_motors_follow_with_their_time_constant():
    speeds = np.zeros(4)
    for _ in range(1000):
        speeds = lagged(speeds, HOVER, 0.5, 5e-4)
    np.testing.assert_allclose(speeds, HOVER * (1 - np.exp(-1)), rtol=1e-3)
    np.testing.assert_array_equal(lagged(np.zeros(4), HOVER, 0.0, 2e-3), HOVER)


def test_drawn_conditions_are_those_of_real_drones():
    drawn = draw_conditions(2000, np.random.default_rng(0))
    assert 0.8 <= drawn.mass.min() < 0.81 < 1.19 < drawn.mass.max() <= 1.2
    assert 0 <= drawn.lag_s.min() < 1e-3 < 0.049 < drawn.lag_s.max() <= 0.05
    assert drawn.thrust.mean() == pytest.approx(0.925, abs=0.005)
    assert drawn.wind_n.std() == pytest.approx(0.03, rel=0.05)
    # Most of them can carry themselves with something left.
    reserve = 2.25 * drawn.thrust.mean(axis=1) / drawn.mass[:, 0]
    assert reserve.min() > 1.3


def test_worlds_are_found_by_name(refused):
    law = DroneLaw()
    world = open_world('bullet_drone', law, 50.0)
    np.testing.assert_allclose(world.reset(REST, DRAWS)[:3], REST[:3])
    world.close()
    batch = training_batch('bullet_drone', law, 50.0, 3, np.random.default_rng(0))
    batch.reset(np.tile(REST, (3, 1)), DRAWS)
    # Every flight has conditions of its own.
    assert len(np.unique(batch.step(np.tile(HOVER, (3, 1)))[:, 9])) == 3
    with refused("'moon'", 'bullet_drone'):
        open_world('moon', law, 50.0)
    with refused("'moon'", 'bullet_drone'):
        training_batch('moon', law, 50.0, 1, np.random.default_rng(0))
