"""Random programs of both devices, some of their elements disconnected."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from pkan_control.devices.element import find_device
from pkan_control.networks.program import Program


@pytest.fixture(scope='session')
def random_program() -> Callable[..., Program]:
    def make(device: str, shape: tuple[int, ...], k: int = 3, seed: int = 0) -> Program:
        kind, numbers = find_device(device), np.random.default_rng(seed)
        layers = []
        for edges in itertools.pairwise(shape):
            codes = kind.encode(kind.bounded(kind.initial(numbers, (*edges, k))))
            codes[..., kind.codes.index('gain')] *= numbers.random((*edges, k)) < 0.9
            layers.append(codes)
        return Program(device, tuple(layers))

    return make
