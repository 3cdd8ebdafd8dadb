"""The car in PyBullet and in arrays: the same drives, and those that paper can compute."""

import math

import numpy as np
import pytest
import torch

from pkan_control.sim.batched.vehicle import BatchedVehicle
from pkan_control.sim.disturbances import CarConditions, CarDisturbances, draw_car_conditions
from pkan_control.sim.effects import Disturbance
from pkan_control.sim.world import find_world, open_world, training_batch
from pkan_control.tasks.vehicle_track import states_at, vehicle_track

CAR, LAW = vehicle_track.car, vehicle_track.law
START = states_at(np.array([[0.0, 0.0, 0.3, 1.5]]))[0]


def bullet(**effects: float):
    disturbed = {name: Disturbance((value,)) for name, value in effects.items()}
    return open_world('bullet_vehicle', LAW, 50.0, disturbed)


def drive(world, commands, start=START) -> np.ndarray:
    states = [world.reset(start, np.random.default_rng(0))]
    states += [world.step(np.array(command)) for command in commands]
    world.close()
    return np.array(states)


def test_both_worlds_drive_the_same_way():
    commands = [(0.25 * math.sin(step / 15), 1.5) for step in range(100)]
    real, model = drive(bullet(), commands), drive(BatchedVehicle(CAR, 50.0), commands)
    assert np.linalg.norm(real[:, :2] - model[:, :2], axis=1).max() < 0.08
    assert abs(real[20:, 7] - model[20:, 7]).max() < 0.1


def test_a_steered_car_goes_in_its_circle():
    angle = 0.25
    states = drive(bullet(), [(angle, 1.0)] * 200)[100:]
    turned = states[:, 12] / states[:, 7]
    assert turned.mean() == pytest.approx(math.tan(angle) / CAR.wheelbase, rel=0.06)
    assert abs(states[:, 2]).max() < 0.01


def test_little_friction_lets_a_fast_car_slide():
    commands = [(0.3, 3.0)] * 150
    dry, wet = (drive(bullet(friction=f), commands)[-1, 12] for f in (1.0, 0.3))
    assert wet < 0.7 * dry
    model = drive(BatchedVehicle(CAR, 50.0, CarConditions(friction=0.24)), commands)[-1]
    assert model[12] == pytest.approx(0.24 * 9.81 / model[7], rel=0.05)


def test_steering_lags_and_stands_off():
    straight = [(0.0, 1.5)] * 100
    assert drive(bullet(steering_offset_rad=0.1), straight)[-1, 12] > 0.3
    turn = [(0.3, 1.5)] * 10
    quick, slow = (drive(bullet(steering_lag_s=lag), turn)[-1, 12] for lag in (0.01, 0.3))
    assert slow < 0.5 * quick


def test_a_payload_weighs_and_is_put_down_again():
    world = open_world('bullet_vehicle', LAW, 50.0, {'payload_kg': Disturbance((2.0,), 0.1, 0.2)})
    world.reset(START, np.random.default_rng(0))
    masses = []
    for _ in range(12):
        world.step(np.array([0.0, 1.5]))
        info = world._client.getDynamicsInfo(world._body, 1)
        masses.append((info[0], *info[2]))
    world.close()
    assert masses[0] == masses[-1]
    assert masses[7] == pytest.approx([4.0 + 2.0, *(1.5 * m for m in masses[0][1:])])


def test_a_road_that_changes_is_drawn_once_for_an_episode():
    effects = {'friction': Disturbance((0.5,)), 'friction_spread': Disturbance((0.2,))}

    def frictions(seed: int) -> list[float]:
        course = CarDisturbances(effects, 50.0, np.random.default_rng(seed))
        return [float(course.next(step / 50).friction) for step in range(500)]

    assert frictions(0) == frictions(0) != frictions(1)
    found = np.array([frictions(seed) for seed in range(20)])
    assert found.mean() == pytest.approx(0.4, abs=0.02)
    assert found.std() == pytest.approx(0.08, rel=0.2)


def test_the_last_episode_leaves_nothing():
    world = bullet(friction_spread=0.3)
    ends = []
    for _ in range(2):
        state = world.reset(START, np.random.default_rng(5))
        for _ in range(30):
            state = world.step(np.array([0.2, 2.0]))
        ends.append(state)
    world.close()
    np.testing.assert_array_equal(*ends)


def test_torch_drives_the_same_cars():
    conditions = draw_car_conditions(4, np.random.default_rng(0))
    as_torch = CarConditions(**{
        name: torch.asarray(getattr(conditions, name))
        for name in ('friction', 'steering_lag_s', 'steering_offset_rad', 'late')
    })  # fmt: skip
    starts = vehicle_track.training_starts(np.random.default_rng(1), 4)
    numpy_world = BatchedVehicle(CAR, 50.0, conditions)
    torch_world = BatchedVehicle(CAR, 50.0, as_torch)
    numpy_world.reset(starts, np.random.default_rng(0))
    torch_world.reset(torch.asarray(starts), np.random.default_rng(0))
    command = np.tile([0.2, 2.0], (4, 1))
    for _ in range(20):
        state = numpy_world.step(command)
        same = torch_world.step(torch.asarray(command))
    np.testing.assert_allclose(state, same.numpy(), atol=1e-12)


def test_training_meets_a_fleet_of_different_cars():
    world = training_batch('bullet_vehicle', LAW, 50.0, 64, np.random.default_rng(0))
    starts = vehicle_track.training_starts(np.random.default_rng(0), 64)
    world.reset(np.repeat(starts[:1], 64, axis=0), np.random.default_rng(0))
    for _ in range(20):
        state = world.step(np.tile([0.3, 2.0], (64, 1)))
    assert np.ptp(state[:, 12]) > 0.1


def test_cars_of_a_study_are_those_of_their_episodes():
    effects = {'friction': Disturbance((0.5,)), 'friction_spread': Disturbance((0.3,))}
    world = find_world('bullet_vehicle').study(LAW, 50.0, effects)
    world.reset(np.tile(START, (3, 2, 1)), [np.random.default_rng(seed) for seed in (0, 1)])
    for _ in range(40):
        states = world.step(np.tile([0.4, 2.5], (3, 2, 1)))
    np.testing.assert_array_equal(states[0], states[2])
    assert (states[0, 0] != states[0, 1]).any()
