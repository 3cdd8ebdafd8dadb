"""Options that several commands share, and files that commands write."""

import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from pkan_control.common.errors import UserError
from pkan_control.common.files import replace_file


@contextmanager
def resumable(file: Path | None) -> Iterator[None]:
    """Print on Ctrl-C that the same command resumes from a file."""
    try:
        yield
    except KeyboardInterrupt:
        if file is not None:
            print(f'stopped: the same command resumes from {file}', file=sys.stderr)
        raise


def writable(path: Path | None) -> Path | None:
    """Return the path of a file to write; refuse it before the work rather than after it."""
    if path is None:
        return None
    partial = path.with_name(path.name + '.partial')
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.touch()
        partial.unlink()
    except OSError as error:
        raise UserError(f'cannot write {path}: {error.strerror}') from None
    return path


def checked_seed(seed: int) -> int:
    """Return a seed that every generator takes; refuse others."""
    if not 0 <= seed < 2**31:
        raise UserError(f'--seed {seed}: must be in 0..{2**31 - 1}')
    return seed


# What commands take, in the order of their help: the task, the robot, the controller, the chip.
TaskName = Annotated[str, typer.Argument(metavar='TASK', help='Task, for example drone_hover.')]
SavedController = Annotated[Path, typer.Argument(metavar='CONTROLLER', help='Controller file.')]
AirframeName = Annotated[
    str | None,
    typer.Option(metavar='NAME', help='Another quadrotor: a shipped name or FILE.yaml.'),
]
PathName = Annotated[
    str | None, typer.Option(metavar='NAME', help='Path to follow: a shipped name or FILE.yaml.')
]
RobotName = Annotated[
    str | None, typer.Option(metavar='NAME', help='Another arm: a shipped name or FILE.yaml.')
]
UrdfFile = Annotated[
    str | None, typer.Option(metavar='FILE', help='Any arm: its URDF file; needs --tip.')
]
TipLink = Annotated[
    str | None, typer.Option(metavar='LINK', help='With --urdf: the link of the tool.')
]
SplitName = Annotated[
    str | None,
    typer.Option(
        metavar='NAME',
        help="The network's part of an arm's law: kinematics or cylindrical.",
    ),
]
ControllerFile = Annotated[
    Path | None,
    typer.Option(metavar='FILE', help='Controller file; the shipped one by default.'),
]
NewController = Annotated[
    Path | None,
    typer.Option(metavar='FILE', help='Controller file to write; TASK.safetensors by default.'),
]
DeviceName = Annotated[
    str, typer.Option(metavar='NAME', help='Device of the elements, or mlp for an MLP.')
]
Steps = Annotated[
    int | None,
    typer.Option(metavar='N', help="Optimiser steps; the recipe's by default.", min=22),
]
ChipUri = Annotated[
    str,
    typer.Option('--chip', metavar='URI', help='Chip: ideal:, sim:?seed=1, tcp://, serial://.'),
]
SimulatedChip = Annotated[
    str | None,
    typer.Option('--chip', metavar='URI', help='Chip; sim:?preset=typical by default.'),
]
ChipCount = Annotated[
    int,
    typer.Option('--chips', metavar='N', help='Spread over chips of consecutive seeds.', min=1),
]
BoardUri = Annotated[
    str,
    typer.Argument(metavar='URI', help='Board: serial:///dev/ttyACM0 or tcp://HOST:PORT.'),
]
CalibrationFile = Annotated[
    Path | None,
    typer.Option(metavar='FILE', help='Calibration file of the chip, by pkan calibrate.'),
]
# How episodes are run.
ScenarioName = Annotated[
    str, typer.Option('--scenario', metavar='NAME', help='Disturbances: a name or FILE.yaml.')
]
ScenarioNames = Annotated[
    list[str] | None,
    typer.Option(
        '--scenario', metavar='NAME', help='Disturbances: a name or FILE.yaml; may be repeated.'
    ),
]
Episodes = Annotated[int, typer.Option(metavar='N', help='Number of episodes.', min=1)]
Seed = Annotated[
    int,
    typer.Option(metavar='N', help='Seed of everything random.', callback=checked_seed),
]
Workers = Annotated[
    int | None,
    typer.Option(metavar='N', help='Processes; one for each core by default.', min=1, max=256),
]
# What is written.
JsonFile = Annotated[
    Path | None,
    typer.Option('--json', metavar='FILE', help='Write the figures to FILE.', callback=writable),
]
YieldFiles = Annotated[
    list[Path] | None,
    typer.Option('--yield', metavar='FILE', help='JSON file of pkan yield; may be repeated.'),
]


def write_json(path: Path | None, values: dict[str, Any]) -> None:
    """Write values to a file as a whole; do nothing without a path."""
    if path is None:
        return
    text = json.dumps(values, indent=2, allow_nan=False) + '\n'
    replace_file(path, text.encode())


def parse_counts(option: str, text: str | None) -> tuple[int, ...] | None:
    """Return the whole numbers of a text such as `12,8`; None without a text."""
    if text is None:
        return None
    parts = text.split(',')
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise UserError(f'{option} {text!r}: write whole numbers with commas, such as 12,8')
    return tuple(int(part) for part in parts)


def parse_magnitudes(option: str, text: str | None) -> dict[str, float]:
    """Return the numbers of a text such as `edge_gain=0.07,offset=0.01` by name."""
    found: dict[str, float] = {}
    for part in text.split(',') if text is not None else ():
        name, sign, value = part.partition('=')
        try:
            number = float(value)
        except ValueError:
            number = None
        if not (name and sign and number is not None):
            raise UserError(f'{option} {text!r}: write NAME=NUMBER with commas between')
        if name in found:
            raise UserError(f'{option} {text!r}: {name} is given twice')
        found[name] = number
    return found
