"""Power of analogue filters and of what stands around them on a dedicated chip."""

from dataclasses import dataclass

import numpy as np

from pkan_control.common.arrays import Floats

# Figure of merit of one filter pole in joule: a simulated cochlea bank, a plausible dedicated
# design, and the measured 0.18 um Gm-C filter of Electronics 13(2):399 (52 nW, 1 kHz, 59 dB). The
# three corners of a distribution that is triangular in its logarithm.
FIGURE_OF_MERIT_J = (1.4e-19, 1e-18, 3.3e-17)
PERCENTILES = (10, 50, 90)


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


def filter_power(
    figure_of_merit_j: Floats, poles: int, highest_hz: Floats, signal_to_noise: float
) -> Floats:
    """Return `FOM * poles * f_highest * SNR` in watts."""
    return figure_of_merit_j * poles * highest_hz * signal_to_noise


def draw_figures_of_merit(seed: int, count: int) -> Floats:
    """Draw figures of merit in joule, triangular in log space over `FIGURE_OF_MERIT_J`."""
    low, mode, high = np.log(FIGURE_OF_MERIT_J)
    return np.exp(np.random.default_rng(seed).triangular(low, mode, high, count))
