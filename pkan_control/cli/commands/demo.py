"""`pkan demo`: run a task over ROS 2."""

from pathlib import Path
from typing import Annotated

import typer

from pkan_control.cli.commands.options import (
    ControllerFile,
    Episodes,
    JsonFile,
    Seed,
    writable,
    write_json,
)


def demo(
    task: Annotated[
        str, typer.Argument(metavar='TASK', help='drone_hover or arm_reach.')
    ] = 'drone_hover',
    episodes: Episodes = 10,
    seed: Seed = 0,
    controller: ControllerFile = None,
    chip: Annotated[
        str | None,
        typer.Option(metavar='URI', help='Chip; sim:?seed=1&preset=typical by default.'),
    ] = None,
    out: Annotated[Path, typer.Option(metavar='FOLDER', help='Pictures and records.')] = Path(
        'out'
    ),
    record: Annotated[
        Path | None,
        typer.Option(
            metavar='FILE', help='Film the first two episodes as MP4.', callback=writable
        ),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Run a task over ROS 2, with simulation and controller as two processes."""
    from pkan_control.cli.demo import run_demo

    write_json(json_file, run_demo(task, controller, chip, episodes, seed, out, record))
