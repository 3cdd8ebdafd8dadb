"""The memristive element: a memdiode in a resistive divider, with a voltage as its input.

Source of the formulas: arXiv:2606.23742, "Low-power analogue neural networks with trainable
nonlinear connections for continuous control". An input x in [0, 1] is a voltage `V = x + bias`;
the output voltage `u` of the divider and the current `i` of the memdiode obey

    u = R_l ((V - u) / R - i)                 currents at the output node
    i = I_0 exp(alpha (u + V - i R_s))        the memdiode, its other end at -V

The source trains a surrogate network to solve them. There is a closed form, with the Wright omega
function (`omega + ln(omega) = z`):

    R_p = R_l R / (R_l + R)    a = alpha (R_p + R_s)    z = ln(a I_0) + alpha V (1 + R_p / R)
    i = omega(z) / a           u = R_p (V / R - i)

Resistances and currents are on the source's scale. The equations stay the same when every
resistance is multiplied, and every current divided, by one number: `IMPEDANCE`.
"""

import math
from types import ModuleType

import numpy as np

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.devices.deviations import PROGRAMMING_C, Deviations

# Lowest and highest value of each parameter: bias and gain chosen here, others from the source.
RANGES = {
    'load_ohm': (1.0, 100.0),
    'divider_ohm': (1.0, 10.0),
    'series_ohm': (0.01 / 1.01, 1.0),
    'saturation_a': (1e-7, 1e-5),
    'slope_per_v': (10.0, 50.0),
    'bias_v': (-0.5, 0.5),
    'gain': (-1.5, 1.5),
}
LOW, HIGH = (np.array(ends) for ends in zip(*RANGES.values(), strict=True))
# Realisable settings (assumed; no such chip is on the market): 8 bits each, the first `LOGS`
# parameters in equal ratios, as conductance levels of memristors are, the others in equal steps.
# The gain alone has more: the grid of the band-pass element, where 0 disconnects.
LOGS = 4
LEVELS = 255
BIAS_STEP_V = 0.004
GAIN_STEP = 0.01
BIAS_CODES = round(HIGH[5] / BIAS_STEP_V)
GAIN_CODES = round(HIGH[6] / GAIN_STEP)
# One ohm of the source as built, in ohm: resistors of 1 to 100 kohm, currents up to a milliampere
# (assumed: what is small enough on a chip). Power falls in proportion to it.
IMPEDANCE = 1e3
# Capacitance of the output node and bandwidth of the amplifier behind it (assumed).
NODE_F = 1e-12
AMPLIFIER_HZ = 1e6
TIME_CONSTANTS = 7
# The slope alpha is in inverse proportion to the absolute temperature, -0.34 %/K at 25 degC.
PROGRAMMING_K = 273.15 + PROGRAMMING_C
# Inputs over which the power is averaged.
POWER_POINTS = 33
# Wright omega: below this z it is e^z to double precision; steps of its iteration.
EXPONENTIAL_BELOW = -40.0
OMEGA_STEPS = 2


