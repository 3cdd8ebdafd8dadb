"""Export of a network as a SPICE netlist: a subcircuit per kind of element, nodes sum currents.

`ngspice -b FILE` runs it: the last part drives the network with all inputs at half scale and
prints the outputs. Disconnected elements (gain 0) are left out.
"""

from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from pkan_control.common.arrays import Floats, Integers
from pkan_control.common.errors import UserError, unknown
from pkan_control.common.files import replace_file
from pkan_control.devices.element import Device, find_device
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
