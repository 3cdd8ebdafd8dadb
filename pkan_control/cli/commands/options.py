"""Options that several commands share, and the files that commands write."""

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
def goes_on_from(file: Path | None) -> Iterator[None]:
    """Say, where Ctrl-C stops the work, that the same command goes on from this file."""
    try:
        yield
    except KeyboardInterrupt:
        if file is not None:
            print(f'stopped: the same command goes on from {file}', file=sys.stderr)
        raise


def writable(path: Path | None) -> Path | None:
    """Return the path of a file to write; refuse it at once, and not after hours of work."""
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


Seed = Annotated[
    int,
    typer.Option(help='Seed of the starts and, in training, of everything.', min=0, max=2**31 - 1),
]
JsonFile = Annotated[
    Path | None,
    typer.Option('--json', help='Write the figures to this file.', callback=writable),
]
AirframeName = Annotated[
    str | None, typer.Option(help='Another quadrotor: a shipped name or FILE.yaml.')
]
RobotName = Annotated[
    str | None, typer.Option('--robot', help='Another arm: a shipped name or FILE.yaml.')
]
UrdfFile = Annotated[
    str | None, typer.Option('--urdf', help='Any arm: its URDF file; needs --tip.')
]
TipLink = Annotated[str | None, typer.Option('--tip', help='With --urdf: the link of the tool.')]
SplitName = Annotated[
    str | None,
    typer.Option('--split', help='What of an arm the network does: kinematics or cylindrical.'),
]
JunitFile = Annotated[
    Path | None, typer.Option(help='Write the verdicts as JUnit XML.', callback=writable)
]
BagFolder = Annotated[
    Path | None, typer.Option(help='Write each flight as a rosbag2 into this folder.')
]
ScenarioNames = Annotated[
    list[str] | None,
    typer.Option('--scenario', help='What disturbs the robot; several may be given.'),
]
Workers = Annotated[
    int | None, typer.Option(help='Processes that fly; as many as cores.', min=1, max=256)
]
ControllerFile = Annotated[Path | None, typer.Option(help='Controller file; the shipped one.')]
CalibrationFile = Annotated[
    Path | None, typer.Option(help='Calibration file of the chip, by pkan calibrate.')
]
PathName = Annotated[
    str | None, typer.Option(help='What is followed: a shipped name or FILE.yaml.')
]
Parts = Annotated[
    list[str] | None,
    typer.Option(help='Fly once more without a part of the outer loop, or without all.'),
]
NewController = Annotated[
    Path | None, typer.Option(help='Controller file to write; TASK.safetensors by default.')
]
DeviceName = Annotated[str, typer.Option(help='Device of the elements, or mlp.')]
Steps = Annotated[int | None, typer.Option(help='Optimiser steps; by the recipe.', min=22)]
ChipName = Annotated[str, typer.Option('--chip', help='Chip URI.')]
ChipCount = Annotated[
    int, typer.Option('--chips', help='Spread over chips of consecutive seeds.', min=1)
]
ScenarioName = Annotated[str, typer.Option('--scenario', help='What disturbs the robot.')]
Episodes = Annotated[int, typer.Option(help='Number of episodes.', min=1)]
YieldFiles = Annotated[list[Path] | None, typer.Option('--yield', help='JSON file of pkan yield.')]
TaskName = Annotated[str, typer.Argument(help='Task, for example drone_hover.')]


def write_json(path: Path | None, values: dict[str, Any]) -> None:
    """Write values to a file, completely or not at all; do nothing without a path."""
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
