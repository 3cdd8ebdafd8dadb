"""Power, latency and energy of a controller's network in several technologies.

`E = P T` with `T = layers * settling + conversion + transfer`, the network off between two
inferences. The law runs on a microcontroller in any case and is counted in every row.
"""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from pkan_control.chips.power import power_draws
from pkan_control.chips.simulated import MULTIPLEXED_ELEMENTS
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.control.controller_file import ControllerFile
from pkan_control.control.symmetry import evaluations
from pkan_control.devices.element import find_device
from pkan_control.evaluation.studies import power_constants as known
from pkan_control.networks.mlp import DigitalWork
from pkan_control.networks.program import GAIN, Program

# Technology of the elements of each device.
BUILT = {'bandpass': 'dedicated CMOS', 'memdiode': 'memristive'}
FILTERS, MEMRISTORS = 'bandpass', 'memdiode'


@dataclass(frozen=True)
class Row:
    """One technology: power while it works and energy of an inference, P10, P50, P90.

    The law is in the energy, not in the power and the latency.
    """

    name: str
    analogue: bool
    power_w: tuple[float, float, float]
    latency_s: float
    energy_j: tuple[float, float, float]


@dataclass(frozen=True)
class PowerComparison:
    """All rows of a controller, and cycles and energy of the law alone."""

    rate_hz: float
    law_cycles: int
    law_j: float
    rows: tuple[Row, ...]

    def warnings(self) -> list[str]:
        """Return where the analogue network does not win, or cannot keep up."""
        best = min((row for row in self.rows if not row.analogue), key=lambda r: r.energy_j[1])
        found = []
        for row in (row for row in self.rows if row.analogue):
            if row.latency_s > 1 / self.rate_hz:
                found.append(
                    f'{row.name}: too slow, {row.latency_s * 1e3:.3g} ms an inference '
                    f'at {self.rate_hz:g} Hz'
                )
            if row.energy_j[1] > best.energy_j[1]:
                found.append(
                    f'{row.name}: does not win, {row.energy_j[1] / best.energy_j[1]:.3g} '
                    f'times the energy of: {best.name}'
                )
        return found

    def figures(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        rows = {row.name: asdict(row) for row in self.rows}
        return {
            'rate_hz': self.rate_hz,
            'law_cycles': self.law_cycles,
            'law_j': self.law_j,
            'rows': rows,
            'warnings': self.warnings(),
        }


def compare_power(
    controller_file: ControllerFile, mlp: DigitalWork | None, law_cycles: int
) -> PowerComparison:
    """Compare technologies for an analogue controller; `mlp` is the work of one of equal score."""
    program = controller_file.policy.chip_program
    if program is None:
        raise UserError(
            f'{controller_file.policy.title} has no analogue power: '
            'name the controller of an analogue network'
        )
    law, times = law_cycles * known.CYCLE.draw(), evaluations(controller_file.law)
    share = law / times
    rows = [
        *_analogue(program, share),
        *_digital(program, mlp, share),
        *_published(program, share),
    ]
    repeated = tuple(_repeated(row, times) for row in rows)
    return PowerComparison(controller_file.rate_hz, law_cycles, float(np.median(law)), repeated)


def _repeated(row: Row, times: int) -> Row:
    """Return a row for several evaluations of the network in a control period."""
    low, half, high = (times * each for each in row.energy_j)
    return replace(row, latency_s=times * row.latency_s, energy_j=(low, half, high))


def _analogue(program: Program, law: Floats) -> list[Row]:
    filters, memristors = _as(program, FILTERS), _as(program, MEMRISTORS)
    settling = find_device(FILTERS).settling_s()
    needed = math.ceil(filters.connected / MULTIPLEXED_ELEMENTS)
    fpaa, ends = known.FPAA_CHIP.draw(), _ends_s(program)
    layers = len(program.layers)
    spread = known.IMPEDANCE_OHM.typical / known.IMPEDANCE_OHM.draw()
    built = {
        f'FPAA, {needed} chips parallel': (needed * fpaa, layers * settling),
        'FPAA, one chip multiplexed': (fpaa, needed * settling),
        _called(program, FILTERS): (power_draws(filters), layers * settling),
        _called(program, MEMRISTORS): (
            power_draws(memristors, spread),
            layers * find_device(MEMRISTORS).settling_s(),
        ),
    }
    if program.device not in BUILT:
        own = find_device(program.device).settling_s()
        built[f'chip of {program.device}'] = power_draws(program), layers * own
    return [_row(name, True, watts, s + ends, law) for name, (watts, s) in built.items()]


def _called(program: Program, device: str) -> str:
    name = BUILT[device]
    return name if program.device == device else f'{name} (as many)'


def _digital(program: Program, mlp: DigitalWork | None, law: Floats) -> list[Row]:
    edges = sum(math.prod(codes.shape[:2]) for codes in program.layers)
    work = {'tables, microcontroller': edges * known.EDGE_CYCLES.typical}
    if mlp is not None:
        products = mlp.multiplications
        cycles = products * known.MAC_CYCLES.typical + mlp.activations * known.TANH_CYCLES.typical
        work['MLP, microcontroller'] = cycles
    rows = []
    for name, cycles in work.items():
        joule, time_s = cycles * known.CYCLE.draw(), cycles / known.CLOCK_HZ.typical
        rows.append(_row(name, False, joule / time_s, time_s, law))
    if mlp is not None:
        time_s = products / known.LOGIC_HZ.typical
        watts = products * known.LOGIC.draw() / time_s
        rows.append(_row('MLP, 45 nm logic', False, watts, time_s, law))
    return rows


def _published(program: Program, law: Floats) -> list[Row]:
    """Return the same number of nonlinear operations at published energies, for scale."""
    edges = sum(math.prod(codes.shape[:2]) for codes in program.layers)
    layers, ends = len(program.layers), _ends_s(program)
    each = {
        'SYNE class, published': (known.SYNE, ends),
        'RNPU class, published': (known.RNPU, ends + layers * known.RNPU_S.typical),
    }
    return [
        _row(name, True, edges * energy.draw() / time_s, time_s, law)
        for name, (energy, time_s) in each.items()
    ]


def _ends_s(program: Program) -> float:
    """Return the time of the conversions and transfers of an inference, one after the other."""
    inputs, outputs = program.shape[0], program.shape[-1]
    return outputs * known.CONVERTER_S.typical + (inputs + outputs) * known.LINK_S.typical


def _row(name: str, analogue: bool, watts: Floats, latency_s: float, law: Floats) -> Row:
    return Row(
        name, analogue, _percentiles(watts), latency_s, _percentiles(watts * latency_s + law)
    )


def _percentiles(draws: Floats) -> tuple[float, float, float]:
    p10, p50, p90 = np.percentile(draws, known.PERCENTILES).tolist()
    return p10, p50, p90


def _as(program: Program, name: str) -> Program:
    """Return a program, or as many connected elements of another device, drawn as for training."""
    if program.device == name:
        return program
    device, own = find_device(name), find_device(program.device)
    generator = np.random.default_rng(0)
    layers = []
    for codes in program.layers:
        drawn = device.encode(device.bounded(device.initial(generator, codes.shape[:3])))
        place = device.codes.index(GAIN)
        gain = np.where(drawn[..., place] == 0, 1, drawn[..., place])
        if GAIN in own.codes:
            gain = np.where(codes[..., own.codes.index(GAIN)] == 0, 0, gain)
        drawn[..., place] = gain
        layers.append(drawn)
    return Program(name, tuple(layers), program.squash_scale)
