"""Inputs that a network really gets: what a calibration's outputs are fitted to."""

import numpy as np

from pkan_control.arrays import Floats
from pkan_control.chips.ideal import IdealChip
from pkan_control.controller.bundle import Bundle
from pkan_control.controller.controller import Controller, OnChip
from pkan_control.rollouts.rollout import Plan, fly_episode
from pkan_control.streams import stream
from pkan_control.tasks.task import Task
from pkan_control.worlds.world import open_world

# What a calibration fits outputs to: so many inputs, from so many flights of this seed.
INPUTS, FLIGHTS, SEED = 200, 4, 2_000_000


def calibration_inputs(task: Task, bundle: Bundle) -> Floats:
    """Return the inputs `[200, n_in]` that a calibration of a controller's chip uses."""
    return real_inputs(Plan(task, FLIGHTS, SEED), bundle, INPUTS)


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
