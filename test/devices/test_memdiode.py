"""The memristive element against its two circuit equations and a root finder."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special

from pkan_control.devices.deviations import Deviations, find_deviations
from pkan_control.devices.element import find_device
from pkan_control.devices.memdiode import HIGH, LOW, RANGES, memdiode, solve, wright_omega
from pkan_control.networks.program import chebyshev, compile_layer

COUNT = 10_000
WIDE = np.concatenate([np.linspace(-700, 2000, 20_001), np.linspace(-42, 8, 20_001)])
CODES = st.tuples(*[st.integers(low, high) for low, high in memdiode.code_limits])


def physical(count: int = COUNT, seed: int = 0) -> np.ndarray:
    """Return parameters all over their ranges, the saturation current evenly in its logarithm."""
    values = LOW + (HIGH - LOW) * np.random.default_rng(seed).random((count, 7))
    values[:, 3] = 10 ** np.random.default_rng(seed + 1).uniform(-7, -5, count)
    return values


def volts(count: int = COUNT, seed: int = 2) -> np.ndarray:
    """Return input voltages with all biases in them."""
    return np.random.default_rng(seed).uniform(-0.5, 1.5, count)


def circuit(voltage: float, values: np.ndarray) -> tuple[float, float]:
    """Return output and current by a bracketing root finder, over the logarithm of the current."""
    load, divider, series, saturation, slope = values[:5]

    def output(current: float) -> float:
        return load * (voltage - divider * current) / (divider + load)

    def excess(log: float) -> float:
        current = math.exp(log)
        drive = slope * (output(current) + voltage - current * series)
        return log - math.log(saturation) - drive

    current = math.exp(optimize.brentq(excess, -300.0, 5.0, xtol=1e-14, rtol=1e-15))
    return output(current), current


def test_is_found_by_name():
    assert find_device('memdiode') is memdiode


def test_both_circuit_equations_hold():
    """Residuals relative to the largest term: the load's current, and the memdiode's."""
    v, values = volts(), physical()
    u, i = solve(v, values)
    load, divider, series, saturation, slope = values.T[:5]
    terms = np.array([u, load * (v - u) / divider, -load * i])
    first = abs(terms[0] - terms[1] - terms[2]) / abs(terms).max(axis=0)
    second = abs(saturation * np.exp(slope * (u + v - i * series)) / i - 1)
    assert first.max() <= 1e-12
    assert second.max() <= 1e-12


def test_a_root_finder_finds_the_same():
    v, values = volts(), physical()
    u, i = solve(v, values)
    wanted = np.array([circuit(*pair) for pair in zip(v, values, strict=True)])
    assert abs(i / wanted[:, 1] - 1).max() <= 1e-9
    assert abs(u / wanted[:, 0] - 1).max() <= 1e-9


def test_response_is_the_output_at_a_biased_input_times_the_gain():
    values = physical(50)
    x = np.random.default_rng(3).random(50)
    wanted = [
        row[6] * circuit(position + row[5], row)[0]
        for position, row in zip(x, values, strict=True)
    ]
    np.testing.assert_allclose(memdiode.response(x, values), wanted, rtol=1e-9)
    np.testing.assert_array_equal(memdiode.exact_response(x, values), memdiode.response(x, values))


def test_gradients_are_those_of_differences():
    values = np.random.default_rng(4).normal(0, 2, (COUNT, 7))
    x = np.random.default_rng(5).random(COUNT)
    leaves = torch.from_numpy(x), torch.from_numpy(values)
    for leaf in leaves:
        leaf.requires_grad_()
    memdiode.response(leaves[0], memdiode.bounded(leaves[1])).sum().backward()
    gradients = np.concatenate([leaves[0].grad[:, None], leaves[1].grad], axis=1)
    for index in range(8):
        step = 1e-5 * (np.arange(8) == index)
        up, down = (
            memdiode.response(x + s[0], memdiode.bounded(values + s[1:])) for s in (step, -step)
        )
        wanted = (up - down) / 2e-5
        error = abs(gradients[:, index] - wanted) / np.maximum(1, abs(wanted))
        assert error.max() <= 1e-5


def test_single_precision_is_finite_and_right_to_its_digits():
    trainable = np.random.default_rng(6).choice([-30.0, 0.0, 30.0], (3000, 7))
    x = np.linspace(0, 1, 51)[:, None]
    single = torch.tensor(trainable, dtype=torch.float32, requires_grad=True)
    values = memdiode.response(torch.tensor(x, dtype=torch.float32), memdiode.bounded(single))
    values.sum().backward()
    assert torch.isfinite(single.grad).all()
    wanted = memdiode.response(x, memdiode.bounded(trainable))
    np.testing.assert_allclose(values.detach().numpy(), wanted, atol=5e-5)


def test_trainable_zero_is_the_middle_of_every_range():
    middle = [50.5, 5.5, 0.51 / 1.01, 1e-6, 30.0, 0.0, 0.0]
    np.testing.assert_allclose(memdiode.bounded(np.zeros(7)), middle, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(('end', 'wanted'), [(-40.0, LOW), (40.0, HIGH)])
def test_trainable_values_reach_both_ends(end, wanted):
    np.testing.assert_allclose(memdiode.bounded(np.full(7, end)), wanted, rtol=1e-9)


@given(CODES)
def test_codes_come_back_from_what_they_mean(codes):
    given_codes = np.array(codes, dtype=np.int16)
    np.testing.assert_array_equal(memdiode.encode(memdiode.decode(given_codes)), given_codes)


def test_codes_are_the_nearest():
    values = physical()
    error = abs(memdiode.decode(memdiode.encode(values)) / values - 1)
    steps = np.log(HIGH[:4] / LOW[:4]) / 255
    assert (error[:, :4].max(axis=0) <= steps / 2 * 1.02).all()
    linear = abs(memdiode.decode(memdiode.encode(values)) - values)[:, 4:]
    assert (linear.max(axis=0) <= np.array([40 / 255, 0.004, 0.01]) / 2 * (1 + 1e-9)).all()


def test_codes_reach_both_ends_and_gain_0_disconnects():
    low, high = np.array(memdiode.code_limits).T
    for codes, ends in ((low, LOW), (high, HIGH)):
        np.testing.assert_allclose(memdiode.decode(codes.astype(np.int16)), ends, rtol=1e-12)
        np.testing.assert_array_equal(memdiode.encode(ends), codes)
    assert memdiode.decode(np.zeros(7, dtype=np.int16))[6] == 0


def test_nodes_interpolate_to_5e_5_all_over_the_ranges():
    numbers = np.random.default_rng(7)
    values = memdiode.bounded(30 * numbers.choice([-1.0, -0.05, 0.0, 0.05, 1.0], (1, 4000, 1, 7)))
    x = np.linspace(0, 1, 301)[:, None]
    between = chebyshev(x, memdiode.nodes) @ compile_layer(memdiode, values)
    error = abs(between - memdiode.response(x, values[0, :, 0]))
    assert 1e-6 < error.max() <= 5e-5


def test_parameters_deviate_by_the_spread_of_their_kind():
    sizes = {'element_mismatch': 0.01, 'element_current': 0.2, 'element_slope': 0.03}
    values, draws = physical(), np.random.default_rng(8).standard_normal((COUNT, 7))
    found = memdiode.deviate(values, draws, 0 * draws, Deviations(**sizes)) / values
    passive = [0, 1, 2, 5, 6]
    np.testing.assert_allclose(found[:, passive], 1 + 0.01 * draws[:, passive])
    np.testing.assert_allclose(np.log(found[:, 3]), 0.2 * draws[:, 3], atol=1e-12)
    np.testing.assert_allclose(np.log(found[:, 4]), 0.03 * draws[:, 4], atol=1e-12)


def test_cycles_add_their_share_to_memristors_alone():
    deviations = Deviations(element_current=0.2, element_slope=0.03, cycle_to_cycle=0.5)
    values, cycles = physical(100), np.random.default_rng(9).standard_normal((100, 7))
    found = memdiode.deviate(values, 0 * cycles, cycles, deviations) / values
    np.testing.assert_array_equal(found[:, [0, 1, 2, 5, 6]], 1)
    np.testing.assert_allclose(np.log(found[:, 3]), 0.1 * cycles[:, 3], atol=1e-12)
    np.testing.assert_allclose(np.log(found[:, 4]), 0.015 * cycles[:, 4], atol=1e-12)


def test_presets_are_those_of_memristors():
    for preset, sigma, slope in (('good', 0.1, 0.02), ('typical', 0.2, 0.035), ('bad', 0.3, 0.05)):
        found = find_deviations(preset)
        assert (found.element_current, found.element_slope) == (sigma, slope)
        assert found.cycle_to_cycle == 0.5


@pytest.mark.parametrize(('celsius', 'factor'), [(25.0, 1.0), (26.0, 1 - 0.0034), (125.0, 0.7488)])
def test_slope_falls_by_a_third_of_a_percent_for_each_degree(celsius, factor):
    values, none = physical(5), np.zeros((5, 7))
    warm = memdiode.deviate(values, none, none, Deviations(temperature_c=celsius)) / values
    np.testing.assert_allclose(warm[:, 4], factor, atol=1e-4)
    np.testing.assert_array_equal(np.delete(warm, 4, axis=1), 1)


def test_power_is_what_the_parts_of_the_circuit_take():
    values = physical(200)
    v = np.linspace(0, 1, 2001)[:, None] + values[:, 5]
    u, i = solve(v, values)
    heat = (v - u) ** 2 / values[:, 1] + u**2 / values[:, 0] + i * (u + v)
    watts = memdiode.power_w(values, np.ones(1))
    np.testing.assert_allclose(watts, heat.mean(axis=0) / 1e3, rtol=0.01)
    assert (watts > 0).all()
    values[:, 6] = 0
    assert (memdiode.power_w(values, np.ones(1)) == 0).all()


def test_it_settles_in_seven_time_constants_of_divider_and_amplifier():
    """The slowest divider: 100 and 10 ohm of the source in parallel, a thousandfold, on 1 pF."""
    slowest = 1e3 / (1 / 100 + 1 / 10) * 1e-12
    wanted = 7 * (slowest + 1 / (2 * math.pi * 1e6))
    assert memdiode.settling_s() == pytest.approx(wanted, rel=1e-12)


def test_training_starts_all_over_the_ranges_with_small_gains():
    draws = memdiode.initial(np.random.default_rng(10), (200, 100))
    assert draws.shape == (200, 100, 7)
    np.testing.assert_allclose(draws.mean(axis=(0, 1)), 0.0, atol=0.05)
    np.testing.assert_allclose(draws.std(axis=(0, 1)), [1.5] * 6 + [0.6], rtol=0.02)


def test_values_beyond_the_ranges_get_the_codes_at_the_ends():
    low, high = np.array(memdiode.code_limits).T
    for values, ends in ((np.full(7, 1e-9), low), (np.full(7, 1e3), high)):
        codes = memdiode.encode(values)
        np.testing.assert_array_equal(codes[:5], ends[:5])
    below = np.array([1e-9] * 4 + [-1e3] * 3)
    np.testing.assert_array_equal(memdiode.encode(below), low)
    np.testing.assert_array_equal(memdiode.encode(np.full(7, 1e3)), high)


def test_names_say_the_units():
    assert memdiode.parameters == tuple(RANGES)
    assert len(memdiode.codes) == len(memdiode.parameters) == 7


def test_the_omega_function_reaches_double_precision():
    np.testing.assert_allclose(wright_omega(WIDE), special.wrightomega(WIDE), rtol=1e-14, atol=0)


def test_the_equation_of_omega_is_solved():
    z = WIDE[WIDE > -600]
    omega = wright_omega(z)
    np.testing.assert_allclose(omega + np.log(omega), z, rtol=1e-14, atol=1e-14)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_omega_is_finite_in_single_precision(number):
    z = np.array([number], dtype=np.float32)
    omega = wright_omega(z)
    assert omega.dtype == np.float32
    wanted = special.wrightomega(z.astype(float))
    np.testing.assert_allclose(omega, wanted, rtol=2e-6, atol=1e-38)


@pytest.mark.parametrize('kind', [torch.float32, torch.float64])
def test_the_gradient_of_omega_is_exact(kind):
    z = torch.tensor([-1e30, -300.0, -40.1, -2.0, 0.0, 3.0, 90.0, 1e30], dtype=kind)
    omega = wright_omega(z.requires_grad_())
    omega.sum().backward()
    assert omega.dtype == kind
    wanted = (omega / (1 + omega)).detach()
    np.testing.assert_array_equal(z.grad.numpy(), wanted.numpy())


def test_the_gradient_of_omega_is_that_of_differences():
    z = torch.linspace(-45, 60, 500, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(wright_omega, (z,), eps=1e-5, atol=1e-7, rtol=1e-5)


def test_torch_computes_the_same_omega_with_and_without_gradients():
    z = torch.from_numpy(WIDE)
    np.testing.assert_array_equal(
        wright_omega(z).numpy(), wright_omega(z.requires_grad_()).detach()
    )
    np.testing.assert_allclose(wright_omega(z).detach(), wright_omega(WIDE), rtol=1e-14, atol=0)
