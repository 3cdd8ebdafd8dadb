"""Ideal and simulated chips: flaws, noise, rails, converter, latency, trims, sweeps."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from pkan_control.chips.chip import Index
from pkan_control.chips.ideal import IdealChip
from pkan_control.chips.simulated import SWEEPS, Noise, SimulatedChip
from pkan_control.devices.bandpass import bandpass
from pkan_control.devices.deviations import PRESETS, Deviations, find_deviations
from pkan_control.networks.program import Program

# Twelve bits over +-3 V; 10.5 effective bits leave this sigma in all.
LSB = 6 / 4096
CONVERTER_SIGMA = 6 / 2**10.5 / np.sqrt(12)
X = np.linspace(0.1, 0.9, 12)


def loaded(program: Program, deviations: Deviations | None = None, **options) -> SimulatedChip:
    options = {'seed': 0, **options}
    chip = SimulatedChip(deviations=deviations or Deviations(), **options)
    chip.program(program)
    return chip


def flight(chip: SimulatedChip, episode: int, steps: int = 5) -> np.ndarray:
    chip.begin(episode)
    return np.array([chip.evaluate(X, step / 50, 0.02) for step in range(steps)])


def noise(seed: int, episode: int, step: int, shape: tuple[int, ...]) -> np.ndarray:
    return Noise(seed).at(episode, step, shape)


@pytest.fixture(scope='module')
def program(make_program):
    return make_program((12, 16, 4))


@pytest.fixture(scope='module')
def layer(make_program):
    return make_program((12, 4))


@pytest.fixture(params=['ideal', 'simulated'])
def chip(request, program):
    if request.param == 'simulated':
        return loaded(program, PRESETS['typical'])
    ideal = IdealChip()
    ideal.program(program)
    return ideal


def test_ideal_chip_computes_what_the_elements_do(program, by_hand):
    chip = IdealChip()
    chip.program(program)
    np.testing.assert_allclose(chip.evaluate(X, 0.0, 1.0), by_hand(program, X), atol=1e-4)


def test_a_flawless_simulated_chip_is_close_to_ideal_but_not_equal(program):
    ideal, x = IdealChip(), np.random.default_rng(0).random((300, 12))
    ideal.program(program)
    difference = loaded(program).evaluate(x, 0.0, 1.0) - ideal.evaluate(x, 0.0, 1.0)
    assert 1e-4 < np.sqrt(np.mean(difference**2)) < 0.03


@pytest.mark.parametrize('shape', [(), (5,), (2, 3), (0,)])
def test_batches_have_the_shape_of_their_inputs(chip, shape):
    assert chip.evaluate(np.full((*shape, 12), 0.5), 0.0, 1.0).shape == (*shape, 4)


@pytest.mark.parametrize('shape', [(), (11,), (12, 1)])
def test_inputs_of_another_length_are_refused(chip, shape):
    with pytest.raises(ValueError, match='12'):
        chip.evaluate(np.zeros(shape), 0.0, 1.0)


def test_a_batch_is_each_of_its_rows():
    chip = loaded(Program('bandpass', (np.full((3, 2, 4, 5), 9, dtype=np.int16),)))
    x = np.random.default_rng(0).random((6, 3))
    batch = chip.evaluate(x, 0.0, 1.0)
    np.testing.assert_allclose(batch, [chip.evaluate(row, 0.0, 1.0) for row in x], atol=6 * LSB)


def test_the_first_of_a_batch_sees_the_noise_of_a_flight_alone(program):
    chip = loaded(program, PRESETS['bad'])
    alone = flight(chip, 3)[0]
    chip.begin(3)
    np.testing.assert_allclose(chip.evaluate(np.stack([X, X]), 0.0, 1.0)[0], alone, atol=LSB / 2)


def test_without_a_program_nothing_is_computed(refused):
    for chip in (IdealChip(), SimulatedChip(0, Deviations())):
        with refused('program'):
            chip.evaluate(X, 0.0, 1.0)


def test_same_seed_same_outputs(program):
    chips = [loaded(program, PRESETS['bad'], seed=seed) for seed in (5, 5, 6)]
    first, again, other = (flight(chip, 0) for chip in chips)
    assert (first == again).all()
    assert (first != other).any(axis=1).all()
    assert chips[0].identity == chips[1].identity
    assert chips[0].identity.uid != chips[2].identity.uid


def test_begin_replays_an_episode(program):
    chip = loaded(program, PRESETS['bad'])
    first, other = flight(chip, 3), flight(chip, 4)
    assert (flight(chip, 3) == first).all()
    assert (first != other).any(axis=1).all()


def test_every_step_of_an_episode_has_noise_of_its_own(program):
    chip = loaded(program, Deviations(node_noise=0.05))
    outputs = np.array([chip.evaluate(X, 0.0, 1.0) for _ in range(10)])
    assert len(np.unique(outputs[:, 0])) == 10


def test_sweeps_and_safe_answers_leave_the_noise_of_a_flight_alone(program):
    chip = loaded(program, PRESETS['bad'])
    first = flight(chip, 3)
    chip.begin(3)
    answers = []
    for step in range(5):
        chip.sweep('edge', Index(0), np.array([0.5]), 1)
        chip.safe()
        chip.evaluate(X, 0.0, 1.0)
        chip.arm(np.zeros(4))
        answers.append(chip.evaluate(X, step / 50, 1.0))
    assert (answers == first).all()


def test_noise_depends_on_seed_episode_and_step_alone():
    assert (noise(1, 2, 3, (4,)) == noise(1, 2, 3, (4,))).all()
    assert (noise(1, 2, 3, (7, 4))[0] == noise(1, 2, 3, (4,))).all()
    keys = [(1, 2, 3), (2, 2, 3), (1, 3, 3), (1, 2, 4), (2, 1, 3), (3, 2, 1)]
    assert len({noise(*key, (1,)).item() for key in keys}) == len(keys)


def test_noise_is_standard_normal_over_steps():
    draws = np.array([noise(0, 1, step, (20,)) for step in range(2000)])
    assert abs(draws.mean()) < 0.02
    assert draws.std() == pytest.approx(1, abs=0.02)
    assert abs(np.corrcoef(draws[:-1, 0], draws[1:, 0])[0, 1]) < 0.07


@pytest.mark.parametrize(('one', 'two'), [(2**53, 2**53 + 1), (2**63 - 2, 2**63 - 1)])
def test_chips_of_large_seeds_are_swept_with_noise_of_their_own(one, two):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)
        assert (noise(one, SWEEPS, 1, (4,)) != noise(two, SWEEPS, 1, (4,))).all()


def test_sweeps_draw_from_no_episode_of_a_flight():
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        swept = noise(0, SWEEPS, 1, (4,))
    assert (swept != noise(0, 0, 1, (4,))).all()
    assert (swept != noise(0, 2**63, 1, (4,))).all()


def test_outputs_lie_on_the_grid_of_a_12_bit_converter(program):
    x = np.random.default_rng(0).random((50, 12))
    outputs = loaded(program, PRESETS['typical']).evaluate(x, 0.0, 1.0)
    np.testing.assert_allclose(outputs / LSB, np.rint(outputs / LSB), atol=1e-9)
    assert len(np.unique(outputs)) > 50


def spread(program: Program, deviations: Deviations, **options) -> np.ndarray:
    chip = loaded(program, deviations, **options)
    return chip.evaluate(np.tile(X, (20_000, 1)), 0.0, 1.0).std(axis=0)


def test_the_converter_has_ten_and_a_half_bits(layer):
    np.testing.assert_allclose(spread(layer, Deviations()), CONVERTER_SIGMA, rtol=0.05)


def test_node_noise_is_a_share_of_full_scale(layer):
    np.testing.assert_allclose(spread(layer, Deviations(node_noise=0.01)), 0.03, rtol=0.03)


def test_read_noise_adds_up_over_edges(layer):
    sigma = np.hypot(0.01 * np.sqrt(12), CONVERTER_SIGMA)
    np.testing.assert_allclose(spread(layer, Deviations(read_noise=0.01)), sigma, rtol=0.03)


def test_offsets_drift_by_a_tenth_of_their_sigma(layer):
    chip = loaded(layer, Deviations(offset=0.1))
    outputs = []
    for episode in range(200):
        chip.begin(episode)
        outputs.append(chip.evaluate(X, 30.0, 1.0))
    sigma = np.sqrt(12) * 0.01
    assert np.std(outputs, axis=0).mean() == pytest.approx(sigma, rel=0.15)


def test_node_sums_stop_at_three_volts_and_are_counted():
    codes = np.full((12, 2, 6, 5), 100, dtype=np.int16)
    codes[..., 0] = 150
    codes[:, 1, :, 0] = -150
    chip = loaded(Program('bandpass', (codes,)))
    np.testing.assert_array_equal(chip.evaluate(np.full((5, 12), 0.5), 0, 1.0), [[3.0, -3.0]] * 5)
    assert chip.telemetry().saturated == 10
    assert chip.telemetry().evaluations == 1


def test_rails_limit_hidden_nodes_too(by_hand):
    hidden = np.full((12, 1, 6, 5), 100, dtype=np.int16)
    hidden[..., 0] = 150
    last = np.full((1, 1, 1, 5), 20, dtype=np.int16)
    chip = loaded(Program('bandpass', (hidden, last)))
    rail = by_hand(Program('bandpass', (last,)), np.array([1 / (1 + np.exp(-3 / 0.5))]))
    assert chip.evaluate(np.full(12, 0.5), 0.0, 1.0) == pytest.approx(rail, abs=6e-3)


@pytest.mark.parametrize(
    ('readout', 'low_s', 'high_s'), [('parallel', 0.85e-3, 1.5e-3), ('multiplexed', 0.12, 0.14)]
)
def test_latency_is_that_of_the_readout(program, readout, low_s, high_s):
    assert low_s < loaded(program, readout=readout).identity.latency_s < high_s


def test_a_multiplexed_chip_reads_every_node_through_the_converter(make_program):
    narrow = make_program((12, 4, 1))
    spreads = [spread(narrow, Deviations(), readout=r)[0] for r in ('parallel', 'multiplexed')]
    assert spreads[1] > spreads[0]


def test_a_deadline_that_cannot_be_met_is_a_timeout(program):
    with pytest.raises(TimeoutError):
        loaded(program, readout='multiplexed').evaluate(X, 0.0, 0.02)


def test_safe_answers_with_the_safe_action_until_armed(chip):
    action = np.array([1.0, 2.0, 3.0, 4.0])
    chip.arm(action)
    action[:] = 9
    assert chip.telemetry().armed
    chip.safe()
    assert not chip.telemetry().armed
    for shape in ((12,), (5, 12)):
        answer = chip.evaluate(np.full(shape, 0.5), 0.0, 1.0)
        assert (answer == [1, 2, 3, 4]).all()
        answer[:] = 7
    chip.arm(np.zeros(4))
    assert (chip.evaluate(X, 0.0, 1.0) != 0).any()


def test_safe_without_an_action_is_zero_and_close_is_safe(chip):
    chip.close()
    assert (chip.evaluate(X, 0.0, 1.0) == 0).all()
    assert not chip.telemetry().armed


@pytest.mark.parametrize('action', [np.zeros(3), np.full(4, np.nan)])
def test_a_safe_action_that_is_none_is_refused_when_armed(chip, refused, action):
    with refused():
        chip.arm(action)


EDGE = Index(0, source=3, target=2)
POINTS = np.linspace(0, 1, 50)


def test_sweeps_of_parts_add_up(layer):
    chip = loaded(layer, replace(PRESETS['bad'], read_noise=0.0, offset=0.0, edge_gain=0.0))
    elements = [chip.sweep('element', replace(EDGE, element=k), POINTS, 10**6) for k in range(4)]
    edge = chip.sweep('edge', EDGE, POINTS, 10**6)
    np.testing.assert_allclose(edge, 0.97 * sum(elements), atol=1e-4)
    edges = [chip.sweep('edge', replace(EDGE, source=i), POINTS, 10**6) for i in range(12)]
    node = chip.sweep('node', Index(0, target=2), POINTS, 10**6)
    np.testing.assert_allclose(node, sum(edges), atol=1e-4)


def test_an_ideal_sweep_is_the_element_by_hand(layer, by_hand):
    chip = IdealChip()
    chip.program(layer)
    alone = Program('bandpass', (layer.layers[0][3:4, 2:3, 1:2],))
    swept = chip.sweep('element', replace(EDGE, element=1), POINTS, 1)
    np.testing.assert_allclose(
        swept, [by_hand(alone, np.array([x]))[0] for x in POINTS], rtol=1e-12, atol=1e-15
    )


def test_a_simulated_element_is_the_sampled_circuit(layer):
    chip, ideal = loaded(layer), IdealChip()
    ideal.program(layer)
    physical = bandpass.decode(layer.layers[0][3, 2, 1])
    index = replace(EDGE, element=1)
    swept, clean = (c.sweep('element', index, POINTS, 10**12) for c in (chip, ideal))
    np.testing.assert_allclose(swept, bandpass.exact_response(POINTS, physical), atol=1e-7)
    assert abs(swept - clean).max() > 1e-5


def test_without_drive_the_offset_is_left(layer):
    silent = loaded(layer).sweep('edge', EDGE, POINTS, 10**6, drive=False)
    np.testing.assert_allclose(silent, 0, atol=1e-5)
    offsets = [
        loaded(layer, Deviations(offset=0.1), seed=seed).sweep('edge', EDGE, POINTS, 10**6, False)
        for seed in range(200)
    ]
    assert np.ptp(offsets, axis=1).max() < 1e-4
    assert np.std(offsets) == pytest.approx(0.1, rel=0.15)


@pytest.mark.parametrize('averages', [1, 16, 400])
def test_read_noise_falls_with_the_root_of_the_averages(layer, averages):
    chip = loaded(layer, Deviations(read_noise=0.05))
    swept = chip.sweep('edge', EDGE, np.full(20_000, 0.5), averages)
    assert swept.std() == pytest.approx(0.05 / np.sqrt(averages), rel=0.03)
    assert (chip.sweep('edge', EDGE, np.full(20_000, 0.5), averages) != swept).any()


def test_averages_below_one_are_refused(layer, refused):
    with refused('averages=0', 'at least 1'):
        loaded(layer).sweep('edge', EDGE, POINTS, 0)


def test_dead_elements_give_nothing(layer):
    chip = loaded(layer, Deviations(dead=1.0))
    np.testing.assert_allclose(chip.sweep('element', EDGE, POINTS, 10**6), 0, atol=1e-5)
    assert abs(chip.evaluate(X, 0.0, 1.0)).max() < 6 * LSB


def test_the_share_of_dead_elements_shows_in_sweeps(make_program):
    dense = Program('bandpass', (np.full((6, 5, 10, 5), 50, dtype=np.int16),))
    chip, x = loaded(dense, Deviations(dead=0.2)), np.array([0.5])
    silent = [
        abs(chip.sweep('element', Index(0, i, j, k), x, 10**6)[0]) < 1e-3
        for i in range(6)
        for j in range(5)
        for k in range(10)
    ]
    assert np.mean(silent) == pytest.approx(0.2, abs=0.07)


def affine(chip: SimulatedChip, model: SimulatedChip, index: Index) -> tuple[float, float]:
    """Fit `chip = m * model + c` over a sweep."""
    swept, clean = (c.sweep('edge', index, POINTS, 10**6) for c in (chip, model))
    m, c = np.polyfit(clean, swept, 1)
    return m, c


def test_trims_remove_gain_and_offset(make_program):
    program = make_program((3, 2), gain=100)
    chip = loaded(program, Deviations(edge_gain=0.1, edge_gain_mean=-0.02, offset=0.1))
    model = loaded(program)
    fits = np.array([[affine(chip, model, Index(0, i, j)) for j in range(2)] for i in range(3)])
    assert abs(fits - (1, 0)).max() > 0.02
    chip.trim(0, 1 / fits[..., 0], -fits[..., 1] / fits[..., 0])
    for i in range(3):
        for j in range(2):
            swept, clean = (c.sweep('edge', Index(0, i, j), POINTS, 10**6) for c in (chip, model))
            np.testing.assert_allclose(swept, clean, atol=1e-4)
    x = np.random.default_rng(0).random((500, 3))
    outputs = [
        np.mean([c.evaluate(x, 0.0, 1.0) for _ in range(30)], axis=0) for c in (chip, model)
    ]
    # What is left is the drift of the offset.
    left = outputs[0] - outputs[1]
    np.testing.assert_allclose(left - left.mean(axis=0), 0, atol=2e-3)


def test_a_new_program_starts_without_trims(layer):
    chip, model = loaded(layer), loaded(layer)
    chip.trim(0, np.full((12, 4), 2.0), np.ones((12, 4)))
    chip.program(layer)
    np.testing.assert_allclose(affine(chip, model, EDGE), (1, 0), atol=1e-3)


@pytest.mark.parametrize(('gain', 'offset'), [((4, 12), (12, 4)), ((12, 4), ()), ((12,), (12, 4))])
def test_trims_of_another_shape_are_refused(layer, refused, gain, offset):
    with refused('trims', '(12, 4)'):
        loaded(layer).trim(0, np.ones(gain), np.ones(offset))


def test_an_ideal_chip_has_no_trims(layer, refused):
    chip = IdealChip()
    chip.program(layer)
    with refused('ideal', 'sim:'):
        chip.trim(0, np.ones((12, 4)), np.zeros((12, 4)))


def test_warming_matters_only_with_a_temperature_coefficient(layer):
    def swept(**changes: float) -> np.ndarray:
        return loaded(layer, Deviations(**changes)).sweep('edge', EDGE, POINTS, 10**9)

    np.testing.assert_array_equal(swept(temperature_c=85.0), swept())
    np.testing.assert_array_equal(swept(corner_tempco=1e-3), swept())
    warm = swept(temperature_c=85.0, corner_tempco=1e-3) - swept()
    assert 1e-4 < abs(warm).max() < 0.06
    assert loaded(layer, Deviations(temperature_c=85.0)).telemetry().temperature_c == 85


def test_one_deviation_changed_leaves_the_flaws_of_others(layer):
    base = Deviations(offset=0.1)

    def silent(deviations: Deviations) -> np.ndarray:
        return loaded(layer, deviations).sweep('edge', EDGE, POINTS, 10**6, drive=False)

    changed = replace(base, edge_gain=0.2, element_mismatch=0.01, dead=0.1, ageing=0.1)
    np.testing.assert_allclose(silent(changed), silent(base), atol=1e-5)


def memdiodes(sources: int = 3, targets: int = 2) -> Program:
    """Return a layer of memdiodes with their bends inside of the inputs."""
    codes = np.full((sources, targets, 2, 7), (128, 128, 128, 128, 200, 0, 100), dtype=np.int16)
    return Program('memdiode', (codes,))


def swept_cycles(chip: SimulatedChip, episode: int) -> np.ndarray:
    chip.begin(episode)
    return chip.sweep('node', Index(0, target=1), POINTS, 10**9)


def test_memristors_are_set_anew_for_each_episode():
    chip = loaded(memdiodes(), Deviations(element_current=0.2, cycle_to_cycle=0.5))
    first, second, again = (swept_cycles(chip, episode) for episode in (1, 2, 1))
    np.testing.assert_allclose(again, first, atol=1e-6)
    assert 1e-4 < abs(second - first).max() < 0.5
    x = np.full(3, 0.5)
    chip.begin(1)
    one = chip.evaluate(x, 0.0, 1.0)
    chip.begin(2)
    assert abs(chip.evaluate(x, 0.0, 1.0) - one).max() > 1e-4


@pytest.mark.parametrize('name', ['element_current', 'cycle_to_cycle'])
def test_without_spread_or_cycles_every_episode_is_the_same(name):
    sizes = {'element_current': 0.2, 'cycle_to_cycle': 0.5, name: 0.0}
    chip = loaded(memdiodes(), Deviations(**sizes))
    np.testing.assert_allclose(swept_cycles(chip, 1), swept_cycles(chip, 2), atol=1e-6)


def test_cycles_leave_filters_as_they_are(layer):
    chips = [loaded(layer, replace(PRESETS['bad'], cycle_to_cycle=c)) for c in (0.0, 1.0)]
    one, other = (flight(chip, 4) for chip in chips)
    np.testing.assert_array_equal(one, other)


def test_trims_outlast_an_episode():
    chip = loaded(memdiodes(), Deviations(element_current=0.2, cycle_to_cycle=0.5))
    chip.trim(0, np.zeros((3, 2)), np.full((3, 2), 0.1))
    chip.begin(7)
    np.testing.assert_allclose(chip.evaluate(np.full(3, 0.5), 0.0, 1.0), 0.3, atol=0.01)


def test_a_chip_that_warms_up_changes_with_time_and_begins_cold(make_program):
    program, x = make_program((3, 4, 2)), np.full(3, 0.4)
    changes = {'warming_c_s': 10.0, 'corner_tempco': 1e-3, 'offset_drift': 0.0, 'read_noise': 0.0}
    chip = SimulatedChip(1, find_deviations('typical', **changes))
    chip.program(program)
    chip.arm(np.zeros(2))
    cold, warm = (chip.evaluate(x, time_s, 1.0) for time_s in (0.05, 5.0))
    assert chip.telemetry().temperature_c == 75.0
    hot = SimulatedChip(
        1, find_deviations('typical', **{**changes, 'warming_c_s': 0.0, 'temperature_c': 75.0})
    )
    hot.program(program)
    hot.arm(np.zeros(2))
    converter = 3 * 6.0 / 4096
    np.testing.assert_allclose(warm, hot.evaluate(x, 5.0, 1.0), atol=converter)
    assert abs(warm - cold).max() > 0
    chip.begin(1)
    assert chip.telemetry().temperature_c == 25.0
    np.testing.assert_allclose(chip.evaluate(x, 0.05, 1.0), cold, atol=converter)


def test_offsets_drift_as_far_as_they_are_told(make_program):
    def spread(share: float) -> float:
        chip = SimulatedChip(1, find_deviations('bad', offset_drift=share, read_noise=0.0))
        chip.program(make_program((3, 4, 2)))
        chip.arm(np.zeros(2))
        times = np.arange(0, 400, 4.0)
        return float(np.std([chip.evaluate(np.full(3, 0.4), t, 1.0) for t in times], axis=0).max())

    assert spread(0.0) < 0.002 < 5 * spread(0.1) < 2 * spread(1.0)
