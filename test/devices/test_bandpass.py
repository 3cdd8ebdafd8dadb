"""The band-pass element against its formulas, written out in another way."""

import math
import timeit

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import signal

from pkan_control.devices.bandpass import bandpass, drive_hz, filter_power
from pkan_control.devices.deviations import Deviations
from pkan_control.devices.element import find_device

CLOCK = 4e6
UNIT = st.floats(0, 1)
CORNERS = st.floats(4.5e3, 350e3)
CAPACITORS = st.integers(1, 255)
CODES = st.tuples(st.integers(-150, 150), *[CAPACITORS] * 4)


def physical(count: int, seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    corners = 10 ** (3.65 + 1.9 * draw.random((count, 2)))
    return np.concatenate([draw.uniform(-1.5, 1.5, (count, 1)), corners], axis=1)


def sampled(f_hz: float, gain: float, low_hz: float, high_hz: float) -> float:
    """Return the amplitude of two sampled sections with their corners pre-warped."""

    def section(corner_hz: float, numerator: list[float]) -> float:
        omega = 2 * CLOCK * math.tan(math.pi * corner_hz / CLOCK)
        b, a = signal.bilinear([n * omega**i for i, n in enumerate(numerator)], [1, omega], CLOCK)
        return abs(signal.freqz(b, a, worN=[f_hz], fs=CLOCK)[1][0])

    return gain * section(low_hz, [0, 1]) * section(high_hz, [1, 0])


def test_is_found_by_name():
    assert find_device('bandpass') is bandpass


def test_unknown_device_names_the_known(refused):
    with refused("'lamp'", 'bandpass'):
        find_device('lamp')


@pytest.mark.parametrize(('x', 'hz'), [(0.0, 4466.8), (0.5, 25118.0), (1.0, 140_685.0)])
def test_drive_runs_from_4_5_to_141_khz(x, hz):
    assert drive_hz(np.array(x)) == pytest.approx(hz, rel=1e-3)


@given(UNIT, st.floats(-1.5, 1.5), CORNERS, CORNERS)
def test_response_is_a_high_pass_times_a_low_pass(x, gain, low, high):
    f = CLOCK / math.pi * math.atan(math.pi * 10 ** (3.65 + 1.5 * x) / CLOCK)
    expected = gain * abs(1j * f / (high + 1j * f)) * abs(low / (low + 1j * f))
    response = bandpass.response(np.array(x), np.array([gain, low, high]))
    assert response == pytest.approx(expected, rel=1e-12, abs=1e-15)


@given(UNIT, st.floats(-1.5, 1.5), CORNERS, CORNERS)
def test_exact_response_is_that_of_the_sampled_circuit(x, gain, low, high):
    expected = sampled(float(drive_hz(np.array(x))), gain, low, high)
    response = bandpass.exact_response(np.array(x), np.array([gain, low, high]))
    assert response == pytest.approx(expected, rel=1e-8, abs=1e-12)


def test_sampling_moves_an_edge_by_less_than_a_thousandth_or_so():
    elements = physical(12_000).reshape(2000, 6, 3)
    x = np.linspace(0, 1, 51).reshape(-1, 1, 1)
    edges = [f(x, elements).sum(axis=-1) for f in (bandpass.response, bandpass.exact_response)]
    rmse = np.sqrt(np.mean((edges[0] - edges[1]) ** 2))
    assert 2e-4 < rmse < 3e-3


def test_shapes_broadcast():
    assert bandpass.response(np.zeros((7, 1, 1, 1)), np.ones((2, 3, 4, 3))).shape == (7, 2, 3, 4)


@given(arrays.arrays(np.float64, (5, 3), elements=st.floats(-50, 50)))
def test_trainable_values_stay_in_the_realisable_range(trainable):
    gain, *corners = np.moveaxis(bandpass.bounded(trainable), -1, 0)
    assert (abs(gain) <= 1.5).all()
    for corner in corners:
        assert (corner >= 10**3.65 * (1 - 1e-12)).all()
        assert (corner <= 10**5.55 * (1 + 1e-12)).all()


def test_a_trainable_zero_is_the_middle_of_every_range():
    middle = bandpass.bounded(np.zeros(3))
    np.testing.assert_allclose(middle, [0, 10**4.6, 10**4.6], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(('end', 'gain', 'hz'), [(-40.0, -1.5, 10**3.65), (40.0, 1.5, 10**5.55)])
def test_trainable_values_reach_both_ends(end, gain, hz):
    np.testing.assert_allclose(bandpass.bounded(np.full(3, end)), [gain, hz, hz], rtol=1e-9)


def test_training_starts_with_small_gains_and_corners_all_over_the_band():
    draws = bandpass.initial(np.random.default_rng(3), (200, 100))
    assert draws.shape == (200, 100, 3)
    np.testing.assert_allclose(draws.mean(axis=(0, 1)), 0.0, atol=0.05)
    np.testing.assert_allclose(draws.std(axis=(0, 1)), [0.3, 1.5, 1.5], rtol=0.02)


def test_initial_values_depend_on_the_generator_alone():
    draws = [bandpass.initial(np.random.default_rng(seed), (2, 3, 4)) for seed in (1, 1, 2)]
    assert draws[0].shape == (2, 3, 4, 3)
    assert (draws[0] == draws[1]).all()
    assert (draws[0] != draws[2]).all()


@given(CODES)
def test_codes_mean_the_same_after_a_round_trip(codes):
    meant = bandpass.decode(np.array(codes, dtype=np.int16))
    again = bandpass.decode(bandpass.encode(meant))
    np.testing.assert_allclose(again, meant, rtol=1e-12, atol=1e-15)


@given(st.floats(-1.5, 1.5), CORNERS, CORNERS)
def test_codes_are_ones_that_the_device_has(gain, low, high):
    codes = bandpass.encode(np.array([gain, low, high]))
    assert codes.dtype == np.int16
    for code, (lowest, highest) in zip(codes, bandpass.code_limits, strict=True):
        assert lowest <= code <= highest
    assert codes[0] / 100 == pytest.approx(gain, abs=0.005 + 1e-12)


@pytest.mark.parametrize('wanted', [4.5e3, 6789.0, 31_415.9, 123_456.0, 350e3])
def test_corners_take_the_nearest_of_all_capacitor_pairs(wanted):
    c1, c2 = np.meshgrid(np.arange(1, 256), np.arange(1, 256))
    every = CLOCK / np.pi * np.arctan2(c1, 2 * c2 + c1)
    nearest = every.flat[np.argmin(abs(np.log(every / wanted)))]
    found = bandpass.decode(bandpass.encode(np.array([0.0, wanted, wanted])))
    np.testing.assert_allclose(found[1:], nearest, rtol=1e-12)


def test_corners_are_realisable_within_half_a_percent():
    wanted = np.geomspace(4e3, 400e3, 20_000).reshape(-1, 2)
    values = np.concatenate([np.zeros((10_000, 1)), wanted], axis=1)
    error = abs(bandpass.decode(bandpass.encode(values))[:, 1:] / wanted - 1)
    assert error.max() <= 5e-3
    assert np.median(error) <= 2e-4


def test_ten_thousand_corners_are_quantised_in_milliseconds():
    wanted = np.geomspace(4e3, 400e3, 10_000).reshape(-1, 2)
    values = np.concatenate([np.zeros((5000, 1)), wanted], axis=1)
    bandpass.encode(values)
    assert min(timeit.repeat(lambda: bandpass.encode(values), number=1, repeat=9)) < 0.02


def test_torch_and_numpy_compute_the_same():
    values = physical(200)
    tensors, x = torch.from_numpy(values), np.linspace(0, 1, 200)
    codes = bandpass.encode(values)
    assert (bandpass.encode(tensors).numpy() == codes).all()
    pairs = [
        (bandpass.response(x, values), bandpass.response(torch.from_numpy(x), tensors)),
        (
            bandpass.exact_response(x, values),
            bandpass.exact_response(torch.from_numpy(x), tensors),
        ),
        (bandpass.bounded(values / 1e5), bandpass.bounded(tensors / 1e5)),
        (bandpass.decode(codes), bandpass.decode(torch.from_numpy(codes))),
    ]
    for ours, theirs in pairs:
        np.testing.assert_allclose(theirs.numpy(), ours, rtol=1e-12, atol=1e-15)


def test_gradients_are_finite_over_the_whole_input_range():
    trainable = torch.randn((64, 3), generator=torch.Generator().manual_seed(0)) * 3
    trainable.requires_grad_()
    x = torch.linspace(0, 1, 33).reshape(-1, 1).requires_grad_()
    bandpass.response(x, bandpass.bounded(trainable)).square().sum().backward()
    for leaf in (trainable, x):
        assert torch.isfinite(leaf.grad).all()
        assert (leaf.grad != 0).any()


def test_warming_moves_corners_and_mismatch_moves_everything():
    values = np.array([[1.0, 1e4, 1e5]])
    none, draws = np.zeros((1, 3)), np.array([[1.0, -2.0, 3.0]])
    hot = Deviations(corner_tempco=25e-6, temperature_c=65.0)
    warm = bandpass.deviate(values, none, draws, hot)
    np.testing.assert_allclose(warm, [[1.0, 1.001e4, 1.001e5]], rtol=1e-12)
    mismatched = bandpass.deviate(values, draws, draws, Deviations(element_mismatch=0.01))
    np.testing.assert_allclose(mismatched, [[1.01, 9.8e3, 1.03e5]], rtol=1e-12)


def test_a_layer_settles_in_half_a_millisecond():
    assert 424e-6 <= bandpass.settling_s() <= 750e-6


def test_power_grows_with_the_highest_corner_and_ends_with_the_gain():
    values = np.array([[1.0, 1e3, 2e3], [1.0, 4e3, 1e3], [0.0, 4e3, 1e3]])
    watts = bandpass.power_w(values, np.array(3.3e-17))
    assert watts[1] == pytest.approx(2 * watts[0])
    assert watts[2] == 0
    assert watts[0] == pytest.approx(2 * 52e-9, rel=0.02)


def test_measured_filter_is_reproduced():
    watts = filter_power(np.array(3.3e-17), 2, np.array(1e3), 10**5.9)
    assert watts == pytest.approx(52e-9, rel=0.02)


def test_power_is_proportional_to_every_factor():
    base = filter_power(np.array(1e-18), 1, np.array(1e4), 1e5)
    assert base == pytest.approx(1e-9)
    assert filter_power(np.array([1e-18, 2e-18]), 2, np.array(3e4), 4e5) == pytest.approx(
        [24e-9, 48e-9]
    )
