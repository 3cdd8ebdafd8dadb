"""Noise of sensors: of the right size, at the right time, the same for the same seed."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pkan_control.common.seeding import stream
from pkan_control.evaluation.rollouts.sensors import Sensors
from pkan_control.sim.effects import Disturbance

STATE = np.array([1, 2, 3, 0.1, 0.2, 0.3, np.sqrt(0.86), 4, 5, 6, 7, 8, 9])
PARTS = {
    'position_noise_m': range(3),
    'velocity_noise_m_s': range(7, 10),
    'rate_noise_rad_s': range(10, 13),
}


def read(effects, times, seed=0) -> np.ndarray:
    sensors = Sensors(effects, stream(seed, 'sensors', 0))
    return np.array([sensors.read(STATE, time) for time in times])


def test_without_effects_they_tell_the_truth():
    assert (read({}, [0.0, 1.0]) == STATE).all()


@pytest.mark.parametrize('name', PARTS)
def test_noise_is_as_large_as_said_and_where_it_belongs(name):
    off = read({name: Disturbance((0.5,))}, np.zeros(4000)) - STATE
    noisy = list(PARTS[name])
    np.testing.assert_allclose(off[:, noisy].std(axis=0), 0.5, rtol=0.05)
    np.testing.assert_allclose(off[:, noisy].mean(axis=0), 0, atol=0.03)
    assert not np.delete(off, noisy, axis=1).any()


def test_attitudes_are_turned():
    seen = read({'attitude_noise_rad': Disturbance((0.05,))}, np.zeros(4000))
    quaternions = seen[:, 3:7]
    np.testing.assert_allclose(np.linalg.norm(quaternions, axis=1), 1, atol=1e-12)
    true = Rotation.from_quat(STATE[3:7]).inv()
    off = (true * Rotation.from_quat(quaternions)).as_rotvec()
    np.testing.assert_allclose(off.std(axis=0), 0.05, rtol=0.05)
    assert (np.delete(seen, range(3, 7), axis=1) == np.delete(STATE, range(3, 7))).all()


def test_noise_comes_and_goes_without_changing_what_is_drawn():
    times = np.arange(0, 3, 0.5)
    always = read({'position_noise_m': Disturbance((1.0,))}, times)
    some = read({'position_noise_m': Disturbance((1.0,), 1.0, 2.0)}, times)
    acts = (times >= 1) & (times < 2)
    assert (some[acts] == always[acts]).all()
    assert (some[~acts] == STATE).all()


def test_the_same_seed_draws_the_same():
    effects = {name: Disturbance((0.1,)) for name in (*PARTS, 'attitude_noise_rad')}
    assert (read(effects, [0, 1]) == read(effects, [0, 1])).all()
    assert (read(effects, [0, 1])[:, :3] != read(effects, [0, 1], seed=1)[:, :3]).all()
