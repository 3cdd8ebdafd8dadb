"""The frozen flaws of a chip: their sizes, their independence, their limits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.common.errors import UserError
from pkan_control.devices.deviations import (
    LIMITS,
    PRESETS,
    Deviations,
    LayerFlaws,
    OffsetDrift,
    fabricate,
    find_deviations,
)

BAD = replace(PRESETS['bad'], age_h=9.0)
EFFECTS = {
    'edge_gain': ('gain', 0.2),
    'edge_gain_mean': ('gain', -0.2),
    'offset': ('offset', 0.2),
    'dead': ('alive', 0.5),
    'ageing': ('gain', 0.1),
    'age_h': ('gain', 99.0),
}


def flaws(deviations: Deviations, seed: int = 0, layer: int = 0, edges: int = 120) -> LayerFlaws:
    return fabricate(deviations, seed, layer, (edges, edges, 4), 3)


def same(a: LayerFlaws, b: LayerFlaws) -> dict[str, bool]:
    return {name: bool((vars(a)[name] == vars(b)[name]).all()) for name in vars(a)}


def test_no_deviation_is_no_flaw():
    found = flaws(Deviations(age_h=100.0))
    assert (found.alive == 1).all()
    assert (found.gain == 1).all()
    assert (found.offset == 0).all()


@pytest.mark.parametrize('preset', sorted(PRESETS))
def test_empirical_sizes_are_those_asked_for(preset):
    wanted = PRESETS[preset]
    found = flaws(wanted)
    assert found.draws.std() == pytest.approx(1, rel=0.03)
    assert abs(found.draws.mean()) < 0.05
    assert found.gain.std() == pytest.approx(wanted.edge_gain, rel=0.03)
    assert found.gain.mean() == pytest.approx(1 + wanted.edge_gain_mean, abs=1e-3)
    assert found.offset.std() == pytest.approx(wanted.offset, rel=0.03)
    assert abs(found.offset.mean()) < 0.05 * wanted.offset
    deaths, expected = (found.alive == 0).sum(), wanted.dead * found.alive.size
    assert abs(deaths - expected) < 4 * np.sqrt(expected)


@pytest.mark.parametrize(('age_h', 'decades'), [(9.0, 1), (999.0, 3)])
def test_ageing_grows_by_decade(age_h, decades):
    aged = flaws(Deviations(ageing=0.01, age_h=age_h))
    assert aged.gain.std() == pytest.approx(0.01 * decades, rel=0.03)


def test_an_edge_ages_three_times_as_far_in_three_decades():
    one, three = (flaws(Deviations(ageing=0.01, age_h=age)).gain - 1 for age in (9.0, 999.0))
    np.testing.assert_allclose(three, 3 * one, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize('name', sorted(EFFECTS))
def test_changing_one_deviation_leaves_the_draws_of_others(name):
    field, value = EFFECTS[name]
    kept = same(flaws(BAD), flaws(replace(BAD, **{name: value})))
    assert kept.pop(field) is False
    assert all(kept.values())


def test_flaws_scale_without_being_drawn_anew():
    one, two = (flaws(Deviations(offset=size)) for size in (0.01, 0.02))
    np.testing.assert_allclose(two.offset, 2 * one.offset)


@pytest.mark.parametrize('name', ['element_mismatch', 'element_current', 'element_slope'])
def test_elements_are_drawn_whatever_the_sizes(name):
    assert all(same(flaws(BAD), flaws(replace(BAD, **{name: 0.123}))).values())


def test_more_death_spares_no_dead_element():
    few, many = (flaws(Deviations(dead=share)).alive for share in (0.1, 0.3))
    assert (many[few == 0] == 0).all()


def test_flaws_belong_to_seed_and_layer():
    assert all(same(flaws(BAD), flaws(BAD)).values())
    assert not any(same(flaws(BAD), flaws(BAD, seed=1)).values())
    assert not any(same(flaws(BAD), flaws(BAD, layer=1)).values())


def test_effects_are_not_correlated():
    found = flaws(Deviations(edge_gain=0.1, offset=0.1, ageing=0.1, age_h=9.0, dead=0.5))
    parts = [found.gain, found.offset, found.alive[..., 0], found.alive[..., 1]]
    correlation = np.corrcoef([part.ravel() for part in parts])
    assert abs(correlation - np.eye(4)).max() < 0.04


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('dead', -1e-9),
        ('dead', 1.1),
        ('offset', float('nan')),
        ('read_noise', float('inf')),
        ('edge_gain_mean', -1.0),
        ('corner_tempco', 0.1),
        ('temperature_c', 151.0),
        ('age_h', -1.0),
    ],
)
def test_meaningless_sizes_are_refused_with_their_limits(refused, name, value):
    low, high = LIMITS.get(name, (0.0, 1.0))
    with refused(name, str(value), f'{low:g} to {high:g}'):
        Deviations(**{name: value})


@given(st.sampled_from(sorted(vars(Deviations()))), st.floats())
def test_any_number_is_refused_or_makes_finite_flaws(name, value):
    try:
        found = flaws(Deviations(**{name: value}), edges=3)
    except UserError:
        return
    assert all(np.isfinite(array).all() for array in vars(found).values())


def test_presets_are_found_and_changed_by_name(refused):
    changed = find_deviations('good', dead=0.25)
    assert changed.dead == 0.25
    assert replace(changed, dead=PRESETS['good'].dead) == PRESETS['good']
    with refused("'awful'", 'bad, good, typical'):
        find_deviations('awful')


def test_a_better_preset_is_better_in_everything():
    sizes = [
        [
            *(p.element_mismatch, p.edge_gain, p.offset, p.read_noise, p.dead, p.corner_tempco),
            *(p.element_current, p.element_slope),
        ]
        for p in (PRESETS[name] for name in ('good', 'typical', 'bad'))
    ]
    assert (np.diff(sizes, axis=0) > 0).all()


def drifts(times: list[float], seed: int = 0) -> np.ndarray:
    drift = OffsetDrift(np.full(20_000, 0.5), np.random.default_rng(seed))
    return np.array([drift.at(time) for time in times])


def test_drift_has_its_sigma_at_any_time():
    np.testing.assert_allclose(drifts([0.0, 7.0, 3600.0]).std(axis=1), 0.5, rtol=0.03)


@pytest.mark.parametrize(('lag_s', 'correlation'), [(6.0, 0.905), (60.0, 0.368), (600.0, 0.0)])
def test_drift_forgets_like_an_ornstein_uhlenbeck_process(lag_s, correlation):
    assert np.corrcoef(drifts([100.0, 100.0 + lag_s]))[0, 1] == pytest.approx(
        correlation, abs=0.04
    )


def test_drift_does_not_depend_on_the_order_of_calls():
    forth, back = drifts([0.0, 5.0, 9.0]), drifts([9.0, 5.0, 0.0])
    assert (forth == back[::-1]).all()
    assert (forth != drifts([0.0, 5.0, 9.0], seed=1)).any()
