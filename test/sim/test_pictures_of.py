"""Pictures of a state: of a world that draws, or of one that shows another's states."""

import numpy as np
import pytest

from pkan_control.common.errors import UserError
from pkan_control.sim.world import open_world, pictures_of
from pkan_control.tasks.task import find_task


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
