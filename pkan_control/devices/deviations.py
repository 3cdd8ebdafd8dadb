"""Deviations of real chips: magnitudes, presets, and the draw of one chip."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError, unknown
from pkan_control.common.seeding import stream

PROGRAMMING_C = 25.0
# The offset drifts as an Ornstein-Uhlenbeck process of this share of the frozen offset and this
# correlation time (assumed; data sheets give the frozen part only).
DRIFT_SHARE = 0.1
DRIFT_TAU_S = 60.0
DRIFT_TERMS = 16


@dataclass(frozen=True)
class Deviations:
    """Magnitudes of all deviations; a sigma is the standard deviation from chip to chip."""

    # Relative error of every passive part, capacitor ratios above all (sigma). LTC1060 data
    # sheet: 0.3 to 0.8 %.
    element_mismatch: float = 0.0
    # Relative error of an edge's path gain (sigma) and its mean. AN221E04 measured: -2.6 %.
    edge_gain: float = 0.0
    edge_gain_mean: float = 0.0
    # Offset of an edge in gain units (sigma). AN221E04 data sheet: up to 41 mV.
    offset: float = 0.0
    # White noise of an edge at each reading, in gain units (sigma); an 80 to 90 dB class part.
    read_noise: float = 0.0
    # White noise of a node's sum at each reading, as a share of full scale (sigma).
    node_noise: float = 0.0
    # Probability of an element being dead: its output is 0.
    dead: float = 0.0
    # Relative change of a corner in 1/degC; matched-capacitor class (assumed).
    corner_tempco: float = 0.0
    # Relative change of an edge's gain per decade of hours (sigma, assumed).
    ageing: float = 0.0
    # Memristors, device to device: sigmas of the logarithms of the saturation current and of the
    # slope of an element. A shift of 10 mV at a slope of 50 1/V is a factor of 1.65 in current.
    element_current: float = 0.0
    element_slope: float = 0.0
    # The same from one programming cycle to the next, as a share of the two spreads above.
    cycle_to_cycle: float = 0.0
    # Temperature of the chip in degC, and its age in h.
    temperature_c: float = PROGRAMMING_C
    age_h: float = 0.0
    # Rate at which it warms up while it runs in degC/s, and drift of its offsets about them, as a
    # share of them.
    warming_c_s: float = 0.0
    offset_drift: float = DRIFT_SHARE

    def __post_init__(self) -> None:
        """Raise a `UserError` for a magnitude out of range."""
        for field in fields(self):
            value = getattr(self, field.name)
            low, high = LIMITS.get(field.name, (0.0, 1.0))
            if not low <= value <= high:
                raise UserError(f'{field.name}={value}: must be in {low:g} to {high:g}')


LIMITS = {
    'edge_gain_mean': (-0.9, 1.0),
    'corner_tempco': (-0.01, 0.01),
    'temperature_c': (-55.0, 150.0),
    'age_h': (0.0, 1e6),
    'warming_c_s': (-100.0, 100.0),
}

PRESETS = {
    'good': Deviations(
        *(0.001, 0.003, -0.01, 0.005, 0.001, 0.0, 1e-4, 5e-6, 5e-4), *(0.1, 0.02, 0.5)
    ),
    'typical': Deviations(
        *(0.003, 0.01, -0.02, 0.02, 0.003, 0.0, 1e-3, 15e-6, 5e-4), *(0.2, 0.035, 0.5)
    ),
    'bad': Deviations(*(0.01, 0.03, -0.03, 0.1, 0.01, 0.0, 1e-2, 25e-6, 5e-4), *(0.3, 0.05, 0.5)),
}


def find_deviations(preset: str, **changes: float) -> Deviations:
    """Return a preset with some magnitudes changed by name."""
    if preset not in PRESETS:
        raise unknown('preset', preset, PRESETS)
    return replace(PRESETS[preset], **changes)


@dataclass(frozen=True)
class LayerFlaws:
    """Deviations of one layer of a chip that fabrication fixed.

    draws `[n_in, n_out, K, P]` is standard normal, for `Device.deviate`; alive `[n_in, n_out, K]`
    is 0 or 1; gain `[n_in, n_out]` is a factor, offset `[n_in, n_out]` is in gain units.
    """

    draws: Floats
    alive: Floats
    gain: Floats
    offset: Floats


def fabricate(
    deviations: Deviations, seed: int, layer: int, shape: tuple[int, int, int], parameters: int
) -> LayerFlaws:
    """Draw the flaws of a layer of shape `[n_in, n_out, K]` on the chip of that seed.

    Each effect has its own random stream: changing one leaves the others unchanged.
    """
    streams = [stream(seed, 'fabrication', layer, effect) for effect in range(5)]
    edges = shape[:2]
    draws = streams[0].standard_normal((*shape, parameters))
    alive = streams[1].random(shape) >= deviations.dead
    gain = 1 + deviations.edge_gain_mean + deviations.edge_gain * streams[2].standard_normal(edges)
    offset = deviations.offset * streams[3].standard_normal(edges)
    decades = np.log10(1 + deviations.age_h)
    aged = 1 + deviations.ageing * decades * streams[4].standard_normal(edges)
    return LayerFlaws(draws, alive.astype(np.float64), gain * aged, offset)


class OffsetDrift:
    """Drift of the offsets of nodes, a function of time alone.

    A sum of sinusoids whose angular frequencies follow the Lorentzian spectrum of an
    Ornstein-Uhlenbeck process with correlation time `DRIFT_TAU_S`: no state, no order of calls.
    """

    def __init__(self, sigma: Floats, generator: np.random.Generator) -> None:
        """Draw the drift of nodes with standard deviation `sigma[n]`, in gain units."""
        shape = (len(sigma), DRIFT_TERMS)
        self._omega = np.tan(np.pi * (generator.random(shape) - 0.5)) / DRIFT_TAU_S
        self._phase = 2 * np.pi * generator.random(shape)
        self._amplitude = sigma * np.sqrt(2 / DRIFT_TERMS)

    @classmethod
    def of_many(cls, drifts: Sequence['OffsetDrift'], shape: tuple[int, ...]) -> 'OffsetDrift':
        """Return several drifts as one, with leading axes of that shape."""
        whole = cls.__new__(cls)
        for name in ('_omega', '_phase', '_amplitude'):
            parts = np.array([getattr(drift, name) for drift in drifts])
            setattr(whole, name, parts.reshape(*shape, *parts.shape[1:]))
        return whole

    def at(self, time_s: float) -> Floats:
        """Return the drift `[n]` of every node at a time, in gain units."""
        terms = np.cos(self._omega * time_s + self._phase)
        drift: Floats = self._amplitude * np.add.reduce(terms, axis=-1)
        return drift
