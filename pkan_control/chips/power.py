"""Power of a network on a dedicated CMOS chip: its elements and their periphery."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.devices.element import find_device
from pkan_control.networks.program import Program

# Figure of merit of one filter pole in joule: a simulated cochlea bank, a plausible dedicated
# design, and the measured 0.18 um Gm-C filter of Electronics 13(2):399 (52 nW, 1 kHz, 59 dB). The
# three corners of a distribution that is triangular in its logarithm.
FIGURE_OF_MERIT_J = (1.4e-19, 1e-18, 3.3e-17)
PERCENTILES = (10, 50, 90)
DRAWS, SEED = 2000, 0


@dataclass(frozen=True)
class Periphery:
    """Power in watts of each part around the elements of a dedicated CMOS chip.

    Assumed values, each of the order of published sub-microwatt parts; the filters dominate.
    """

    detector_w: float = 10e-9
    node_w: float = 50e-9
    drive_w: float = 1e-6
    converter_w: float = 1e-6
    bias_w: float = 1e-6


class PowerEstimate(NamedTuple):
    """Power in watts: the 10th, 50th and 90th percentile over the figure of merit."""

    p10: float
    p50: float
    p90: float


def estimate_power(program: Program, periphery: Periphery | None = None) -> PowerEstimate:
    """Return the power of a program with every element in hardware (parallel readout).

    The elements' figure of merit is drawn from published parts, which span two decades. Each node
    that feeds a layer has a drive, each output a converter.
    """
    watts = power_draws(program, periphery=periphery)
    return PowerEstimate(*np.percentile(watts, PERCENTILES).tolist())


def power_draws(
    program: Program, scale: Floats | float = 1.0, periphery: Periphery | None = None
) -> Floats:
    """Return draws of the power in W, `[DRAWS]`, over the figure of merit.

    `scale`, `[DRAWS]` or one number, multiplies the elements' power that is independent of it.
    """
    around = periphery or Periphery()
    device = find_device(program.device)
    merits = draw_figures_of_merit(SEED, DRAWS)
    static = per_merit = 0.0
    running = 0
    for codes in program.layers:
        physical = device.decode(codes)
        fixed, watts = (device.power_w(physical, np.full(1, merit)) for merit in (0.0, 1.0))
        static += float(fixed.sum())
        per_merit += float((watts - fixed).sum())
        running += int(np.count_nonzero(watts))
    shape = program.shape
    rest = (
        running * around.detector_w
        + sum(shape[1:]) * around.node_w
        + sum(shape[:-1]) * around.drive_w
        + shape[-1] * around.converter_w
        + around.bias_w
    )
    draws: Floats = per_merit * merits + static * scale + rest
    return draws


def draw_figures_of_merit(seed: int, count: int) -> Floats:
    """Draw figures of merit in joule, triangular in log space over `FIGURE_OF_MERIT_J`."""
    low, mode, high = np.log(FIGURE_OF_MERIT_J)
    return np.exp(np.random.default_rng(seed).triangular(low, mode, high, count))
