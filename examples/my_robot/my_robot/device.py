"""A differential pair in weak inversion (C. Mead, "Analog VLSI and Neural Systems", chapter 5)."""

import numpy as np

from pkan_control.common.arrays import Array, Floats, constant, namespace
from pkan_control.devices.deviations import Deviations

# Lowest and highest gain, slope and centre, and the steps of the converters that set them.
LOW, HIGH, STEP = np.array(((-1.5, 1.0, 0.0), (1.5, 4.0, 1.0), (0.01, 0.02, 0.01)))
SUPPLY_V, BIAS_A, SETTLING_S = 1.8, 100e-9, 20e-6


class DifferentialPair:
    """Elements `gain * tanh(slope * (x - centre))`; a gain of 0 disconnects one."""

    name = 'differential_pair'
    parameters = codes = ('gain', 'slope', 'centre')
    code_limits = ((-150, 150), (50, 200), (0, 100))
    constants = (*LOW.tolist(), *HIGH.tolist(), *STEP.tolist())
    nodes = 17

    def initial(self, generator: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        """Draw unbounded trainable values `[*shape, 3]`: small gains, spread centres."""
        return generator.normal(0.0, (0.3, 1.0, 1.5), (*shape, 3))

    def bounded(self, trainable: Array) -> Array:
        """Map trainable values into the ranges of the parameters."""
        share = 1 / (1 + namespace(trainable).exp(-trainable))
        return constant(LOW, share) + constant(HIGH - LOW, share) * share

    def response(self, x: Array, physical: Array) -> Array:
        """Return the output at inputs x in [0, 1]."""
        gain, slope, centre = (physical[..., i] for i in range(3))
        return gain * namespace(x, physical).tanh(slope * (x - centre))

    exact_response = response

    def encode(self, physical: Array) -> Array:
        """Return the nearest codes."""
        xp = namespace(physical)
        return xp.astype(xp.round(physical / constant(STEP, physical)), xp.int16)

    def decode(self, codes: Array) -> Array:
        """Return the parameters that codes realise."""
        values = namespace(codes).astype(codes, namespace(codes).float64)
        return values * constant(STEP, values)

    def deviate(self, physical: Floats, draws: Floats, _: Floats, sizes: Deviations) -> Floats:
        """Return the parameters on a real chip: transistors do not match."""
        return physical * (1 + sizes.element_mismatch * draws)

    def settling_s(self) -> float:
        """Return the time that a layer needs to follow an input."""
        return SETTLING_S

    def power_w(self, physical: Floats, figure_of_merit_j: Floats) -> Floats:
        """Return the power of each element: its bias current from the supply."""
        return SUPPLY_V * BIAS_A * abs(physical[..., 0]) + 0 * figure_of_merit_j


differential_pair = DifferentialPair()
