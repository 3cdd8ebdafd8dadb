"""Measure every figure that the project states and write `doc/results.md`.

Each section is a command that anyone can run, and what it printed. The table at the top holds the
figures against their bars, read from the JSON that the commands wrote.
"""

import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from safetensors import safe_open

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / 'doc' / 'results.md'
# In the place of a bar: a figure that is shown, whatever it is.
REPORTED = 'report it'
SHIPPED = ROOT / 'controllers' / 'drone_hover.safetensors'
Figures = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """A command and the name of the JSON file that it writes; `{json}` stands for it."""

    title: str
    name: str
    command: str


@dataclass(frozen=True)
class Bar:
    """A figure: how it is read from the JSON of a section, and the bar that it has to meet."""

    text: str
    bar: str
    section: str
    read: Callable[[Figures], float]
    show: str
    met: Callable[[float], bool]


def shipped_checksum() -> str:
    """Return the checksum in the controller file that ships."""
    with safe_open(SHIPPED, framework='np') as file:
        return str(json.loads(file.metadata()['manifest'])['checksum'])


SECTIONS = (
    Section(
        'Hover, ideal chip',
        'ideal',
        'pkan rollout drone_hover --episodes 1000 --seed 0 --json {json}',
    ),
    Section(
        'Hover, 100 chips of preset typical, uncalibrated',
        'typical',
        "pkan rollout drone_hover --chip 'sim:?preset=typical' --chips 100 --episodes 500 "
        '--json {json}',
    ),
    Section(
        'Hover, 100 chips of preset good, uncalibrated',
        'good',
        "pkan rollout drone_hover --chip 'sim:?preset=good' --chips 100 --episodes 200 "
        '--json {json}',
    ),
    Section(
        'Hover, 100 chips of preset bad, uncalibrated',
        'bad',
        "pkan rollout drone_hover --chip 'sim:?preset=bad' --chips 100 --episodes 200 "
        '--json {json}',
    ),
    Section('One inference', 'inference', 'python benchmark/inference.py --json {json}'),
    Section('The controller node', 'node', 'python benchmark/node_memory.py --json {json}'),
    Section('Training', 'train', 'pkan train drone_hover --out {json}.safetensors --json {json}'),
    Section('Over ROS 2', 'demo', 'pkan demo --out {json}.out --json {json}'),
    Section(
        'Memristive elements, trained for a third of the steps',
        'memdiode',
        'pkan train drone_hover --device memdiode --steps 2000 --out {json}.safetensors '
        '--json {json}',
    ),
    Section(
        'The hardware bridge, on an emulated board',
        'bridge',
        'python benchmark/bridge.py --json {json}',
    ),
)

BARS = (
    Bar(
        'success, PyBullet, ideal chip, 1000 starts, 50 Hz', '>= 99.5 %', 'ideal',
        lambda f: f['success_rate'], '{:.1%}', lambda v: v >= 0.995,
    ),
    Bar(
        'median final error, ideal chip', '<= 0.5 cm', 'ideal',
        lambda f: f['final_error_m']['median'] * 100, '{:.2f} cm', lambda v: v <= 0.5,
    ),
    Bar(
        'success on 100 chips, preset typical, uncalibrated', '>= 98 %', 'typical',
        lambda f: f['success_rate'], '{:.1%}', lambda v: v >= 0.98,
    ),
    Bar(
        'success on 100 chips, preset bad, uncalibrated', REPORTED, 'bad',
        lambda f: f['success_rate'], '{:.1%}', lambda v: True,
    ),
    Bar(
        'elements of the network', '<= 1024', 'train',
        lambda f: f['elements'], '{:.0f}', lambda v: v <= 1024,
    ),
    Bar(
        'one inference, ideal chip, against a NumPy MLP [12, 64, 64, 4]', '<= 5 x', 'inference',
        lambda f: f['pKAN, ideal chip']['ratio_median'], '{:.1f} x', lambda v: v <= 5,
    ),
    Bar(
        'closed-loop rollout in process, one core', '>= 15 x real time', 'ideal',
        lambda f: f['real_time_factor'], '{:.0f} x', lambda v: v >= 15,
    ),
    Bar(
        'the same rollout over ROS in lockstep', 'bit-equal', 'demo',
        lambda f: f['hash'] == f['hash_in_process'], '{}', lambda v: v == 1,
    ),
    Bar(
        'controller_node, resident memory', '<= 120 MB', 'node',
        lambda f: f['resident_mb'], '{:.0f} MB', lambda v: v <= 120,
    ),
    Bar(
        'heavy libraries that controller_node has loaded', 'none', 'node',
        lambda f: len(f['imported']), '{:.0f}', lambda v: v == 0,
    ),
    Bar(
        'training, one core', 'about 90 s', 'train',
        lambda f: f['training_s'], '{:.0f} s', lambda v: v <= 95,
    ),
    Bar(
        'the shipped controller is what its seed makes, bit by bit', 'yes', 'train',
        lambda f: f['checksum'] == shipped_checksum(), '{}', lambda v: v == 1,
    ),
)  # fmt: skip


def run(section: Section, folder: Path) -> tuple[str, Figures]:
    """Run a section's command; return what it printed, and its figures."""
    path = folder / f'{section.name}.json'
    command = shlex.split(section.command.replace('{json}', str(path)))
    if command[0] == 'python':
        command[0] = sys.executable
    else:
        command[0] = str(Path(sys.executable).parent / command[0])
    print(f'{section.title} ...', file=sys.stderr, flush=True)
    began = time.monotonic()
    environment = os.environ | {'COLUMNS': '100', 'NO_COLOR': '1'}
    done = subprocess.run(  # noqa: S603 (the commands are those above)
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f'{section.command}: exit code {done.returncode}')
    print(f'  {time.monotonic() - began:.0f} s', file=sys.stderr)
    return done.stdout.replace(f'{folder}/', ''), json.loads(path.read_text())


def page(outputs: dict[str, str], figures: dict[str, Figures]) -> str:
    """Return the page: bars first, then every command with its output."""
    lines = [
        '# Results',
        '',
        'Written by `make results`; every figure comes from the command beside it. Absolute times',
        f'are those of one machine ({os.cpu_count()} cores, {platform.machine()}, '
        f'Python {platform.python_version()}, NumPy {version("numpy")}).',
        '',
        '| figure | bar | reached | |',
        '|---|---|---|---|',
        *(_row(bar, figures[bar.section]) for bar in BARS),
    ]
    for section in SECTIONS:
        command = section.command.replace('{json}', f'{section.name}.json')
        lines += ['', f'## {section.title}', '', '```console', f'$ {command}']
        lines += [outputs[section.name].rstrip(), '```']
    return '\n'.join(lines) + '\n'


def _row(bar: Bar, figures: Figures) -> str:
    value = bar.read(figures)
    shown = ('yes' if value else 'no') if isinstance(value, bool) else bar.show.format(value)
    verdict = 'met' if bar.met(value) else '**not met**'
    return f'| {bar.text} | {bar.bar} | {shown} | {"-" if bar.bar == REPORTED else verdict} |'


def main() -> None:
    """Run all sections and write the page."""
    outputs, figures = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for section in SECTIONS:
            outputs[section.name], figures[section.name] = run(section, Path(folder))
    PAGE.write_text(page(outputs, figures))
    print(f'wrote {PAGE.relative_to(ROOT)}')


if __name__ == '__main__':
    main()
