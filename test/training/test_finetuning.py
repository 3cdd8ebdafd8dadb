"""Training in the loop: it wins where there is something to win, and never loses."""

import numpy as np
import pytest

from pkan_control.chips.calibration.calibrate import Bench, calibrate
from pkan_control.chips.calibration.calibration import set_trims
from pkan_control.chips.calibration.sweep_cache import SweepCache
from pkan_control.chips.ideal import untrimmed
from pkan_control.chips.uri import open_chip
from pkan_control.training.finetuning import finetune


def quiet(*_: object) -> None:
    """Tell nobody."""


@pytest.fixture(scope='module', params=['typical', 'bad'])
def start(request, make_program):
    """Return a bench and a calibration of a chip, some of whose elements may be dead."""
    program, chip = make_program((3, 5, 2)), open_chip(f'sim:?seed=2&preset={request.param}')
    inputs = np.random.default_rng(0).uniform(0.3, 0.7, (60, 3))
    found = calibrate(chip, program, inputs, '', SweepCache(None, {}), quiet)
    return Bench(chip, program, inputs, quiet), found


def error(bench: Bench) -> float:
    off = bench.outputs(50, '').mean(axis=0) - bench.targets
    return float(np.sqrt(np.mean(np.square(off[bench.held]))))


def test_it_never_leaves_a_chip_worse(start):
    bench, found = start
    reported: list[int] = []
    tuned = finetune(bench, found, 2, reported.append)
    assert reported == [1, 2, 3]
    assert tuned.after <= tuned.before
    left = error(bench)
    set_trims(bench.chip, tuned.calibration.trims)
    assert error(bench) == left


def test_a_chip_without_trims_is_brought_close_by_its_twin_alone(start):
    bench, found = start
    from dataclasses import replace

    raw = replace(found, trims=tuple(untrimmed(bench.program)))
    tuned = finetune(bench, raw, 3, quiet)
    assert tuned.after < tuned.before / 2
