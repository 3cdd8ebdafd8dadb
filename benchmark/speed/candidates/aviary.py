"""HoverAviary of gym-pybullet-drones, from a checkout."""

import sys
from pathlib import Path

import numpy as np
from worker import NotHereError, Work

from candidates.stepping import stepping

PHYSICS_HZ, RATE_HZ, EPISODE = 500, 50, 250
CLIMB_S = 1.0


def environment(path: str) -> Work:
    """Return steps with ground effect and drag, commanded by rotor speeds."""
    folder = Path(path).expanduser()
    if not path or not (folder / 'gym_pybullet_drones').is_dir():
        raise NotHereError('no checkout of gym-pybullet-drones: give --gym-pybullet-drones PATH')
    sys.path.insert(0, str(folder))
    from gym_pybullet_drones.envs.HoverAviary import HoverAviary
    from gym_pybullet_drones.utils.enums import Physics

    env = HoverAviary(
        pyb_freq=PHYSICS_HZ, ctrl_freq=RATE_HZ, physics=Physics.PYB_GND_DRAG_DW,
        initial_xyzs=np.array([[0.0, 0.0, 1.0]]),
    )  # fmt: skip
    # An action of 1 is a rotor speed of 1.05 times that of hover.
    hover, faster = np.zeros((1, 4), np.float32), np.ones((1, 4), np.float32)
    env.reset(seed=0)
    for _ in range(round(CLIMB_S * RATE_HZ)):
        observation = env.step(faster)[0]
    climbed = float(observation[0, 2]) - 1.0
    return Work(stepping(env, [hover] * EPISODE), facts={'climbed_m': climbed})
