"""The band-pass element of a field-programmable analogue array (switched capacitors).

Source of the formulas: arXiv:2606.23742, "Low-power analogue neural networks with trainable
nonlinear connections for continuous control". An input x in [0, 1] sets the frequency of a drive
of unit amplitude; the element is a first-order high-pass and a first-order low-pass in series,
and its output is the *amplitude* of the filtered drive times a signed gain. An edge sums the
amplitudes of its elements, so each element needs a detector of its own.
"""

import math
from functools import lru_cache
from types import ModuleType

import numpy as np

from pkan_control.common.arrays import Array, Floats, namespace
from pkan_control.devices.deviations import PROGRAMMING_C, Deviations

CLOCK_HZ = 4e6
# Drive frequency before the bilinear warp: 10**(3.65 + 1.5 x) Hz, 4.5 kHz to 141 kHz.
DRIVE_LOG_HZ = (3.65, 1.5)
# Trainable corners: 10**(3.65 + 1.9 p) Hz for p in (0, 1), 4.5 kHz to 355 kHz.
CORNER_LOG_HZ = (3.65, 1.9)
GAIN_LIMIT = 1.5
GAIN_STEP = 0.01
CAPACITOR_LIMITS = (1, 255)
# Two first-order sections of time constants up to 40 us settle within seven of them, and the
# amplitude detector needs one period of the lowest drive (224 us).
SETTLING_S = 7 * 40e-6 + 1 / 10 ** DRIVE_LOG_HZ[0]
# Signal-to-noise ratio (power) of the sections: 59 dB, as of the measured 0.18 um Gm-C filter of
# Electronics 13(2):399.
SIGNAL_TO_NOISE = 10**5.9
POLES = 2


