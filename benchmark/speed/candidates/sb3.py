"""A policy of stable-baselines3, as its users call it."""

import gymnasium
import numpy as np
import torch
from gymnasium.spaces import Box
from stable_baselines3 import PPO
from worker import Work


class Still(gymnasium.Env):
    """An environment in which nothing happens."""

    def __init__(self, inputs: int, outputs: int) -> None:
        """Take the sizes of observation and action."""
        self.observation_space = Box(-1.0, 1.0, (inputs,), np.float32)
        self.action_space = Box(-1.0, 1.0, (outputs,), np.float32)

    def reset(self, *, seed=None, options=None):
        """Return zeros."""
        return np.zeros(self.observation_space.shape, np.float32), {}

    def step(self, action):
        """Return zeros."""
        return np.zeros(self.observation_space.shape, np.float32), 0.0, False, False, {}


def predict(shape: list[int]) -> Work:
    """Return single predictions of the default policy: hidden layers of 64 with tanh."""
    torch.set_num_threads(1)
    model = PPO('MlpPolicy', Still(shape[0], shape[-1]), device='cpu', seed=0)
    x = np.random.default_rng(0).uniform(-1, 1, shape[0]).astype(np.float32)
    return Work(lambda: model.predict(x, deterministic=True))
