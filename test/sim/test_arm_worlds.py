"""The arm's worlds: they agree and forget, and torques do what velocities do."""

from dataclasses import replace

import numpy as np
import pytest

from pkan_control.robots.arm import load_arm
from pkan_control.sim.batched.arm import BatchedArm
from pkan_control.sim.effects import Disturbance
from pkan_control.sim.world import open_world, training_batch
from pkan_control.tasks.arm_reach import arm_reach

START = arm_reach.start(0, 0)
COMMANDS = 0.3 * np.sin(np.arange(60)[:, None] / 20 + np.arange(7))


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def moved(world, commands=COMMANDS, start=START) -> np.ndarray:
    states = [world.reset(start, generator())]
    return np.array(states + [world.step(command) for command in commands])


@pytest.fixture
def open_arm():
    worlds = []

    def opened(law=arm_reach.law, **effects):
        acting = {name: Disturbance(value) for name, value in effects.items()}
        worlds.append(open_world('bullet_arm', law, 60.0, acting))
        return worlds[-1]

    yield opened
    for world in worlds:
        world.close()


def test_joints_follow_their_commands_as_in_the_batched_world(open_arm):
    real, ideal = moved(open_arm()), moved(BatchedArm(arm_reach.law, 60.0))
    np.testing.assert_allclose(real[:, :7], ideal[:, :7], atol=1e-6)
    np.testing.assert_allclose(real[1:, 7:], COMMANDS, atol=1e-6)


def test_nothing_of_an_episode_is_left_in_the_next(open_arm):
    world = open_arm(payload_kg=(1.0,))
    first = moved(world)
    moved(world, -3 * COMMANDS)
    np.testing.assert_array_equal(moved(world), first)
    np.testing.assert_array_equal(moved(open_arm(payload_kg=(1.0,))), first)


def test_a_payload_weighs_only_as_long_as_it_hangs(open_arm):
    law = replace(arm_reach.law, arm=load_arm('panda_torque'))
    still = np.zeros((60, 7))
    hanging = {'payload_kg': Disturbance((3.0,), 0.2, 0.4)}
    world = open_world('bullet_arm', law, 60.0, hanging)
    states = moved(world, still)
    world.close()
    free = moved(open_arm(law), still)
    apart = np.abs(states - free)[:, 7:].max(axis=1)
    assert apart[:13].max() < 1e-9
    assert apart[13:20].max() > 0.02
    assert apart[-1] < 0.1 * apart[13:30].max()


def test_torques_make_joints_follow_as_velocities_do(open_arm):
    law = replace(arm_reach.law, arm=load_arm('panda_torque'))
    states = moved(open_arm(law))
    assert np.abs(states[10:, 7:] - COMMANDS[9:]).max() < 0.03
    loaded = moved(open_arm(law, payload_kg=(1.0,)))
    assert np.abs(loaded[30:, 7:] - COMMANDS[29:]).max() < 0.05


def test_a_push_reaches_the_tool(open_arm):
    law = replace(arm_reach.law, arm=load_arm('panda_torque'))
    still = np.zeros((10, 7))
    pushed = moved(open_arm(law, push_n=(0.0, 20.0, 0.0)), still)
    calm = moved(open_arm(law), still)
    reached = arm_reach.position(pushed[-1]) - arm_reach.position(calm[-1])
    assert reached[1] > 3 * np.abs(reached[[0, 2]]).max() / 2
    assert reached[1] > 1e-3


def test_batched_joints_stop_at_their_limits():
    law = arm_reach.law
    world = BatchedArm(law, 60.0)
    states = moved(world, np.full((600, 3, 7), 1.0), np.tile(START, (3, 1)))
    np.testing.assert_allclose(states[-1, :, :7], np.tile(law.arm.high, (3, 1)))
    np.testing.assert_array_equal(states[-1, :, 7:], 0)


def test_some_of_the_arms_in_training_are_late():
    world = training_batch('bullet_arm', arm_reach.law, 60.0, 100, generator())
    world.reset(np.tile(START, (100, 1)), generator())
    first = world.step(np.full((100, 7), 0.5))
    late = (first[:, 7:] == 0).all(axis=1)
    assert 15 < late.sum() < 45
    assert (world.step(np.full((100, 7), 0.5))[:, 7:] == 0.5).all()


def test_a_model_that_is_no_robot_is_refused(tmp_path, refused):
    path = tmp_path / 'broken.urdf'
    path.write_text('<robot name="r"/>')
    arm = replace(arm_reach.arm, model=str(path))
    with refused('PyBullet cannot load it'):
        open_world('bullet_arm', arm_reach.law.with_arm(arm), 60.0)
