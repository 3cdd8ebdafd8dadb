"""A robot that only notes its commands, so that rollouts are tested without physics."""

import numpy as np
import pytest

from pkan_control.tasks.task import find_task


class Pushed:
    """A state `[13]` whose x grows by the mean command; it remembers what was done to it."""

    def __init__(self) -> None:
        self.starts: list[np.ndarray] = []
        self.commands: list[np.ndarray] = []

    def reset(self, state, generator):
        """Note the start."""
        self.starts.append(state)
        self.state = state
        return state

    def step(self, command):
        """Note the command."""
        self.commands.append(command)
        self.state = self.state + np.eye(13)[0] * command.mean()
        return self.state

    def close(self):
        """Do nothing."""


@pytest.fixture
def world() -> Pushed:
    return Pushed()


@pytest.fixture(scope='session')
def task():
    return find_task('drone_hover')
