"""PandaReachJoints of panda-gym, at this project's physics and control rates."""

import numpy as np
from panda_gym.envs.panda_tasks import PandaReachEnv
from worker import Work

from candidates.stepping import stepping

PHYSICS_HZ, RATE_HZ, EPISODE = 240, 60, 50


def environment() -> Work:
    """Return steps of the unwrapped environment with joint commands."""
    env = PandaReachEnv(control_type='joints')
    env.sim.timestep, env.sim.n_substeps = 1 / PHYSICS_HZ, PHYSICS_HZ // RATE_HZ
    env.sim.physics_client.setTimeStep(1 / PHYSICS_HZ)
    action = np.zeros(env.action_space.shape, np.float32)
    return Work(stepping(env, [action] * EPISODE))
