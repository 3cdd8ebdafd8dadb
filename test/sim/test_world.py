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
