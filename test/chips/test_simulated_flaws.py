"""Golden statistics and golden numbers of every flaw that a simulated chip has."""

import itertools
import math

import numpy as np
import pytest

from pkan_control.chips.chip import Identity, Index
from pkan_control.chips.ideal import IdealChip
from pkan_control.chips.simulated import CONVERTER_NOISE_V, RAIL_V, STEP_V, SimulatedChip
from pkan_control.devices.bandpass import bandpass
from pkan_control.devices.deviations import Deviations, find_deviations
from pkan_control.networks.program import Program

X = np.array([0.2, 0.7])
MANY = 10**9


def codes_of(*shape: int, first: int = 0) -> np.ndarray:
    """Return codes of band-pass elements that no two of a small layer share."""
    number = first + np.arange(math.prod(shape)).reshape(shape)
    capacitors = [1 + (number * 53 + c * 71) % 255 for c in range(1, 5)]
    return np.stack([number * 37 % 181 - 90, *capacitors], axis=-1).astype(np.int16)


PROGRAM = Program('bandpass', (codes_of(2, 3, 2), codes_of(3, 2, 2)), 0.5)


def strong(sources: int, targets: int) -> np.ndarray:
    """Return codes of edges of two strong, positive elements each."""
    codes = np.full((sources, targets, 2, 5), 100, dtype=np.int16)
    codes[..., 0] = 150
    return codes


def chip_of(
    program: Program = PROGRAM, deviations=None, seed=11, readout='parallel'
) -> SimulatedChip:
    chip = SimulatedChip(seed, deviations or Deviations(), readout)
    chip.program(program)
    return chip


def flawed(readout='parallel', **changes: float) -> SimulatedChip:
    sizes = {'node_noise': 0.01, 'age_h': 1000.0, 'dead': 0.1, **changes}
    return chip_of(deviations=find_deviations('bad', **sizes), readout=readout)


def steps(outputs: np.ndarray) -> list[int]:
    """Return outputs in steps of the converter: whole numbers, alike on every machine."""
    return np.rint(outputs / STEP_V).astype(int).tolist()


@pytest.mark.parametrize(
    ('readout', 'latency_s'), [('parallel', 0.001007744), ('multiplexed', 0.003023233)]
)
def test_golden_outputs_of_two_episodes(readout, latency_s):
    chip, found = flawed(readout), []
    for episode in (0, 5):
        chip.begin(episode)
        found.append([steps(chip.evaluate(X, time_s, 10.0)) for time_s in (0.0, 40.0)])
    assert found == [[[-127, -89], [-78, -93]], [[-127, -83], [-135, -36]]]
    assert chip.identity == Identity('simulated', 'sim-11', pytest.approx(latency_s, rel=1e-6))


def test_golden_outputs_of_a_chip_that_warms_up():
    chip, found = flawed(warming_c_s=10.0), []
    for time_s in (-1.0, 0.05, 0.1, 3.26, 50.0):
        outputs = steps(chip.evaluate(X, time_s, 10.0))
        found.append((*outputs, chip.telemetry().temperature_c))
    assert found == [
        (-127, -88, 25.0),
        (-78, -99, 25.0),
        (-103, -47, 26.0),
        (-111, -96, 57.0),
        (-110, -108, 125.0),
    ]


@pytest.mark.parametrize(
    ('target', 'index', 'driven', 'undriven'),
    [
        (
            'element',
            Index(0, 1, 2, 1),
            (-0.015034995997631044, -0.08360892023227476),
            (0.003448470638157645, 0.0037295907304293356),
        ),
        (
            'edge',
            Index(1, 2, 1),
            (0.14222707889929323, 0.042561045682898854),
            (0.16389984552066825, 0.1651417010282239),
        ),
        (
            'node',
            Index(1, 0, 1),
            (0.02948595469505933, -0.16976953410535342),
            (0.06658535018443612, 0.06896958412361774),
        ),
    ],
)
def test_golden_sweeps(target, index, driven, undriven):
    chip = flawed()
    chip.begin(3)
    jobs = {'element': 0, 'edge': 2, 'node': 4}
    for _ in range(jobs[target]):
        chip.sweep('node', Index(0), X, 1)
    points = np.array([0.1, 0.6])
    np.testing.assert_allclose(chip.sweep(target, index, points, 4), driven, rtol=1e-9)
    np.testing.assert_allclose(chip.sweep(target, index, points, 16, False), undriven, rtol=1e-9)