class BandPass:
    """Band-pass elements; parameters are gain, low-pass corner and high-pass corner."""

    name = 'bandpass'
    parameters = ('gain', 'low_pass_hz', 'high_pass_hz')
    codes = ('gain', 'low_c1', 'low_c2', 'high_c1', 'high_c2')
    code_limits = ((-150, 150), *[CAPACITOR_LIMITS] * 4)
    constants = (CLOCK_HZ, *DRIVE_LOG_HZ, *CORNER_LOG_HZ, GAIN_LIMIT, GAIN_STEP)
    nodes = 17

    def initial(self, generator: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """Draw trainable values: small gains, corners spread over the band."""
        gain = generator.normal(0.0, 0.3, (*shape, 1))
        corners = generator.normal(0.0, 1.5, (*shape, 2))
        return np.concatenate([gain, corners], axis=-1)

    def bounded(self, trainable: Array) -> Array:
        """Map trainable values through a sigmoid to gain in [-1.5, 1.5] and corners in Hz."""
        xp = namespace(trainable)
        p = 1 / (1 + xp.exp(-trainable))
        gain = 2 * GAIN_LIMIT * (p[..., 0] - 0.5)
        corners = _exp10(CORNER_LOG_HZ[0] + CORNER_LOG_HZ[1] * p[..., 1:], xp)
        return xp.concat([gain[..., None], corners], axis=-1)

    def response(self, x: Array, physical: Array) -> Array:
        """Return `g (f/f_H) / sqrt(1 + (f/f_H)^2) / sqrt(1 + (f/f_L)^2)`, dimensionless."""
        f = drive_hz(x)
        low = f / physical[..., 1]
        high = f / physical[..., 2]
        return _amplitude(physical[..., 0], low, high)

    def slopes(self, x: Array, physical: Array) -> tuple[Array, Array, Array, Array]:
        """Return the response, and its derivatives by gain, low-pass and high-pass corner."""
        f = drive_hz(x)
        gain, low_hz, high_hz = (physical[..., i] for i in range(3))
        square = f * f
        low = (1 + square * low_hz**-2) ** -1
        high = (1 + square * high_hz**-2) ** -1
        amplitude = namespace(f).sqrt(low * high) * f * high_hz**-1
        response = gain * amplitude
        by_low, by_high = response * (1 - low) * low_hz**-1, response * high * -(high_hz**-1)
        return response, amplitude, by_low, by_high

    def exact_response(self, x: Array, physical: Array) -> Array:
        """Return the response of the sampled circuit (z-domain).

        A section's `f/f_c` becomes `tan(pi f/f_clk) / tan(pi f_c/f_clk)`.
        """
        xp = namespace(x, physical)
        drive = xp.tan(math.pi / CLOCK_HZ * drive_hz(x))
        corner = xp.tan(math.pi / CLOCK_HZ * physical[..., 1:])
        return _amplitude(physical[..., 0], drive / corner[..., 0], drive / corner[..., 1])

    def encode(self, physical: Array) -> Array:
        """Return gain and capacitor codes; corners are rounded to the nearest in log frequency."""
        xp = namespace(physical)
        gain = xp.round(physical[..., 0] / GAIN_STEP)
        nearest, capacitors = _nearest(physical), _like(_corner_table()[1], physical, xp)
        pairs = xp.reshape(capacitors[nearest], (*gain.shape, 4))
        return xp.astype(xp.concat([gain[..., None], pairs], axis=-1), xp.int16)

    def realised(self, physical: Array) -> Array:
        """Return the nearest gain and corners that codes realise."""
        xp = namespace(physical)
        gain = xp.astype(xp.round(physical[..., :1] / GAIN_STEP), xp.float64) * GAIN_STEP
        corners = _like(_corner_table()[2], physical, xp)[_nearest(physical)]
        corners = xp.reshape(corners, (*gain.shape[:-1], 2))
        return xp.concat([xp.astype(gain, physical.dtype), corners], axis=-1)

    def decode(self, codes: Array) -> Array:
        """Return gain and corners `(f_clk/pi) atan(C1 / (2 C2 + C1))` that codes realise."""
        xp = namespace(codes)
        values = xp.astype(codes, xp.float64)
        gain = values[..., 0] * GAIN_STEP
        low = realised_hz(values[..., 1], values[..., 2])
        high = realised_hz(values[..., 3], values[..., 4])
        return xp.stack([gain, low, high], axis=-1)

    def deviate(
        self, physical: Floats, draws: Floats, cycles: Floats, deviations: Deviations
    ) -> Floats:
        """Scale every parameter by its capacitor mismatch, and the corners by the warming."""
        mismatch = deviations.element_mismatch * draws
        warming = deviations.corner_tempco * (deviations.temperature_c - PROGRAMMING_C)
        deviated: Floats = physical * (1 + mismatch) * (1 + np.asarray([0.0, warming, warming]))
        return deviated

    def settling_s(self) -> float:
        """Return seven of the longest time constants and a period of the lowest drive."""
        return SETTLING_S

    def power_w(self, physical: Floats, figure_of_merit_j: Floats) -> Floats:
        """Return `FOM * poles * f_highest * SNR` of each element, 0 where its gain is 0."""
        highest_hz = np.maximum(physical[..., 1], physical[..., 2])
        watts = filter_power(figure_of_merit_j, POLES, highest_hz, SIGNAL_TO_NOISE)
        return np.where(physical[..., 0] == 0, 0.0, watts)


def filter_power(
    figure_of_merit_j: Floats, poles: int, highest_hz: Floats, signal_to_noise: float
) -> Floats:
    """Return `FOM * poles * f_highest * SNR` in watts."""
    return figure_of_merit_j * poles * highest_hz * signal_to_noise


def drive_hz(x: Array) -> Array:
    """Return the drive frequency in Hz of an input x in [0, 1], bilinear warp included."""
    xp = namespace(x)
    f0 = _exp10(DRIVE_LOG_HZ[0] + DRIVE_LOG_HZ[1] * x, xp)
    return CLOCK_HZ / math.pi * xp.atan(math.pi / CLOCK_HZ * f0)


def realised_hz(c1: Array, c2: Array) -> Array:
    """Return the corner in Hz of capacitors C1 and C2 (1..255, in units)."""
    xp = namespace(c1, c2)
    return CLOCK_HZ / math.pi * xp.atan(c1 / (2 * c2 + c1))


def _amplitude(gain: Array, low: Array, high: Array) -> Array:
    xp = namespace(gain, low, high)
    return gain * high / xp.sqrt((1 + high * high) * (1 + low * low))


def _exp10(exponent: Array, xp: ModuleType) -> Array:
    return xp.exp(math.log(10) * exponent)


def _like(table: Floats, array: Array, xp: ModuleType) -> Array:
    return xp.asarray(table, dtype=array.dtype, device=array.device)


def _nearest(physical: Array) -> Array:
    """Return the indices in the table of the elements' corners, as one row."""
    xp = namespace(physical)
    logs = _like(_corner_table()[0], physical, xp)
    corners = xp.log(xp.reshape(physical[..., 1:], (-1,)))
    return xp.searchsorted((logs[1:] + logs[:-1]) / 2, corners)


@lru_cache(maxsize=1)
def _corner_table() -> tuple[Floats, Floats, Floats]:
    """Return all realisable corners: logarithms, ascending; their pairs `[n, 2]`; in Hz."""
    low, high = CAPACITOR_LIMITS
    c1, c2 = np.meshgrid(np.arange(low, high + 1), np.arange(low, high + 1), indexing='ij')
    keep = np.gcd(c1, c2) == 1
    pairs = np.stack([c1[keep], c2[keep]], axis=-1).astype(np.float64)
    hz = realised_hz(pairs[:, 0], pairs[:, 1])
    order = np.argsort(np.log(hz))
    return np.log(hz)[order], pairs[order], hz[order]


bandpass = BandPass()
