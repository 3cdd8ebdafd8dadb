"""Inference of this project's networks, and the direct formula."""

import itertools

import numpy as np
from worker import Work

from pkan_control.chips.uri import open_chip
from pkan_control.common.arrays import Array, Floats
from pkan_control.devices.bandpass import bandpass
from pkan_control.networks.mlp import Mlp
from pkan_control.networks.program import SQUASH_SCALE, Program, squash

PERIOD_S = 0.02


def program_of(shape: list[int], k: int) -> Program:
    """Return a random network's settings."""
    numbers = np.random.default_rng(0)
    layers = [
        bandpass.encode(bandpass.bounded(bandpass.initial(numbers, (a, b, k))))
        for a, b in itertools.pairwise(shape)
    ]
    return Program('bandpass', tuple(layers))


def directly(program: Program, x: Array, physical: list[Array]) -> Array:
    """Return the outputs, every element evaluated at every input: no interpolation."""
    value = x
    for index, elements in enumerate(physical):
        inputs = squash(value, program.squash_scale) if index else value
        value = bandpass.response(inputs[:, :, None, None], elements).sum(-1).sum(1)
    return value


def inputs_of(program: Program, batch: int) -> Floats:
    """Return inputs in [0, 1] of normal observations."""
    observations = np.random.default_rng(1).normal(size=(batch, program.shape[0]))
    x: Floats = squash(observations, SQUASH_SCALE)
    return x


def chip(shape: list[int], k: int, uri: str = 'ideal:', batch: int = 0) -> Work:
    """Return evaluations of a chip: of one input, or of a batch; the error of an ideal chip."""
    program = program_of(shape, k)
    device = open_chip(uri)
    device.program(program)
    x = inputs_of(program, max(batch, 100))
    physical = [bandpass.decode(codes) for codes in program.layers]
    wanted = directly(program, x, physical)
    got = device.evaluate(x, 0.0, PERIOD_S)
    alone = np.array([device.evaluate(row, 0.0, PERIOD_S) for row in x[:100]])
    facts = {
        'error': float(np.abs(got - wanted).max()),
        'rms': float(np.sqrt(np.mean((got - wanted) ** 2))),
        'single_against_batch': float(np.abs(alone - got[:100]).max()),
    }
    fed = x if batch else x[0]
    return Work(lambda: device.evaluate(fed, 0.0, PERIOD_S), max(batch, 1), facts)


def direct(shape: list[int], k: int, batch: int) -> Work:
    """Return evaluations of a batch by the direct formula in torch, single precision."""
    import torch

    torch.set_num_threads(1)
    program = program_of(shape, k)
    x = torch.tensor(inputs_of(program, batch), dtype=torch.float32)
    physical = [
        torch.tensor(bandpass.decode(codes), dtype=torch.float32) for codes in program.layers
    ]
    return Work(lambda: directly(program, x, physical), batch)


def mlp(shape: list[int]) -> Work:
    """Return inferences of one observation by an MLP in NumPy."""
    numbers = np.random.default_rng(0)
    pairs = list(itertools.pairwise(shape))
    weights = tuple(numbers.normal(size=pair) for pair in pairs)
    net = Mlp(weights, tuple(numbers.normal(size=b) for _, b in pairs))
    x = numbers.normal(size=shape[0])
    return Work(lambda: net.evaluate(x))