def test_golden_memristors_are_programmed_again_in_each_episode():
    """Cycle-to-cycle spread is drawn by chip, episode and layer, and by nothing else."""
    layer = np.full((3, 2, 2, 7), (128, 128, 128, 128, 200, 0, 100), dtype=np.int16)
    program = Program('memdiode', (layer, layer[:2, :1]), 0.5)
    spread = Deviations(element_current=0.2, element_slope=0.05, cycle_to_cycle=0.8)
    chip, golden = (
        chip_of(program, spread),
        {
            0: (-0.36737635203188, -0.33834606704740),
            3: (-0.38404547105567, -0.34176685712407),
            4: (-0.36253408276502, -0.36577520196227),
        },
    )
    for episode in (0, 3, 4, 3, 0):
        chip.begin(episode)
        swept = [chip.sweep('edge', Index(n, 1, 0), np.array([0.5]), 10**12) for n in (0, 1)]
        np.testing.assert_allclose(np.ravel(swept), golden[episode], atol=1e-8)
    chip.begin(3)
    chip.program(program)
    swept = chip.sweep('edge', Index(0, 1, 0), np.array([0.5]), 10**12)
    np.testing.assert_allclose(swept, golden[0][0], atol=1e-8)


def test_each_sweep_has_noise_of_its_own_and_an_episode_repeats_it():
    chip = flawed()
    swept = []
    for episode in (3, 4, 3):
        chip.begin(episode)
        swept.append([chip.sweep('edge', Index(0), X, 1).tolist() for _ in range(3)])
    assert swept[0] == swept[2]
    assert len({tuple(values) for values in swept[0] + swept[1]}) == 6


@pytest.mark.parametrize('readout', ['parallel', 'multiplexed'])
def test_noise_of_each_node_adds_up_edges_rails_and_converter(readout):
    """A node sums its edges' read noise; node noise is a share of the rails of 3 V."""
    read, node = 0.01, 0.02
    chip = chip_of(deviations=Deviations(read_noise=read, node_noise=node), readout=readout)
    converter = 6 / 4096 * math.sqrt((4**1.5 - 1) / 12)
    hidden = converter if readout == 'multiplexed' else 0.0
    expected = [math.sqrt(2 * read**2 + (3 * node) ** 2 + hidden**2)] * 3
    expected += [math.sqrt(3 * read**2 + (3 * node) ** 2 + converter**2)] * 2
    np.testing.assert_allclose(chip.sigmas, expected, rtol=1e-12)
    assert (3.0, 6 / 4096, pytest.approx(converter)) == (RAIL_V, STEP_V, CONVERTER_NOISE_V)
    draws = np.array([chip.noise(0, step) for step in range(4000)])
    np.testing.assert_allclose(draws.std(axis=0), expected, rtol=0.05)
    np.testing.assert_allclose(draws.mean(axis=0), 0, atol=0.005)


def test_noise_of_hidden_nodes_reaches_the_outputs():
    deviations = Deviations(node_noise=0.05)
    program = Program('bandpass', (PROGRAM.layers[0], strong(3, 2)), 0.2)
    found = chip_of(program, deviations).evaluate(np.tile(X, (4000, 1)), 0.0, 1.0).std(axis=0)
    last = math.sqrt(0.15**2 + CONVERTER_NOISE_V**2)
    assert (found > 1.2 * last).all()
    single = Program('bandpass', PROGRAM.layers[:1])
    first = chip_of(single, deviations).evaluate(np.tile(X, (4000, 1)), 0.0, 1.0).std(axis=0)
    np.testing.assert_allclose(first, last, rtol=0.05)


