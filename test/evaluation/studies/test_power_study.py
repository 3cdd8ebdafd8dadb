"""Power side by side: energies add up, the law is in every row, and losing is said."""

from dataclasses import replace

import numpy as np
import pytest

from pkan_control.chips.power import estimate_power
from pkan_control.control.controller_file import ControllerFile, load_controller_file
from pkan_control.evaluation.controllers import shipped_controller, shipped_mlp
from pkan_control.evaluation.studies.law_cycles import (
    DIVISION,
    MEMORY,
    SIMPLE,
    Tally,
    _counting,
    law_cycles,
)
from pkan_control.evaluation.studies.power import compare_power
from pkan_control.evaluation.studies.power_constants import CONSTANTS, CYCLE
from pkan_control.networks.mlp import Mlp
from pkan_control.reporting.study_tables import spans
from pkan_control.tasks.drone_hover import drone_hover

NAMES = ('dedicated CMOS', 'memristive (as many)', 'FPAA, one chip multiplexed')


@pytest.fixture(scope='module')
def controller_file():
    return load_controller_file(shipped_controller('drone_hover'))


@pytest.fixture(scope='module')
def mlp():
    return load_controller_file(shipped_mlp('drone_hover')).policy.digital_work


def rows(comparison):
    return {row.name: row for row in comparison.rows}


def test_every_row_holds_percentiles_in_order_and_the_energy_of_the_law(controller_file, mlp):
    with_law, without = (
        rows(compare_power(controller_file, mlp, cycles)) for cycles in (10_000, 0)
    )
    assert {*NAMES, 'MLP, microcontroller', 'tables, microcontroller'} < set(with_law)
    for name, row in with_law.items():
        assert 0 < row.power_w[0] <= row.power_w[1] <= row.power_w[2]
        assert 0 < row.energy_j[0] <= row.energy_j[1] <= row.energy_j[2]
        bare = without[name]
        assert row.power_w == bare.power_w
        assert bare.energy_j[1] == pytest.approx(bare.power_w[1] * bare.latency_s)
        assert row.energy_j[1] > bare.energy_j[1]
        assert row.energy_j[1] - bare.energy_j[1] < 10_000 * CYCLE.high


def test_the_dedicated_chip_takes_what_the_estimate_says(controller_file, mlp):
    found = rows(compare_power(controller_file, mlp, 0))['dedicated CMOS']
    assert found.power_w == pytest.approx(tuple(estimate_power(controller_file.policy)))


def test_an_fpaa_is_fast_with_many_chips_or_slow_with_one(controller_file, mlp):
    found = compare_power(controller_file, mlp, 0)
    (many,) = (row for row in found.rows if 'chips parallel' in row.name)
    one = rows(found)['FPAA, one chip multiplexed']
    chips = int(many.name.split()[1])
    assert chips == -(-controller_file.policy.connected // 4)
    assert many.power_w[1] == pytest.approx(chips * one.power_w[1])
    assert 0.035 < one.latency_s < 0.4
    assert 0.00085 < many.latency_s < 0.0015


def test_pruned_elements_cost_nothing(controller_file, mlp):
    layers = [codes.copy() for codes in controller_file.policy.layers]
    layers[0][:6, ..., 0] = 0
    pruned = type(controller_file.policy)(
        'bandpass', tuple(layers), controller_file.policy.squash_scale
    )
    less = rows(
        compare_power(ControllerFile('drone_hover', controller_file.law, 50.0, pruned), mlp, 0)
    )
    whole = rows(compare_power(controller_file, mlp, 0))
    for name in NAMES:
        assert less[name].energy_j[1] < 0.8 * whole[name].energy_j[1]


def test_losing_and_being_late_are_said(controller_file, mlp):
    lines = compare_power(controller_file, mlp, 1000).warnings()
    assert any('multiplexed: too slow' in line and 'at 50 Hz' in line for line in lines)
    assert any(line.startswith('dedicated CMOS: does not win') for line in lines)
    huge = Mlp((np.zeros((12, 512)), np.zeros((512, 512)), np.zeros((512, 4))),
               (np.zeros(512), np.zeros(512), np.zeros(4)))  # fmt: skip
    small = ControllerFile('drone_hover', controller_file.law, 50.0, controller_file.policy)
    rest = [
        line
        for line in compare_power(small, huge.digital_work, 0).warnings()
        if line.startswith('dedicated')
    ]
    assert all('tables' in line for line in rest)


def test_a_memristive_controller_is_compared_as_what_it_is(mlp):
    found = rows(
        compare_power(load_controller_file(shipped_controller('drone_hover_memdiode')), mlp, 0)
    )
    assert 'memristive' in found
    assert 'dedicated CMOS (as many)' in found


def test_an_mlp_is_no_analogue_network(refused, mlp):
    with refused('has no analogue power'):
        compare_power(load_controller_file(shipped_mlp('drone_hover')), mlp, 0)


def test_the_law_is_counted_operation_by_operation():
    tally = Tally()
    numbers = _counting(np.ones(4), tally)
    ((numbers + 1) / numbers).sum()
    assert tally.cycles == 4 * (SIMPLE + MEMORY) + 4 * (DIVISION + MEMORY) + 4 * (SIMPLE + MEMORY)
    tally.cycles = 0
    _ = _counting(np.ones((2, 3)), tally) @ np.ones((3, 5))
    assert tally.cycles == 2 * 3 * 5 * (SIMPLE + MEMORY)


def test_the_law_of_the_drone_takes_about_a_thousand_cycles():
    whole = law_cycles(drone_hover)
    assert 800 < whole < 3000
    assert whole == law_cycles(drone_hover)


def test_every_constant_has_a_source_and_a_range_in_order():
    assert len({each.name for each in CONSTANTS}) == len(CONSTANTS)
    for each in CONSTANTS:
        assert 0 < each.low <= each.typical <= each.high
        assert each.source
        draws = each.draw()
        assert each.low * (1 - 1e-9) <= draws.min() <= draws.max() <= each.high * (1 + 1e-9)


def test_numbers_of_a_row_share_a_prefix():
    assert spans([2e-4, 6.5e-4, 3.39e-3], 'W') == '200 / 650 / 3390 uW'
    assert spans([1.5], 's') == '1.5 s'
    assert spans([5e-15], 'J') == '0.005 pJ'


def test_a_network_that_is_asked_twice_takes_twice_the_energy(mlp):
    twice = load_controller_file(shipped_controller('vehicle_track'))
    once = replace(twice, law=twice.law.switched_off('mirror'))
    double, single = (rows(compare_power(each, mlp, 0)) for each in (twice, once))
    for name, row in single.items():
        assert double[name].power_w == row.power_w
        assert double[name].latency_s == pytest.approx(2 * row.latency_s)
        assert double[name].energy_j == pytest.approx([2 * each for each in row.energy_j])
