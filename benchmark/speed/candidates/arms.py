"""The Gymnasium environment of this project's arm."""

import numpy as np
from worker import NotHereError, Work

from candidates.stepping import stepping
from pkan_control.common.errors import UserError
from pkan_control.evaluation.gym import TaskEnvironment

# Control steps between two resets, which count.
EPISODE = 50


def environment() -> Work:
    """Return steps of `arm_reach`: control at 60 Hz, physics at 240 Hz."""
    try:
        env = TaskEnvironment('arm_reach')
    except UserError as error:
        raise NotHereError(f'not there yet: {error}') from None
    action = np.zeros(env.action_space.shape, np.float32)
    return Work(stepping(env, [action] * EPISODE))