@pytest.mark.parametrize('inputs', [1, 4, 16])
def test_the_offset_of_a_node_grows_with_the_root_of_its_inputs(inputs):
    """Offsets of edges are independent: sigma sqrt(n_in), frozen and drifting alike."""
    program, sigma = Program('bandpass', (codes_of(inputs, 6, 1),)), 0.05
    frozen, drifts = [], []
    for seed in range(60):
        chip = chip_of(program, Deviations(offset=sigma, offset_drift=0.2), seed)
        frozen += [chip.sweep('node', Index(0, 0, j), X, MANY, False)[0] for j in range(6)]
        drifts.append(chip.drift(seed).at(100.0 * seed))
    assert np.std(frozen) == pytest.approx(sigma * math.sqrt(inputs), rel=0.12)
    assert np.std(drifts) == pytest.approx(0.2 * sigma * math.sqrt(inputs), rel=0.12)
    assert np.mean(frozen) == pytest.approx(0, abs=0.2 * sigma * math.sqrt(inputs))


def test_drift_is_that_of_the_episode_and_of_each_layer():
    chip = chip_of(deviations=Deviations(offset=0.1))
    first, again, other = (chip.drift(episode).at(7.0) for episode in (1, 1, 2))
    assert first.shape == (5,)
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
    sigmas = np.std([chip.drift(e).at(1.0) for e in range(1500)], axis=0)
    expected = 0.1 * 0.1 * np.sqrt([2, 2, 2, 3, 3])
    np.testing.assert_allclose(sigmas, expected, rtol=0.08)


def edge_gains(deviations: Deviations, seed: int) -> np.ndarray:
    """Return what multiplies each edge, and each of its elements: `[2, 3, 2]`."""
    chip, model = chip_of(deviations=deviations, seed=seed), chip_of(seed=seed)
    gains = []
    for i, j in itertools.product(range(2), range(3)):
        pair = [each.sweep('edge', Index(0, i, j), X, 10**15) for each in (chip, model)]
        gains.append(pair[0] / pair[1])
    return np.array(gains).reshape(2, 3, 2)


def test_gains_are_of_edges_and_independent():
    """An edge has one gain whatever its input, drawn about `1 + mean`; no two share it."""
    gains = np.array(
        [edge_gains(Deviations(edge_gain=0.1, edge_gain_mean=-0.05), s) for s in range(150)]
    )
    np.testing.assert_allclose(gains[..., 0], gains[..., 1], rtol=1e-3)
    flat = gains[..., 0].reshape(150, 6)
    assert flat.mean() == pytest.approx(0.95, abs=0.015)
    assert flat.std() == pytest.approx(0.1, rel=0.1)
    off_diagonal = np.corrcoef(flat.T)[~np.eye(6, dtype=bool)]
    assert abs(off_diagonal).max() < 0.3


def test_rails_limit_hidden_nodes_before_the_squashing():
    """A hidden node beyond a rail is squashed as 3 V, and is not counted unless it is read."""
    last, x = codes_of(1, 1, 2, first=5), np.full(24, 0.5)
    program = Program('bandpass', (strong(24, 1), last), 1.5)
    alone = IdealChip()
    alone.program(program)
    assert alone.sweep('node', Index(0), x, 1).min() > 3
    railed = chip_of(Program('bandpass', (last,))).evaluate(
        np.array([1 / (1 + math.exp(-3 / 1.5))]), 0.0, 1.0
    )
    for readout, counted in (('parallel', 0), ('multiplexed', 1)):
        chip = chip_of(program, readout=readout)
        np.testing.assert_allclose(chip.evaluate(x, 0.0, 1.0), railed, atol=4 * STEP_V)
        assert chip.telemetry().saturated == counted


