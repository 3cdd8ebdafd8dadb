"""Curves as pvlib draws them, a law that probes, and what usual trackers reach."""

import numpy as np
import pytest

from pkan_control.control.laws.solar import HOLD, STEP_V, SolarLaw, SolarMemory
from pkan_control.evaluation.rollouts.rollout import Plan, run_expert, run_reference
from pkan_control.robots.solar_modules import VOLTAGE_GRID, best_points, currents_at, curves
from pkan_control.sim.batched.solar import BEST_V, CHANGE, BatchedSolar
from pkan_control.tasks.solar_mppt import CONSTANT_V, solar_mppt

RNG = np.random.default_rng(0)
DATA_SHEET_TEMPERATURE = np.array([25.0])


def silent(done):
    """Say nothing."""


def test_a_string_in_full_light_is_four_modules_of_the_data_sheet():
    table = curves(np.full((1, 4), 1000.0), DATA_SHEET_TEMPERATURE)
    voltage, power = best_points(table)
    assert voltage[0] == pytest.approx(4 * 30.7, abs=1.0)
    assert power[0] == pytest.approx(4 * 30.7 * 8.15, rel=0.01)
    assert table[0, 0] == pytest.approx(8.66, rel=0.01)
    assert currents_at(table, np.array([4 * 37.5]))[0] == 0


def test_a_shaded_module_is_bypassed():
    light = np.array([[1000.0, 1000.0, 1000.0, 400.0]])
    table = curves(light, DATA_SHEET_TEMPERATURE)
    voltage, _ = best_points(table)
    assert voltage[0] == pytest.approx(3 * 30.7 - 0.6, abs=2.0)
    high = currents_at(table, np.array([125.0]))[0]
    assert high == pytest.approx(0.4 * 8.66, rel=0.05)
    assert (np.diff(table[0]) <= 1e-9).all()


def test_heat_lowers_the_voltage():
    light = np.full((2, 4), 800.0)
    voltage, power = best_points(curves(light, np.array([0.0, 60.0])))
    assert voltage[0] > voltage[1] + 15
    assert power[0] > power[1]


def test_one_is_as_many_and_the_light_changes_once():
    states = solar_mppt.training_starts(np.random.default_rng(3), 3)
    many, one = BatchedSolar(), BatchedSolar()
    together, alone = many.reset(states, RNG), one.reset(states[1], RNG)
    changes = []
    for step in range(50):
        np.testing.assert_allclose(alone, together[1], rtol=1e-12)
        before = alone[BEST_V + 1]
        together, alone = many.step(np.full((3, 1), 1.0)), one.step(np.array([1.0]))
        if alone[BEST_V + 1] != before:
            changes.append(step + 1)
    assert changes == [int(states[1, CHANGE])]


def tracked(law, steps, curve, outputs, state, memory):
    """Return where a law goes on a curve, step by step, and the memory and state it ends with."""
    visited = []
    for _ in range(steps):
        memory, seen = law.observe(memory, state, np.zeros(0))
        assert np.isfinite(seen).all()
        memory, step = law.act(memory, state, outputs(state))
        voltage = state[0] + step[0]
        state = np.array([voltage, curve(voltage), step[0], 0.0])
        visited.append(round(voltage, 6))
    return visited, memory, state


@pytest.mark.parametrize(('slope', 'second'), [(0.01, 124.0), (0.05, 88.0)])
def test_the_law_takes_two_points_then_the_networks_steps_until_the_light_changes(slope, second):
    law, state = SolarLaw(), np.array([90.0, 8.0, 0.0, 720.0])
    to_the_best = lambda state: np.array([121.0 - state[0]])  # noqa: E731
    visited, memory, state = tracked(
        law, 9, lambda v: 9.0 - slope * v, to_the_best, state, law.start(state)
    )
    assert visited[:4] == [118.0, second, min(121.0, second + STEP_V), visited[3]]
    assert {121.0} >= set(visited[-2:])
    assert memory[SolarMemory.phase] == HOLD
    state[1] *= 0.98
    assert tracked(law, 1, lambda v: 8.0, to_the_best, state, memory)[0] == [118.0]


def test_a_step_of_nothing_from_afar_is_looked_at_close_by():
    law, state = SolarLaw(), np.array([118.0, 8.0, 0.0, 0.0])
    nothing = lambda state: np.zeros(1)  # noqa: E731
    visited, memory, _ = tracked(law, 4, lambda v: 8.0, nothing, state, law.start(state))
    assert visited == [124.0, 124.0 + law.look_v, 124.0 + law.look_v, 124.0 + law.look_v]
    assert memory[SolarMemory.phase] == HOLD


def test_usual_trackers_and_the_most_there_is():
    plan = Plan(solar_mppt, 10)
    shares = {}
    for name, fly in (('constant', run_expert), ('perturb', run_reference)):
        records = fly(plan, silent)
        shares[name] = np.mean([record.score.figures['energy_share'] for record in records])
    assert 0.85 < shares['constant'] < 0.99
    assert 0.85 < shares['perturb'] < 0.99
    assert len(VOLTAGE_GRID) == 401
    assert solar_mppt.expert(np.zeros(4)) == CONSTANT_V
