"""Export of a network as a SPICE netlist, and ngspice, which runs it.

Each kind of element is a subcircuit, nodes sum currents.

`ngspice -b FILE` runs it: the last part drives the network with all inputs at half scale and
prints the outputs. Disconnected elements (gain 0) are left out.
"""

import math
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pkan_control.common.arrays import Floats, Integers
from pkan_control.common.errors import UserError, unknown
from pkan_control.common.files import replace_file
from pkan_control.devices.bandpass import CLOCK_HZ, DRIVE_LOG_HZ, bandpass
from pkan_control.devices.element import Device, find_device
from pkan_control.devices.memdiode import memdiode
from pkan_control.networks.program import GAIN, Program

# Names in one line of a continued statement.
PER_LINE = 8


class Circuit(NamedTuple):
    """How the elements of a device are simulated.

    `driven`: each source has a drive of its own. `analysis` ends with settled outputs; `last` is
    the expression of an output at its end.
    """

    driven: bool
    analysis: str
    last: str


# A layer of filters settles in 7 time constants of 40 us; the time step resolves the drive's 7 us.
CIRCUITS = {
    'bandpass': Circuit(True, 'tran 0.1u {end_us:g}u uic', 'v({0})[length(v({0}))-1]'),
    'memdiode': Circuit(False, 'op', 'v({0})'),
}
SETTLING_US = 500.0

SQUASH = """\
* Squashes a node to [0, 1] V before the next layer.
.subckt squash in out scale=0.5
Bout out 0 V=1/(1+exp(-v(in)/{scale}))
.ends
"""


def save_spice(
    path: Path, program: Program, inputs: Sequence[str], outputs: Sequence[str], title: str
) -> None:
    """Write the netlist of a program; inputs and outputs are the names of the law's terms."""
    text = netlist(program, title) + bench(program, inputs, outputs)
    replace_file(path, text.encode('ascii', 'replace'), 'netlist ')


def netlist(program: Program, title: str) -> str:
    """Return the subcircuit `network x0 x1 ... y0 y1 ...` and the subcircuits it uses.

    An input is x in [0, 1] as volts; an output is in gain units as volts. The first line is the
    title.
    """
    if program.device not in CIRCUITS:
        raise unknown('device of a SPICE subcircuit', program.device, CIRCUITS)
    pins = [f'x{i}' for i in range(program.shape[0])]
    pins += [f'y{j}' for j in range(program.shape[-1])]
    lines = [f'* {title}', '', subcircuits(program.device), SQUASH]
    lines += [*_wrapped('.subckt network', pins)]
    for layer, codes in enumerate(program.layers):
        lines += _layer(program, layer, codes)
    return '\n'.join([*lines, '.ends', ''])


def subcircuits(device: str) -> str:
    """Return the text of the subcircuits of a device's elements."""
    return files('pkan_control.control.exports').joinpath(f'subcircuits/{device}.cir').read_text()


def _layer(program: Program, layer: int, codes: Integers) -> Iterator[str]:
    sources, targets, elements, _ = codes.shape
    last = layer == len(program.layers) - 1
    device, circuit = find_device(program.device), CIRCUITS[program.device]
    physical = device.decode(codes)
    gains = physical[..., device.parameters.index(GAIN)]
    yield f'* Layer {layer}: {sources} x {targets} edges of {elements} elements'
    for i in range(sources if circuit.driven else 0):
        x = _input(layer, i)
        yield f'Xd{layer}_{i} {x} {x}_sine {x}_cosine {program.device}_drive'
    for j in range(targets):
        node = f'y{j}' if last else f'n{layer}_{j}'
        yield f'Rn{layer}_{j} {node} 0 1'
        for i in range(sources):
            x = _input(layer, i)
            pins = f'{x}_sine {x}_cosine' if circuit.driven else x
            for k in range(elements):
                if gains[i, j, k]:
                    name = f'Xe{layer}_{i}_{j}_{k}'
                    start = f'{name} {pins} {node} {program.device}_element'
                    yield instance(start, device, physical[i, j, k])
        if not last:
            scale = repr(float(program.squash_scale))
            yield f'Xs{layer}_{j} {node} {_input(layer + 1, j)} squash scale={scale}'


def instance(start: str, device: Device, physical: Floats) -> str:
    """Return the line of an instance: name and pins, then the element's parameters `[P]`."""
    values = zip(device.parameters, physical.tolist(), strict=True)
    return start + '\n+ ' + ' '.join(f'{name}={value!r}' for name, value in values)


def operating(program: Program) -> str:
    """Return the analysis that ends with the outputs of a network settled."""
    return CIRCUITS[program.device].analysis.format(end_us=SETTLING_US * len(program.layers))


def _input(layer: int, source: int) -> str:
    return f'x{source}' if layer == 0 else f'x{layer}_{source}'


def bench(program: Program, inputs: Sequence[str], outputs: Sequence[str], x: float = 0.5) -> str:
    """Return a test bench that runs the network with all inputs at x and prints the outputs."""
    pins = [f'x{i}' for i in range(program.shape[0])]
    ports = [f'y{j}' for j in range(program.shape[-1])]
    if (len(inputs), len(outputs)) != (len(pins), len(ports)):
        raise UserError(f'names of {len(inputs)} inputs and {len(outputs)} outputs for a network')
    last = CIRCUITS[program.device].last
    lines = [
        '',
        '* A bench. Inputs are observations squashed to [0, 1]: 0.5 is a term at its offset.',
    ]
    lines += [f'V{p} {p} 0 {x!r} ; {name}' for p, name in zip(pins, inputs, strict=True)]
    lines += [*_wrapped('Xnetwork', [*pins, *ports, 'network'])]
    lines += [
        '.options reltol=1e-6 abstol=1e-12 vntol=1e-9',
        '.control',
        'set numdgt=9',
        operating(program),
    ]
    for port, name in zip(ports, outputs, strict=True):
        lines += [f'echo {name}', f'print {last.format(port)}']
    return '\n'.join([*lines, '.endc', '.end', ''])


def _wrapped(start: str, names: Sequence[str]) -> Iterator[str]:
    """Yield a statement continued over lines of `PER_LINE` names each."""
    for begin in range(0, len(names), PER_LINE):
        yield ' '.join(['+' if begin else start, *names[begin : begin + PER_LINE]])


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
