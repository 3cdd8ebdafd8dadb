"""A small program, real inputs for it, and chips that are calibrated once for all tests."""

import numpy as np
import pytest

from pkan_control.chips.calibration.calibrate import calibrate
from pkan_control.chips.calibration.sweep_cache import SweepCache
from pkan_control.chips.uri import open_chip

DATE = '2026-01-02T03:04:05+00:00'


def quiet(*_: object) -> None:
    """Tell nobody."""


@pytest.fixture(scope='session')
def program(make_program):
    return make_program((3, 5, 2))


@pytest.fixture(scope='session')
def inputs() -> np.ndarray:
    return np.random.default_rng(0).uniform(0.3, 0.7, (60, 3))


@pytest.fixture(scope='session')
def run(program, inputs):
    """Return a function that calibrates a chip of a URI: the chip, and its calibration."""

    def run(uri: str, cache: SweepCache | None = None, tell=quiet):
        chip = open_chip(uri)
        cache = SweepCache(None, {}) if cache is None else cache
        return chip, calibrate(chip, program, inputs, DATE, cache, tell)

    return run


@pytest.fixture(scope='session')
def calibrated(run):
    return run('sim:?seed=3&preset=typical&dead=0')
