"""`pkan demo`: fly, or reach, over ROS 2."""

from pathlib import Path
from typing import Annotated

import typer

from pkan_control.cli.commands.options import (
    ChipName,
    Episodes,
    JsonFile,
    Seed,
    writable,
    write_json,
)


def demo(
    task: Annotated[str, typer.Argument(help='drone_hover or arm_reach.')] = 'drone_hover',
    episodes: Episodes = 10,
    seed: Seed = 0,
    controller: Annotated[
        Path | None, typer.Option(help='Controller file; the shipped one.')
    ] = None,
    chip: ChipName = 'sim:?seed=1&preset=typical',
    out: Annotated[Path, typer.Option(help='Folder for pictures and records.')] = Path('out'),
    record: Annotated[
        Path | None, typer.Option(help='Film of the first two episodes, MP4.', callback=writable)
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Run a task over ROS 2: simulation and controller as two processes."""
    from pkan_control.cli.demo import run_demo

    write_json(json_file, run_demo(task, controller, chip, episodes, seed, out, record))
