"""Simulations of elements and networks by ngspice: a reference for the formulas."""

import math
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.control.exports.spice import instance, netlist, operating, subcircuits
from pkan_control.devices.bandpass import CLOCK_HZ, DRIVE_LOG_HZ, bandpass
from pkan_control.devices.element import Device
from pkan_control.devices.memdiode import memdiode
from pkan_control.networks.program import Program

PROGRAM = 'ngspice'
TIMEOUT_S = 300
# Sweeps: points per decade over the drive's band, and steps of the input from 0 to 1 V.
AC_SWEEP, DC_SWEEP = 'ac dec 50 4.6k 140k', 'dc Vx 0 1 0.02'
EXACT = '.options reltol=1e-10 abstol=1e-15 vntol=1e-13'


class SweepResult(NamedTuple):
    """Inputs `x[n]` in [0, 1], and the values by ngspice and by the formulas, `[n, elements]`."""

    x: Floats
    simulated: Floats
    computed: Floats


def is_installed() -> bool:
    """Return whether ngspice is on the path."""
    return shutil.which(PROGRAM) is not None


def simulate(lines: Sequence[str], analysis: str, vectors: Sequence[str]) -> Floats:
    """Run an analysis of a circuit; return its scale and vectors as columns `[n, 1 + vectors]`."""
    if not is_installed():
        raise UserError(f'{PROGRAM} is not installed: it is in the package of that name')
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        control = ['.control', 'set numdgt=16', 'set wr_singlescale', analysis]
        control += [f'wrdata {folder}/found {" ".join(vectors)}', '.endc', '.end', '']
        (folder / 'deck.cir').write_text('\n'.join([*lines, *control]))
        command = [PROGRAM, '-b', str(folder / 'deck.cir')]
        done = subprocess.run(  # noqa: S603 (a deck of our own)
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, cwd=folder
        )
        if not (folder / 'found').exists():
            raise UserError(f'{PROGRAM} ended without a result: {done.stderr.strip()[-200:]!r}')
        return np.loadtxt(folder / 'found', ndmin=2)


def sweep_bandpass(physical: Floats) -> SweepResult:
    """Sweep the frequency of filters `[n, 3]` in RC form over the drive's band."""
    lines = _elements(bandpass, 'bandpass', physical, '0 ac 1')
    names = [f'vm(y{i})' for i in range(len(physical))]
    table = simulate(lines, AC_SWEEP, names)
    # The input whose drive, bilinear warp included, has that frequency.
    before_warp = CLOCK_HZ / math.pi * np.tan(math.pi / CLOCK_HZ * table[:, 0])
    x = (np.log10(before_warp) - DRIVE_LOG_HZ[0]) / DRIVE_LOG_HZ[1]
    computed = np.abs(bandpass.response(x[:, None], physical))
    return SweepResult(x, table[:, 1:], computed)


def sweep_memdiode(physical: Floats) -> SweepResult:
    """Sweep the input voltage of memristive elements `[n, 7]`."""
    lines = _elements(memdiode, 'memdiode_element', physical, '0')
    lines += [f'R{i} y{i} 0 1' for i in range(len(physical))]
    table = simulate(lines, DC_SWEEP, [f'v(y{i})' for i in range(len(physical))])
    x = table[:, 0]
    return SweepResult(x, table[:, 1:], memdiode.response(x[:, None], physical))


def _elements(device: Device, subcircuit: str, physical: Floats, source: str) -> list[str]:
    lines = ['* elements of one input', subcircuits(device.name), EXACT, f'Vx x 0 dc {source}']
    for i, row in enumerate(physical):
        lines.append(instance(f'X{i} x y{i} {subcircuit}', device, row))
    return lines


def network_outputs(program: Program, x: Floats) -> Floats:
    """Return the outputs `[n_out]` of a network for inputs `x[n_in]` in [0, 1]."""
    lines = [netlist(program, 'network'), EXACT if program.device == memdiode.name else '']
    pins = [f'x{i}' for i in range(program.shape[0])]
    ports = [f'y{j}' for j in range(program.shape[-1])]
    lines += [f'V{pin} {pin} 0 {value!r}' for pin, value in zip(pins, x.tolist(), strict=True)]
    lines += ['Xnetwork', *(f'+ {pin}' for pin in (*pins, *ports)), '+ network']
    table = simulate(lines, operating(program), [f'v({port})' for port in ports])
    outputs: Floats = table[-1, 1:]
    return outputs
