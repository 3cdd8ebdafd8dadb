"""Power of whole networks: where it comes from and what changes it."""

import numpy as np
import pytest
from scipy import stats

from pkan_control.chips.power import (
    FIGURE_OF_MERIT_J,
    PERCENTILES,
    Periphery,
    draw_figures_of_merit,
    estimate_power,
)
from pkan_control.networks.program import Program

NOTHING = Periphery(0.0, 0.0, 0.0, 0.0, 0.0)


def with_gains(program: Program, share: float) -> Program:
    """Return a program in which that share of the elements is left connected."""
    layers = []
    for codes in program.layers:
        codes = codes.copy()
        off = np.random.default_rng(0).random(codes.shape[:3]) >= share
        codes[..., 0] = np.where(off, 0, np.maximum(1, codes[..., 0]))
        layers.append(codes)
    return Program(program.device, tuple(layers), program.squash_scale)


@pytest.fixture
def program(make_program) -> Program:
    return make_program((12, 16, 4))


def test_percentiles_are_positive_and_in_order(program):
    estimate = estimate_power(program)
    assert 0 < estimate.p10 < estimate.p50 < estimate.p90 < 1
    assert estimate == estimate_power(program)


def test_more_elements_cost_more(make_program):
    watts = [estimate_power(make_program((12, 16, 4), elements=k)).p50 for k in (1, 2, 4, 8)]
    assert watts == sorted(set(watts))
    sizes = [(2, 1), (12, 4), (12, 16, 4), (12, 32, 4)]
    watts = [estimate_power(make_program(shape)).p50 for shape in sizes]
    assert watts == sorted(set(watts))


def test_elements_that_are_not_connected_cost_nothing(program):
    watts = [estimate_power(with_gains(program, s), NOTHING).p50 for s in (0, 0.1, 0.5, 1)]
    assert watts[0] == 0
    assert watts == sorted(set(watts))
    connected = with_gains(program, 1).elements
    assert watts[2] / watts[3] == pytest.approx(0.5, abs=5 / connected**0.5)


def test_the_periphery_is_counted_part_by_part(program):
    idle = with_gains(program, 0)
    rest = Periphery(detector_w=1e6, node_w=1.0, drive_w=100.0, converter_w=1e4, bias_w=0.5)
    assert estimate_power(idle, rest).p50 == pytest.approx(20 * 1 + 28 * 100 + 4 * 1e4 + 0.5)
    busy = with_gains(program, 1)
    detectors = estimate_power(busy, rest).p50 - estimate_power(idle, rest).p50
    assert detectors == pytest.approx(1e6 * busy.elements)


def test_figures_of_merit_are_triangular_in_their_logarithm():
    low, mode, high = np.log10(FIGURE_OF_MERIT_J)
    expected = stats.triang((mode - low) / (high - low), low, high - low)
    drawn = np.log10(draw_figures_of_merit(0, 100_000))
    wanted = expected.ppf(np.array(PERCENTILES) / 100)
    np.testing.assert_allclose(np.percentile(drawn, PERCENTILES), wanted, atol=0.02)
    assert low <= drawn.min() < drawn.max() <= high


def test_draws_belong_to_their_seed():
    assert (draw_figures_of_merit(3, 50) == draw_figures_of_merit(3, 50)).all()
    assert (draw_figures_of_merit(3, 50) != draw_figures_of_merit(4, 50)).all()
