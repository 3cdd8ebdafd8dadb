"""Nothing gets slower unseen: executed bytecode and calls into C are counted, no time is taken.

Counts hardly differ between machines, with or without compiled layers; a limit is about a fifth
above what was counted. Who makes something faster lowers its limit.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest

from pkan_control.chips.uri import open_chip
from pkan_control.control.controller_file import load_controller_file
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.evaluation.gym import TaskEnvironment
from pkan_control.sim.batched.drone import BatchedDrone
from pkan_control.training.trainable import ChipNoise, TrainableNetwork


def counted(call: Callable[[], Any]) -> int:
    """Return how many instructions of Python a call executes, a call into C counted as ten."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == 'opcode'
        return trace

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += 10 * (event == 'c_call')

    call()
    before = sys.gettrace(), sys.getprofile()
    sys.settrace(trace)
    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    return count


def evaluation(uri: str) -> Callable[[], Any]:
    chip = open_chip(uri)
    chip.program(load_controller_file(shipped_controller('drone_hover')).policy)
    x = np.full(12, 0.5)
    return lambda: chip.evaluate(x, 0.0, 0.02)


def environment_step() -> Callable[[], Any]:
    environment = TaskEnvironment('drone_hover')
    environment.reset(seed=0)
    action = np.zeros(4, np.float32)
    return lambda: environment.step(action)


def batched_step() -> Callable[[], Any]:
    from pkan_control.robots.quadrotor import CRAZYFLIE

    world = BatchedDrone(CRAZYFLIE, 50.0, portable=True)
    state = np.zeros((64, 13))
    state[:, 6] = 1.0
    world.reset(state, np.random.default_rng(0))
    command = np.full((64, 4), CRAZYFLIE.hover_speed)
    return lambda: world.step(command)


def training_step() -> Callable[[], Any]:
    import torch

    network = TrainableNetwork('bandpass', (4, 20, 20, 1), 6, ChipNoise(), 0)
    x, generator = torch.zeros((2, 32, 4)), torch.Generator()
    return lambda: torch.autograd.backward(network.exposed(x, generator).sum())


def flawless_step() -> Callable[[], Any]:
    import torch

    from pkan_control.training.stacked import evaluate, stacked
    from pkan_control.training.trainable import make_ideal

    network, x = stacked([make_ideal('bandpass', (4, 20, 20, 1), 6, 0)]), torch.zeros((1, 32, 4))
    return lambda: torch.autograd.backward(evaluate(network, x).sum())


@pytest.mark.parametrize(
    ('make', 'limit'),
    [
        (lambda: evaluation('ideal:'), 680),
        (lambda: evaluation('sim:?seed=1&preset=typical'), 1100),
        (environment_step, 7700),
        (batched_step, 34500),
        (training_step, 11700),
        (flawless_step, 11800),
    ],
    ids=[
        *('ideal chip', 'simulated chip', 'environment', 'batched world'),
        *('training', 'training without flaws'),
    ],
)
def test_no_more_is_executed_than_before(make: Callable[[], Callable[[], Any]], limit: int):
    count = counted(make())
    assert limit / 2 < count < limit, f'{count} are executed: the limit is {limit}'


def test_a_batch_costs_no_more_calls_than_two_samples():
    many, two = np.full((1000, 12), 0.5), np.full((2, 12), 0.5)
    chip = open_chip('ideal:')
    chip.program(load_controller_file(shipped_controller('drone_hover')).policy)
    assert counted(lambda: chip.evaluate(many, 0, 1)) == counted(lambda: chip.evaluate(two, 0, 1))
