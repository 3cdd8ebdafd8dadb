"""A page of results: bars first, then every command with its output."""

import json
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# In the place of a bar: a figure that is shown, whatever it is.
REPORTED = 'report it'
Figures = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """A command and the name of the JSON file that it writes; `{json}` stands for it.

    A picture that it draws, in `doc/`, is shown below what it printed.
    """

    title: str
    name: str
    command: str
    picture: str = ''


@dataclass(frozen=True)
class Bar:
    """A figure: how it is read from the JSON of a section, and the bar that it has to meet."""

    text: str
    bar: str
    section: str
    read: Callable[[Figures], float]
    show: str
    met: Callable[[float], bool]


@dataclass(frozen=True)
class Page:
    """One subject; its name is that of the file in `doc/results/`.

    Workers are how many sections run side by side: one where times are compared.
    """

    name: str
    title: str
    sections: tuple[Section, ...]
    bars: tuple[Bar, ...]
    workers: int = 1


def measure(page: Page, folder: Path) -> str:
    """Run all commands of a page that a folder does not know yet; return the page's text."""
    outputs, figures = {}, {}
    with ThreadPoolExecutor(page.workers) as pool:
        done = pool.map(lambda section: _run(section, folder), page.sections)
        for section, (output, values) in zip(page.sections, done, strict=True):
            outputs[section.name], figures[section.name] = output, values
    lines = [f'# {page.title}', '', *_origin()]
    if page.bars:
        lines += ['| figure | bar | reached | |', '|---|---|---|---|']
        lines += [_row(bar, figures[bar.section]) for bar in page.bars]
    for section in page.sections:
        command = section.command.replace('{json}', f'{section.name}.json')
        shown = (line.rstrip() for line in outputs[section.name].rstrip().splitlines())
        lines += ['', f'## {section.title}', '', '```console', f'$ {command}', *shown, '```']
        if section.picture:
            lines += ['', f'![{section.title}](../{section.picture})']
    return '\n'.join(lines) + '\n'


def _origin() -> list[str]:
    return [
        'Written by `make results`; every figure comes from the command beside it. Absolute times',
        f'are those of one machine ({os.cpu_count()} cores, {platform.machine()}, '
        f'Python {platform.python_version()}, NumPy {version("numpy")}).',
        '',
    ]


def _run(section: Section, folder: Path) -> tuple[str, Figures]:
    """Return what a section printed, and its figures; run what the folder does not know yet."""
    path, printed = folder / f'{section.name}.json', folder / f'{section.name}.txt'
    if not printed.exists():
        print(f'{section.title} ...', file=sys.stderr, flush=True)
        began = time.monotonic()
        output = _output(section, path)
        print(f'  {section.name}: {time.monotonic() - began:.0f} s', file=sys.stderr, flush=True)
        printed.write_text(output.replace(f'{folder}/', ''))
    return printed.read_text(), json.loads(path.read_text())


def _output(section: Section, path: Path) -> str:
    """Run a section's command, which writes a JSON file; return what it printed."""
    command = shlex.split(section.command.replace('{json}', str(path)))
    if command[0] == 'python':
        command[0] = sys.executable
    else:
        command[0] = str(Path(sys.executable).parent / command[0])
    environment = os.environ | {'COLUMNS': '100', 'NO_COLOR': '1'}
    done = subprocess.run(  # noqa: S603 (the commands are those above)
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f'{section.command}: exit code {done.returncode}')
    return done.stdout


def _row(bar: Bar, figures: Figures) -> str:
    value = bar.read(figures)
    shown = ('yes' if value else 'no') if isinstance(value, bool) else bar.show.format(value)
    verdict = 'met' if bar.met(value) else '**not met**'
    return f'| {bar.text} | {bar.bar} | {shown} | {"-" if bar.bar == REPORTED else verdict} |'
