"""Inputs that a network really gets: what a calibration's outputs are fitted to."""

import numpy as np

from pkan_control.arrays import Floats
from pkan_control.chips.ideal import IdealChip
from pkan_control.controller.bundle import Bundle
from pkan_control.controller.controller import Controller, OnChip
from pkan_control.rollouts.rollout import Plan, fly_episode
from pkan_control.streams import stream
from pkan_control.worlds.world import open_world


def real_inputs(plan: Plan, bundle: Bundle, count: int) -> Floats:
    """Return inputs `[count, n_in]` in [0, 1], drawn from flights on a flawless chip."""
    network = OnChip(bundle, IdealChip())
    world = open_world(plan.task.world, plan.task.law, plan.task.rate_hz, plan.effects)
    try:
        for number in range(plan.episodes):
            fly_episode(plan, world, Controller(bundle.law, network), number)
    finally:
        world.close()
    draw = stream(plan.seed, 'real inputs').permutation(len(network.heard))[:count]
    return np.array(network.heard)[draw]
