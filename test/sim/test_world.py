"""Worlds by name: what one bundles, and what is refused in one line."""

import subprocess
import sys

import numpy as np
import pytest

from pkan_control.common.errors import UserError
from pkan_control.sim.effects import Effect
from pkan_control.sim.world import (
    WORLDS,
    World,
    effects_by_robot,
    open_world,
    pictures_of,
    training_batch,
)
from pkan_control.tasks.task import find_task

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize('name', ['bullet_drone', 'bullet_arm', 'bullet_vehicle'])
def test_a_world_refuses_a_law_without_its_robot(name):
    law = find_task('cartpole').law
    part = {'bullet_drone': 'airframe', 'bullet_arm': 'arm', 'bullet_vehicle': 'car'}[name]
    with pytest.raises(UserError, match=f'law cartpole: has no {part}, which its world needs'):
        open_world(name, law, 10.0)
    with pytest.raises(UserError, match=f'has no {part}'):
        training_batch(name, law, 10.0, 3, GENERATOR)


def test_a_batched_world_trains_in_itself_and_others_need_a_batch():
    law = find_task('cartpole').law
    states = training_batch('cartpole', law, 10.0, 3, GENERATOR).reset(np.zeros((3, 4)), GENERATOR)
    assert states.shape == (3, 4)
    with pytest.raises(UserError, match='world bullet_cartpole: has no batch of robots'):
        training_batch('bullet_cartpole', law, 10.0, 3, GENERATOR)


def test_the_effects_of_a_robot_are_those_of_all_its_worlds(monkeypatch):
    light, heavy = Effect('light', 'kg', 0, 1), Effect('heavy', 'kg', 1, 9)
    worlds = {
        'one': World('rover', lambda *values: None, effects={'light': light}),
        'other': World('rover', lambda *values: None, effects={'heavy': heavy}),
        'calm': World('boat', lambda *values: None),
    }
    monkeypatch.setattr(type(WORLDS), 'names', lambda registry: tuple(worlds))
    monkeypatch.setattr(type(WORLDS), 'find', lambda registry, name: worlds[name])
    assert effects_by_robot() == {'rover': {'light': light, 'heavy': heavy}}


def test_no_engine_is_loaded_before_a_simulation_is_opened():
    code = (
        'import sys; from pkan_control.sim.world import WORLDS\n'
        '[WORLDS.find(name) for name in WORLDS.names()]\n'
        "print({'pybullet', 'torch', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout == 'set()\n'


def drawn(name: str):
    task = find_task(name)
    world = open_world(task.world, task.law, task.rate_hz)
    start = world.reset(task.start(0, 0), np.random.default_rng(0))
    return world, start, pictures_of(task.world, world, task.law, task.rate_hz)


def test_the_cart_is_drawn_where_its_state_is():
    _, _, draw = drawn('cartpole')
    first, moved = (draw(np.array([x, 0, 0.1, 0]), 80, 60) for x in (-0.5, 0.5))
    assert first.shape == (60, 80, 3)
    assert (first != moved).any()
    np.testing.assert_array_equal(draw(np.array([-0.5, 0, 0.1, 0]), 80, 60), first)


def test_to_draw_an_arm_does_not_move_it():
    world, start, draw = drawn('arm_reach')
    assert draw(start, 80, 60).std() > 10
    still = np.zeros(len(start) // 2)
    after = world.step(still)
    other, _, _ = drawn('arm_reach')
    assert other.step(still).tobytes() == after.tobytes()


def test_a_world_without_pictures_is_refused():
    with pytest.raises(UserError, match='no pictures of the world solar'):
        drawn('solar_mppt')
