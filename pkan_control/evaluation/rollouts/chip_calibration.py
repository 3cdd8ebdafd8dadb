"""Calibration of a chip for a controller, with inputs of the controller's own episodes."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from pkan_control.chips.calibration.calibrate import Progress, calibrate
from pkan_control.chips.calibration.calibration import (
    Calibration,
    program_checksum,
    save_calibration,
)
from pkan_control.chips.calibration.sweep_cache import SweepCache
from pkan_control.chips.ideal import IdealChip
from pkan_control.chips.uri import open_chip
from pkan_control.common.arrays import Floats
from pkan_control.common.seeding import stream
from pkan_control.control.controller import Controller, OnChip
from pkan_control.control.controller_file import ControllerFile
from pkan_control.evaluation.rollouts.rollout import Plan, run_episode
from pkan_control.networks.policy import chip_program
from pkan_control.networks.program import Program
from pkan_control.sim.world import open_world
from pkan_control.tasks.options import configured
from pkan_control.tasks.task import Task

# Inputs to which a calibration fits the outputs, the episodes they are drawn from, and their seed.
INPUTS, EPISODES, SEED = 200, 4, 2_000_000


def calibration_inputs(task: Task, controller_file: ControllerFile) -> Floats:
    """Return the inputs `[200, n_in]` that a calibration of a controller's chip uses."""
    return real_inputs(Plan(task, EPISODES, SEED), controller_file, INPUTS)


def real_inputs(plan: Plan, controller_file: ControllerFile, count: int) -> Floats:
    """Return inputs `[count, n_in]` in [0, 1], drawn from episodes on an ideal chip."""
    network = OnChip(controller_file, IdealChip())
    world = open_world(plan.task.world, plan.task.law, plan.task.rate_hz, plan.effects)
    try:
        for number in range(plan.episodes):
            run_episode(plan, world, Controller(controller_file.law, network), number)
    finally:
        world.close()
    draw = stream(plan.seed, 'real inputs').permutation(len(network.recent_inputs))[:count]
    return np.array(network.recent_inputs)[draw]


def analogue(controller_file: ControllerFile) -> Program:
    """Return the program of a controller; raise a `UserError` for one that runs on no chip."""
    return chip_program(controller_file.policy, 'calibrate')


def calibrate_chip(
    controller_file: ControllerFile,
    uri: str,
    name: Callable[[str], Path],
    date: str,
    progress: Progress,
) -> tuple[Path, Calibration]:
    """Calibrate the chip of a URI and write its calibration file.

    `name` makes the path from the chip's uid. Measurements are kept in a cache beside the file
    until that is written, so that an interrupted calibration resumes.
    """
    program = analogue(controller_file)
    inputs = calibration_inputs(
        configured(controller_file.task, law=controller_file.law), controller_file
    )
    with closing(open_chip(uri)) as chip:
        uid = chip.identity.uid
        path = name(uid)
        about = {'uid': uid, 'program': program_checksum(program)}
        cache = SweepCache(path.with_suffix('.sweeps'), about)
        found = calibrate(chip, program, inputs, date, cache, progress)
    save_calibration(path, found)
    cache.remove()
    return path, found
