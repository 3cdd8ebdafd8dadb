"""How a scenario's effects go through an episode."""

import numpy as np
import pytest

from pkan_control.robots.quadrotor import CRAZYFLIE
from pkan_control.sim.bullet.drone import BulletDrone
from pkan_control.sim.disturbances import DroneDisturbances, Gusts
from pkan_control.sim.effects import Disturbance
from pkan_control.sim.quadrotor_dynamics import CALM, Conditions

REST = np.array([0, 0, 1000.0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
HOVER = np.full(4, CRAZYFLIE.hover_speed)


def course(seed: int = 0, **effects: Disturbance) -> DroneDisturbances:
    return DroneDisturbances(effects, np.random.default_rng(seed))


def test_without_effects_nothing_differs():
    now = course()(3.0)
    np.testing.assert_array_equal(now.thrust, np.ones(4))
    for name in ('mass', 'payload_kg', 'lag_s', 'gust_n', 'drag', 'ground_effect'):
        assert getattr(now, name) == getattr(CALM, name)
    assert not now.wind_n.any()


@pytest.mark.parametrize(
    ('effect', 'field', 'usual'),
    [
        ('mass', 'mass', 1.0),
        ('payload_kg', 'payload_kg', 0.0),
        ('motor_lag_s', 'lag_s', 0.0),
        ('gust_n', 'gust_n', 0.0),
        ('drag', 'drag', 1.0),
        ('ground_effect', 'ground_effect', 1.0),
    ],
)
def test_an_effect_acts_in_its_time(effect, field, usual):
    flown = course(**{effect: Disturbance((0.7,), 1.0, 2.0)})
    found = [getattr(flown(time), field) for time in (0.98, 1.0, 1.98, 2.0)]
    assert found == [usual, 0.7, 0.7, usual]


def test_wind_and_thrust_act_in_their_time():
    flown = course(wind_n=Disturbance((1.0, 2.0, 3.0), 1.0), thrust=Disturbance((0.8,), to_s=2.0))
    assert not flown(0.5).wind_n.any()
    np.testing.assert_array_equal(flown(1.0).wind_n, [1, 2, 3])
    assert [float(flown(time).thrust[0]) for time in (1.9, 2.0)] == [0.8, 1.0]


def test_a_battery_sags_and_does_not_recover():
    flown = course(battery_sag=Disturbance((0.1,), 1.0, 3.0))
    found = [float(flown(time).thrust[0]) for time in (0.5, 2.0, 3.0, 9.0)]
    np.testing.assert_allclose(found, [1.0, 0.9, 0.8, 0.8])


def test_motors_differ_by_their_spread_and_from_episode_to_episode():
    spread = {'motor_mismatch': Disturbance((0.05,))}
    thrusts = np.array([course(seed, **spread)(0.0).thrust for seed in range(500)])
    assert thrusts.std() == pytest.approx(0.05, rel=0.1)
    assert abs(np.corrcoef(thrusts.T)[0, 1:]).max() < 0.15
    # Gusts beside them leave the motors as they are.
    both = course(7, **spread, gust_n=Disturbance((0.03,)))
    np.testing.assert_array_equal(both(0.0).thrust, thrusts[7])


def test_gusts_have_unit_spread_and_half_a_second_of_memory():
    gusts = Gusts((4000,), 50.0, np.random.default_rng(0))
    first = gusts.next()
    for _ in range(25):
        last = gusts.next()
    assert first.std() == pytest.approx(1, abs=0.05)
    assert last.std() == pytest.approx(1, abs=0.05)
    assert np.mean(first * last) == pytest.approx(np.exp(-1), abs=0.05)


def hovering(conditions, steps: int = 100) -> np.ndarray:
    """Return the states of a drone whose rotors hover, after each step in PyBullet."""
    world = BulletDrone(CRAZYFLIE, 50.0, lambda generator: conditions)
    world.reset(REST, np.random.default_rng(0))
    found = [world.step(HOVER) for _ in range(steps)]
    world.close()
    return np.array(found)


def test_a_payload_is_hung_on_and_dropped_in_flight():
    def loaded(time_s: float) -> Conditions:
        return Conditions(payload_kg=0.027 * (0.5 <= time_s < 1.0))

    speed = hovering(loaded)[:, 9]
    fall = np.diff(speed, prepend=0) * 50
    np.testing.assert_allclose(fall[:25], 0, atol=1e-6)
    # Twice the mass, the same thrust: half of g.
    np.testing.assert_allclose(fall[25:50], -9.81 / 2, rtol=0.06)
    # Drag alone is left.
    assert (abs(fall[51:60]) < 0.6).all()


def test_gusts_shake_and_another_seed_shakes_otherwise():
    def drift(seed: int) -> np.ndarray:
        world = BulletDrone(CRAZYFLIE, 50.0, lambda _: lambda time_s: Conditions(gust_n=0.03))
        world.reset(REST, np.random.default_rng(seed))
        state = [world.step(HOVER) for _ in range(50)][-1]
        world.close()
        return state[7:10]

    assert np.linalg.norm(drift(0)) > 0.05
    assert (drift(0) != drift(1)).all()
    np.testing.assert_array_equal(drift(0), drift(0))
