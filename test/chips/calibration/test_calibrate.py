"""The recipe on simulated chips: what it finds, what it mends, and that it can be resumed."""

from dataclasses import replace

import numpy as np
import pytest

from pkan_control.chips.calibration.calibrate import calibrate, ideal_outputs
from pkan_control.chips.calibration.calibration import edge_rmse, program_checksum
from pkan_control.chips.calibration.sweep_cache import SweepCache
from pkan_control.chips.uri import open_chip
from pkan_control.networks.program import Program

from .conftest import DATE, quiet


def test_a_typical_chip_comes_close_to_its_program(calibrated, program):
    _, found = calibrated
    assert (found.uid, found.program, found.date) == ('sim-3', program_checksum(program), DATE)
    assert found.temperature_c == 25.0
    assert found.faults == ()
    assert 0.0005 < found.sigma < 0.0012
    assert found.raw.edge_rmse_median > 0.008 > 0.002 > found.trimmed.edge_rmse_median
    assert found.raw.output_rmse_real > 3 * found.trimmed.output_rmse_real
    assert found.trimmed.output_rmse_real < 0.005


def test_the_error_of_an_edge_is_told_without_the_noise_of_its_readings():
    noise, wanted = 4e-4, np.zeros((20_000, 2, 1))
    drawn = noise * np.random.default_rng(0).standard_normal(wanted.shape)
    read = wanted + np.array([[[0.0], [2e-4]]]) + drawn
    np.testing.assert_allclose(edge_rmse(read, wanted, noise), [0.0, 2e-4], atol=5e-5)
    np.testing.assert_allclose(edge_rmse(read, wanted)[0], noise, rtol=0.02)


def test_the_chip_is_left_with_the_trims(calibrated, program, inputs):
    chip, found = calibrated
    again = open_chip('sim:?seed=3&preset=typical&dead=0')
    again.program(program)
    wanted = ideal_outputs(program, inputs)
    raw = abs(again.evaluate(inputs, 0.0, 1.0) - wanted).mean()
    found.apply(again, program)
    for each in (chip, again):
        assert abs(each.evaluate(inputs, 0.0, 1.0) - wanted).mean() < raw / 3


def test_fault_34_dead_elements_are_named(run, program):
    chip, found = run('sim:?seed=5&preset=good&dead=0.1')
    alive = [flaws.alive for flaws in chip._flaws]
    dead = {
        (layer, *place) for layer, a in enumerate(alive) for place in np.argwhere(a == 0).tolist()
    }
    named = {(f.layer, f.source, f.target, f.element) for f in found.faults}
    assert len(named) > 2
    assert named <= dead
    assert all(f.kind == 'dead' for f in found.faults)
    assert len(dead - named) <= found.untested
    first = found.faults[0]
    assert str(first).startswith(f'layer {first.layer + 1}, input {first.source + 1}, ')


def test_the_same_chip_gives_the_same_calibration(calibrated, run):
    _, again = run('sim:?seed=3&preset=typical&dead=0')
    _, found = calibrated
    assert again.trimmed == found.trimmed
    for one, other in zip(again.trims, found.trims, strict=True):
        np.testing.assert_array_equal(one, other)


class KilledError(Exception):
    """The process ends here."""


@pytest.mark.parametrize('at', [1, 7, 13, 27])
def test_one_that_was_killed_goes_on_and_comes_to_the_same(calibrated, run, tmp_path, at):
    path, about = tmp_path / 'x.sweeps', {'uid': 'sim-3'}

    def kill(stage: str, done: int, total: int) -> None:
        if stage == 'sweeps' and done == at:
            raise KilledError

    uri = 'sim:?seed=3&preset=typical&dead=0'
    with pytest.raises(KilledError):
        run(uri, SweepCache(path, about), kill)
    with path.open('ab') as file:
        file.write(b'half a record')
    cache = SweepCache(path, about)
    assert len(cache) == at
    _, again = run(uri, cache)
    _, found = calibrated
    assert again.raw == found.raw
    assert again.trimmed == found.trimmed
    for one, other in zip(again.trims, found.trims, strict=True):
        np.testing.assert_array_equal(one, other)


def test_progress_is_told(run):
    told: list[tuple[str, int, int]] = []
    run('sim:?seed=1', tell=lambda *each: told.append(each))
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert stages[:2] == ['sweeps', 'twin']
    for stage in stages:
        assert max(done for name, done, _ in told if name == stage) == next(
            total for name, _, total in told if name == stage
        )


def test_one_of_another_chip_or_program_is_refused(calibrated, program, refused):
    _, found = calibrated
    other = open_chip('sim:?seed=4')
    other.program(program)
    with refused('sim-3', 'sim-4'):
        found.apply(other, program)
    codes = [layer.copy() for layer in program.layers]
    codes[0][0, 0, 0, 0] += 1
    changed = Program(program.device, tuple(codes), program.squash_scale)
    with refused(program_checksum(program)[:16], program_checksum(changed)[:16]):
        replace(found, uid='sim-4').apply(other, changed)


@pytest.mark.parametrize('shape', [(7, 3), (60, 4), (60,)])
def test_inputs_that_do_not_fit_are_refused(program, refused, shape):
    chip = open_chip('sim:?seed=4')
    with refused(str(shape), 'rows of 3'):
        calibrate(chip, program, np.zeros(shape), DATE, SweepCache(None, {}), quiet)