def test_dead_elements_are_missing_from_their_edges():
    """Outputs are those of the program without them; which are dead depends on the seed alone."""
    chip = chip_of(deviations=Deviations(dead=0.3), seed=4)
    silent = []
    for layer, codes in enumerate(PROGRAM.layers):
        lost = codes.copy()
        for i, j, k in itertools.product(*map(range, codes.shape[:3])):
            value = chip.sweep('element', Index(layer, i, j, k), np.array([0.5]), 10**15)
            physical = bandpass.decode(codes[i, j, k])
            if abs(value[0]) < 0.1 * abs(bandpass.response(np.array([0.5]), physical)[0]):
                lost[i, j, k, 0] = 0
        silent.append(lost)
    dead = sum(
        int((lost[..., 0] != codes[..., 0]).sum())
        for lost, codes in zip(silent, PROGRAM.layers, strict=True)
    )
    assert 3 <= dead <= 12
    without = chip_of(Program('bandpass', tuple(silent), 0.5), seed=4)
    np.testing.assert_allclose(
        chip.evaluate(X, 0.0, 1.0), without.evaluate(X, 0.0, 1.0), atol=1.5 * STEP_V
    )


def test_an_element_that_fails_is_dead_until_the_next_program():
    chip, index = chip_of(), Index(1, 2, 1, 1)
    before = chip.sweep('element', index, X, MANY)
    edge = chip.sweep('edge', index, X, MANY)
    outputs = chip.evaluate(X, 0.0, 1.0)
    chip.fail_element(index)
    np.testing.assert_allclose(chip.sweep('element', index, X, MANY), 0, atol=1e-6)
    np.testing.assert_allclose(chip.sweep('edge', index, X, MANY), edge - before, atol=1e-6)
    changed = chip.evaluate(X, 0.0, 1.0)
    assert abs(changed[0] - outputs[0]) < 6 * STEP_V < abs(changed[1] - outputs[1])
    chip.program(PROGRAM)
    np.testing.assert_allclose(chip.sweep('element', index, X, MANY), before, atol=1e-6)


def test_latency_is_one_settling_for_each_group_of_four_elements():
    settling_s = bandpass.settling_s()
    for elements, groups in ((4, 1), (5, 2), (8, 2), (9, 3)):
        program = Program('bandpass', (codes_of(1, 1, elements),))
        assert chip_of(program, readout='multiplexed').identity.latency_s == settling_s * groups
    assert chip_of(readout='parallel').identity.latency_s == 2 * settling_s


@pytest.mark.parametrize(
    ('rate', 'time_s', 'temperature'),
    [
        (10.0, 0.099, 25.0),
        (10.0, 0.101, 26.0),
        (10.0, 9.999, 124.0),
        (10.0, 1e6, 125.0),
        (-10.0, 1.01, 14.0),
        (0.0, 1e6, 25.0),
    ],
)
def test_temperature_changes_by_whole_degrees_up_to_a_hundred(rate, time_s, temperature):
    chip = chip_of(deviations=Deviations(warming_c_s=rate))
    chip.evaluate(X, time_s, 1.0)
    assert chip.telemetry().temperature_c == temperature
    chip.begin(1)
    assert chip.telemetry().temperature_c == 25.0


def test_a_new_program_begins_as_a_new_chip_does():
    chip = flawed(warming_c_s=10.0)
    chip.begin(9)
    chip.evaluate(X, 5.0, 1.0)
    chip.sweep('edge', Index(0), X, 1)
    chip.begin(0)
    chip.program(PROGRAM)
    fresh = flawed(warming_c_s=10.0)
    for time_s in (0.0, 0.5, 3.0):
        np.testing.assert_array_equal(
            chip.evaluate(X, time_s, 1.0), fresh.evaluate(X, time_s, 1.0)
        )
