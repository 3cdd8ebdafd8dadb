"""Inputs that a network really gets: what a calibration's outputs are fitted to."""

import numpy as np

from pkan_control.arrays import Floats
from pkan_control.chips.ideal import IdealChip
from pkan_control.controller.bundle import Bundle
from pkan_control.controller.controller import Controller, OnChip
from pkan_control.errors import UserError
from pkan_control.mlp import Mlp
from pkan_control.network import squash
from pkan_control.rollouts.rollout import Plan, fly_episode
from pkan_control.streams import stream
from pkan_control.worlds.world import open_world

EPISODES = 4


class Listener(OnChip):
    """A network on a chip that remembers what it was asked."""

    def __init__(self, bundle: Bundle, chip: IdealChip) -> None:
        """Load the network."""
        super().__init__(bundle, chip)
        self.heard: list[Floats] = []

    def __call__(self, observation: Floats, time_s: float) -> Floats:
        """Evaluate, and remember the inputs `[n_in]` in [0, 1]."""
        self.heard.append(squash(self._terms.normalise(observation), self._scale))
        return super().__call__(observation, time_s)


def real_inputs(plan: Plan, bundle: Bundle, count: int) -> Floats:
    """Return inputs `[count, n_in]`, drawn from flights of the controller on a flawless chip."""
    if isinstance(bundle.program, Mlp):
        raise UserError('an MLP runs on no chip: there is nothing to calibrate')
    listener = Listener(bundle, IdealChip())
    world = open_world(plan.task.world, plan.task.law, plan.task.rate_hz, plan.effects)
    try:
        for number in range(EPISODES):
            fly_episode(plan, world, Controller(bundle.law, listener), number)
    finally:
        world.close()
    draw = stream(plan.seed, 'real inputs').permutation(len(listener.heard))[:count]
    return np.array(listener.heard)[draw]
