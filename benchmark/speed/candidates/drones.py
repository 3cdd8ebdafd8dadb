"""Worlds and environments of this project's drone."""

from pathlib import Path

import numpy as np
import pybullet
import pybullet_data
from numpy.typing import NDArray
from worker import Work

from candidates.stepping import stepping
from pkan_control.common.arrays import Floats
from pkan_control.common.files import share
from pkan_control.evaluation.gym import TaskEnvironment
from pkan_control.robots.quadrotor import CRAZYFLIE, GRAVITY
from pkan_control.sim.batched.drone import BatchedDrone
from pkan_control.sim.bullet.drone import BulletDrone
from pkan_control.sim.quadrotor_dynamics import PHYSICS_HZ
from pkan_control.tasks.drone_hover import drone_hover

RATE_HZ = 50.0
# Control steps between two resets, which count.
EPISODE = 250
# Rotor speed over that of hover, in every check, and how long.
FASTER, CLIMB_S = 1.05, 1.0


def level(batch: tuple[int, ...] = ()) -> Floats:
    """Return a drone 1 m above the floor, level and at rest."""
    state = np.zeros((*batch, 13))
    state[..., 2] = state[..., 6] = 1.0
    return state


def climbed() -> float:
    """Return how far the drone in PyBullet climbs in `CLIMB_S`, in m."""
    world = BulletDrone(CRAZYFLIE, RATE_HZ)
    world.reset(level(), np.random.default_rng(0))
    command = np.full(4, FASTER * CRAZYFLIE.hover_speed)
    for _ in range(round(CLIMB_S * RATE_HZ)):
        state = world.step(command)
    world.close()
    return float(state[2] - 1.0)


def environment() -> Work:
    """Return steps of the Gymnasium environment, its law included, and what it begins anew."""
    env = TaskEnvironment('drone_hover', normalise_actions=False)
    return Work(stepping(env, flown(env, EPISODE)), facts={'climbed_m': climbed()})


def flown(env: TaskEnvironment, steps: int) -> list[NDArray[np.float32]]:
    """Return the actions by which the expert flies: with none it would soon lie still."""
    observation, _ = env.reset(seed=0)
    law, actions = drone_hover.law, []
    for _ in range(steps):
        seen = law.observation.denormalise(observation.astype(np.float64))
        actions.append(law.output.normalise(drone_hover.expert(seen)).astype(np.float32))
        observation, *_ = env.step(actions[-1])
    return actions


def world() -> Work:
    """Return control steps of one drone in PyBullet, without law or environment."""
    one = BulletDrone(CRAZYFLIE, RATE_HZ)
    one.reset(level(), np.random.default_rng(0))
    command = np.full(4, CRAZYFLIE.hover_speed)
    return Work(lambda: one.step(command), facts={'climbed_m': climbed()})


def batched(batch: int, device: str = 'cpu') -> Work:
    """Return control steps of many drones; with CUDA in torch, single precision."""
    many = BatchedDrone(CRAZYFLIE, RATE_HZ)
    command, start = np.full((batch, 4), CRAZYFLIE.hover_speed), level((batch,))
    if device != 'cpu':
        import torch

        command, start = (
            torch.tensor(a, dtype=torch.float32, device=device) for a in (command, start)
        )
    many.reset(start, np.random.default_rng(0))
    for _ in range(round(CLIMB_S * RATE_HZ)):
        state = many.step(FASTER * command)
    height = float(state[0, 2])
    many.reset(start, np.random.default_rng(0))

    def step() -> None:
        many.step(command)
        if device != 'cpu':
            torch.cuda.synchronize()

    return Work(step, batch, {'climbed_m': height - 1.0})


def bare() -> Work:
    """Return as many steps of PyBullet as one control step has, and nothing else."""
    client = pybullet.connect(pybullet.DIRECT)
    pybullet.setTimeStep(1 / PHYSICS_HZ, physicsClientId=client)
    pybullet.setGravity(0, 0, -GRAVITY, physicsClientId=client)
    plane = str(Path(pybullet_data.getDataPath()) / 'plane.urdf')
    pybullet.loadURDF(plane, physicsClientId=client)
    pybullet.loadURDF(str(share('urdf/quadrotor.urdf')), [0, 0, 1000], physicsClientId=client)

    def step() -> None:
        for _ in range(round(PHYSICS_HZ / RATE_HZ)):
            pybullet.stepSimulation(physicsClientId=client)

    return Work(step)
