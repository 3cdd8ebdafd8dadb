"""The compiled quadrotor flies as NumPy's does, and refuses what does not fit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.robots.quadrotor import CRAZYFLIE
from pkan_control.sim.batched import quadrotor_steps as flying
from pkan_control.sim.batched.drone import BatchedDrone
from pkan_control.sim.quadrotor_dynamics import Conditions, draw_conditions
from pkan_control.sim.world import training_batch
from pkan_control.tasks.drone_hover import drone_hover

if not flying.AVAILABLE:
    pytest.skip('installed without a compiler or Python.h', allow_module_level=True)

from pkan_control.sim.batched import _quadrotor

FEW = st.integers(1, 4)


def start(batch, seed):
    """Return states, rotor speeds and commands of a batch."""
    draw = np.random.default_rng(seed)
    states = drone_hover.training_starts(draw, int(np.prod(batch))).reshape(*batch, 13)
    states[..., 2] = draw.uniform(-0.1, 2.0, batch)
    states[..., 10:] += draw.normal(scale=5.0, size=(*batch, 3))
    speeds = CRAZYFLIE.hover_speed * draw.uniform(0.0, 1.2, (2, *batch, 4))
    return states, speeds[0], speeds[1]


def only(conditions, i):
    """Return the conditions of one drone of a batch."""
    arrays = {k: v[i] for k, v in vars(conditions).items() if isinstance(v, np.ndarray)}
    return replace(conditions, **arrays)


@given(st.lists(FEW, max_size=2), st.integers(0, 12), st.booleans(), st.integers(0, 1000))
def test_it_flies_as_numpy_does(batch, steps, disturbed, seed):
    flight = start(tuple(batch), seed)
    conditions = Conditions()
    if disturbed:
        last = batch[-1] if batch else 1
        drawn = draw_conditions(last, np.random.default_rng(seed))
        conditions = replace(drawn, payload_kg=0.004, drag=1.5, ground_effect=0.7)
        conditions = conditions if batch else only(conditions, 0)
    before = [array.copy() for array in flight]
    wanted = flying.fly(CRAZYFLIE, conditions, *flight, steps)
    got = flying.fastest_flight(CRAZYFLIE, conditions, *flight, steps)
    for ours, theirs, like in zip(got, wanted, flight, strict=False):
        assert ours.shape == like.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
    for array, kept in zip(flight, before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_each_drone_flies_as_if_it_were_alone():
    states, speeds, command = start((50,), 1)
    conditions = draw_conditions(50, np.random.default_rng(1))
    together, _ = flying.fastest_flight(CRAZYFLIE, conditions, states, speeds, command, 10)
    for i in range(50):
        own = only(conditions, i)
        flight = (states[i], speeds[i], command[i])
        alone, _ = flying.fastest_flight(CRAZYFLIE, own, *flight, 10)
        np.testing.assert_array_equal(alone, together[i])


def test_a_portable_world_has_the_same_bits_without_it(both_ways):
    code = (
        'import numpy as np; from pkan_control.robots.quadrotor import CRAZYFLIE; '
        'from pkan_control.sim.batched import quadrotor_steps; '
        'from pkan_control.sim.batched.drone import BatchedDrone; '
        'd = np.random.default_rng(0); s = np.zeros((8, 13)); s[:, 6] = 1; '
        's[:, 7:] = d.normal(size=(8, 6)); w = BatchedDrone(CRAZYFLIE, 50.0, portable=True); '
        'w.reset(s, d); c = CRAZYFLIE.hover_speed * d.uniform(0.9, 1.1, (8, 4)); '
        'print(quadrotor_steps.AVAILABLE, *[w.step(c) for _ in range(20)][-1].tobytes())'
    )
    compiled_does, numpy_does = both_ways(code)
    assert compiled_does == numpy_does


def test_training_flies_in_a_portable_world(monkeypatch):
    def refuse(*arguments):
        raise AssertionError('compiled code in training')

    monkeypatch.setattr(flying, '_fly_compiled', refuse)
    generator = np.random.default_rng(0)
    starts = drone_hover.training_starts(generator, 4)
    command = np.full((4, 4), CRAZYFLIE.hover_speed)
    world = training_batch(drone_hover.world, drone_hover.law, 50.0, 4, generator)
    world.reset(starts, generator)
    world.step(command)
    usual = BatchedDrone(CRAZYFLIE, 50.0)
    usual.reset(starts, generator)
    with pytest.raises(AssertionError, match='compiled code'):
        usual.step(command)


def arrays():
    """Return what fits, for three drones."""
    return [np.zeros(shape) for shape in ((29,), (3, 12), (3, 4), (3, 13), (3, 4))]


@pytest.mark.parametrize('place', range(5))
@pytest.mark.parametrize('spoil', [lambda a: a[..., :-1].copy(), lambda a: a.astype(np.float32)])
def test_what_does_not_fit_is_refused(place, spoil):
    taken = arrays()
    _quadrotor.fly(*taken, 1)
    taken[place] = spoil(taken[place])
    with pytest.raises(ValueError, match='do not fit'):
        _quadrotor.fly(*taken, 1)