class Memdiode:
    """Memristive elements; their seven parameters are those of `RANGES`."""

    name = 'memdiode'
    parameters = tuple(RANGES)
    codes = ('load', 'divider', 'series', 'saturation', 'slope', 'bias', 'gain')
    code_limits = (
        *[(0, LEVELS)] * 5,
        (-BIAS_CODES, BIAS_CODES),
        (-GAIN_CODES, GAIN_CODES),
    )
    constants = (*LOW.tolist(), *HIGH.tolist(), float(LEVELS), BIAS_STEP_V, GAIN_STEP)
    # The bend of the sharpest element is 10 mV wide: 81 nodes give it to 4e-5 in volts at the
    # largest gain (73 to 5e-5; without a bias, 49 would do).
    nodes = 81

    def initial(self, generator: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """Draw trainable values: parameters across their ranges, small gains."""
        spread = np.array([1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 0.6])
        return spread * generator.standard_normal((*shape, len(RANGES)))

    def bounded(self, trainable: Array) -> Array:
        """Map trainable values through a sigmoid to the ranges: `I_0` by its logarithm."""
        xp = namespace(trainable)
        p = 1 / (1 + xp.exp(-trainable))
        linear = _like(LOW, p) + _like(HIGH - LOW, p) * p
        low, high = RANGES['saturation_a']
        current = low * xp.exp(math.log(high / low) * p[..., 3:4])
        return xp.concat([linear[..., :3], current, linear[..., 4:]], axis=-1)

    def response(self, x: Array, physical: Array) -> Array:
        """Return `gain * u` in volts, by the closed form."""
        return physical[..., 6] * solve(x + physical[..., 5], physical)[0]

    def exact_response(self, x: Array, physical: Array) -> Array:
        """Return the response: the closed form is exact for the circuit."""
        return self.response(x, physical)

    def encode(self, physical: Array) -> Array:
        """Return the nearest codes; the parameters with a logarithmic scale by ratio."""
        xp = namespace(physical)
        origin, step = (_like(part, physical) for part in _grid())
        places = xp.concat([xp.log(physical[..., :LOGS]), physical[..., LOGS:]], axis=-1)
        low, high = (
            _like(np.array(ends, float), physical) for ends in zip(*self.code_limits, strict=True)
        )
        nearest = xp.clip(xp.round((places - origin) / step), low, high)
        return xp.astype(nearest, xp.int16)

    def decode(self, codes: Array) -> Array:
        """Return the parameters that codes realise: `origin + code * step`, or its exponential."""
        xp = namespace(codes)
        values = xp.astype(codes, xp.float64)
        origin, step = (_like(part, values) for part in _grid())
        places = origin + values * step
        return xp.concat([xp.exp(places[..., :LOGS]), places[..., LOGS:]], axis=-1)

    def deviate(
        self, physical: Floats, draws: Floats, cycles: Floats, deviations: Deviations
    ) -> Floats:
        """Return resistors, bias and gain off by the mismatch, `I_0` and alpha by their spreads.

        `I_0` and alpha are lognormal, and differ again from one programming cycle to the next.
        """
        d = deviations
        spread = draws + d.cycle_to_cycle * cycles
        mismatch = 1 + d.element_mismatch * draws
        current = np.exp(d.element_current * spread[..., 3:4])
        kelvin = PROGRAMMING_K + d.temperature_c - PROGRAMMING_C
        slope = np.exp(d.element_slope * spread[..., 4:5]) * (PROGRAMMING_K / kelvin)
        factors = [mismatch[..., :3], current, slope, mismatch[..., 5:]]
        deviated: Floats = physical * np.concatenate(factors, axis=-1)
        return deviated

    def settling_s(self) -> float:
        """Return seven time constants of the divider's output node and of the amplifier."""
        divider = IMPEDANCE * HIGH[0] * HIGH[1] / (HIGH[0] + HIGH[1]) * NODE_F
        return float(TIME_CONSTANTS * (divider + 1 / (2 * math.pi * AMPLIFIER_HZ)))

    def power_w(self, physical: Floats, figure_of_merit_j: Floats) -> Floats:
        """Return the mean over x of the power of both sources, `V ((V - u) / R + i)`.

        There is no filter, so that it does not depend on the figure of merit; 0 for a gain of 0.
        """
        x = (np.arange(POWER_POINTS) + 0.5) / POWER_POINTS
        volts = x.reshape(-1, *[1] * (physical.ndim - 1)) + physical[..., 5]
        u, i = solve(volts, physical)
        watts = (volts * ((volts - u) / physical[..., 1] + i)).mean(axis=0) / IMPEDANCE
        return np.where(physical[..., 6] == 0, 0.0, watts) + 0.0 * figure_of_merit_j


def solve(volts: Array, physical: Array) -> tuple[Array, Array]:
    """Return the output u in volts and the current i in amperes (source's scale) at a voltage."""
    xp = namespace(volts, physical)
    load, divider, series, saturation, slope = (physical[..., index] for index in range(5))
    parallel = load * divider / (load + divider)
    a = slope * (parallel + series)
    z = xp.log(a * saturation) + slope * volts * (1 + parallel / divider)
    current = wright_omega(z) / a
    return parallel * (volts / divider - current), current


def wright_omega(z: Array) -> Array:
    """Return the Wright omega function of a finite z, elementwise, in any precision.

    It solves `omega + ln(omega) = z`: Lambert's `W(e^z)` without the exponential, which overflows
    single precision at z = 88. The iteration is that of F. Fritsch, R. Shafer and W. Crowley,
    "Solution of the transcendental equation w e^w = x", Communications of the ACM 16(2), 1973: of
    fourth order, so that two steps reach double precision.

    Where the arrays record gradients the iteration is kept out of the record; one first-order
    term around its result carries the exact derivative `omega / (1 + omega)`.
    """
    if not hasattr(z, 'detach'):
        return _omega(z, namespace(z))
    fixed = z.detach()
    omega = _omega(fixed, namespace(fixed))
    return omega + omega / (1 + omega) * (z - fixed)


def _omega(z: Array, xp: ModuleType) -> Array:
    limited = xp.clip(z, EXPONENTIAL_BELOW, None)
    omega = _first_omega(limited, xp)
    for _ in range(OMEGA_STEPS):
        omega = _improved_omega(omega, limited, xp)
    return xp.where(z < EXPONENTIAL_BELOW, xp.exp(xp.clip(z, None, 0.0)), omega)


def _first_omega(z: Array, xp: ModuleType) -> Array:
    """Return `e^z / (1 + e^z)` at the left, Taylor's series at 1, `z - ln z` at the right."""
    small = xp.exp(xp.clip(z, None, -1.0))
    off = xp.clip(z, -1.0, 3.0) - 1
    large = xp.clip(z, 3.0, None)
    middle = 1 + off / 2 + off * off / 16
    right = large - xp.log(large) * (1 - 1 / large)
    return xp.where(z < -1, small / (1 + small), xp.where(z > 3, right, middle))


def _improved_omega(omega: Array, z: Array, xp: ModuleType) -> Array:
    error = z - omega - xp.log(omega)
    ratio = error / (1 + omega)
    size = 1 + omega + 2 / 3 * error
    return omega * (1 + ratio * (size - ratio / 2) / (size - ratio))


def _grid() -> tuple[Floats, Floats]:
    """Return the value of code 0 and the step of a code, logarithms for the first `LOGS`."""
    low = np.concatenate([np.log(LOW[:LOGS]), LOW[LOGS:5]])
    high = np.concatenate([np.log(HIGH[:LOGS]), HIGH[LOGS:5]])
    origin = np.concatenate([low, [0.0, 0.0]])
    return origin, np.concatenate([(high - low) / LEVELS, [BIAS_STEP_V, GAIN_STEP]])


def _like(numbers: Floats, array: Array) -> Array:
    xp = namespace(array)
    return xp.asarray(numbers, dtype=array.dtype, device=array.device)


memdiode = Memdiode()
