"""The Gymnasium environment of this project's arm."""

import numpy as np
from worker import NotHereError, Work

from pkan_control.errors import UserError
from pkan_control.rollouts.environment import TaskEnvironment

# Control steps between two resets, which count.
EPISODE = 50


def environment() -> Work:
    """Return steps of `arm_reach`: control at 60 Hz, physics at 240 Hz."""
    try:
        env = TaskEnvironment('arm_reach')
    except UserError as error:
        raise NotHereError(f'not there yet: {error}') from None
    action = np.zeros(env.action_space.shape, np.float32)
    count = 0

    def step() -> None:
        nonlocal count
        if count % EPISODE == 0:
            env.reset(seed=count)
        env.step(action)
        count += 1

    return Work(step)
