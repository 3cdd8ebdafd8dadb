"""What a comparison of powers rests on: every constant with its range and its source.

A range is that of a triangular distribution in log space: least, most likely, largest.
"""

from dataclasses import dataclass

import numpy as np

from pkan_control.chips.power import FIGURE_OF_MERIT_J, Periphery
from pkan_control.common.arrays import Floats
from pkan_control.common.seeding import stream

DRAWS, PERCENTILES = 2000, (10, 50, 90)


@dataclass(frozen=True)
class Constant:
    """A number that is not known exactly; one whose ends are equal is."""

    name: str
    low: float
    typical: float
    high: float
    unit: str
    source: str

    def draw(self) -> Floats:
        """Return `DRAWS` draws, the same each time; no two constants share theirs."""
        low, typical, high = np.log([self.low, self.typical, self.high])
        if low == high:
            return np.full(DRAWS, self.typical)
        return np.exp(stream(0, self.name).triangular(low, typical, high, DRAWS))


def exactly(name: str, value: float, unit: str, source: str) -> Constant:
    """Return a constant without a range."""
    return Constant(name, value, value, value, unit, source)


AROUND = Periphery()
PART = 'assumed; of the order of published sub-microwatt parts'
PJ, UW = 1e-12, 1e-6

FIGURE_OF_MERIT = Constant(
    'figure of merit of a filter pole',
    *FIGURE_OF_MERIT_J,
    'J',
    'a simulated cochlea bank; assumed for a dedicated design; Electronics 13(2):399, measured',
)
FPAA_CHIP = Constant(
    'supply of an FPAA chip of 4 filters',
    0.05,
    0.1,
    0.2,
    'W',
    'assumed: tens of milliamperes at 3.3 V, AN231E04 class',
)
IMPEDANCE_OHM = Constant(
    "one ohm of the memdiode's equations, as built",
    1e2,
    1e3,
    1e5,
    'ohm',
    'assumed: memristive parts of 1 kohm to 10 Mohm',
)
CONVERTER_S = exactly('conversion of an output', 10e-6, 's', 'assumed: 12 bit at 100 kS/s')
LINK_S = exactly('transfer of a value', 16 / 10e6, 's', 'assumed: 16 bit at 10 MHz, SPI')
CYCLE = Constant(
    'cycle of a microcontroller',
    20 * PJ,
    80 * PJ,
    290 * PJ,
    'J',
    '0.03 to 0.4 uJ for about 1400 cycles: subthreshold to usual Cortex-M4 parts',
)
CLOCK_HZ = exactly('clock of the microcontroller', 80e6, 'Hz', 'assumed: Cortex-M4 class')
EDGE_CYCLES = exactly(
    'an edge from a table', 28.0, 'cycles', 'estimate: about 1400 cycles for 4-10-1, 50 edges'
)
MAC_CYCLES = exactly(
    'a multiplication with addition',
    4.0,
    'cycles',
    'Cortex-M4 Technical Reference Manual: two loads, VMLA',
)
TANH_CYCLES = exactly('a tanh', 60.0, 'cycles', 'assumed: table or rational function')
LOGIC = Constant(
    'multiplication and addition in 45 nm logic',
    3.2 * PJ,
    4.0 * PJ,
    4.6 * PJ,
    'J',
    'M. Horowitz, ISSCC 2014: 3.1-3.7 pJ and 0.1-0.9 pJ; memory and tanh not counted',
)
LOGIC_HZ = exactly('clock of the logic, one a cycle', 100e6, 'Hz', 'assumed')
SYNE = exactly('nonlinear operation, SYNE', 0.75 * PJ, 'J', 'arXiv:2601.15340')
RNPU = exactly('nonlinear operation, RNPU', 250 * PJ, 'J', 'arXiv:2602.07518')
RNPU_S = exactly('the same, its time', 600e-9, 's', 'arXiv:2602.07518')
PERIPHERY = tuple(
    exactly(name, value, 'W', PART)
    for name, value in (
        ('detector of an element', AROUND.detector_w),
        ('node', AROUND.node_w),
        ('drive of a source', AROUND.drive_w),
        ('converter of an output', AROUND.converter_w),
        ('bias of a chip', AROUND.bias_w),
    )
)
CONSTANTS = (
    FIGURE_OF_MERIT,
    *PERIPHERY,
    FPAA_CHIP,
    IMPEDANCE_OHM,
    CONVERTER_S,
    LINK_S,
    CYCLE,
    CLOCK_HZ,
    EDGE_CYCLES,
    MAC_CYCLES,
    TANH_CYCLES,
    LOGIC,
    LOGIC_HZ,
    SYNE,
    RNPU,
    RNPU_S,
)
