"""`pkan demo`: fly over ROS 2."""

from pathlib import Path
from typing import Annotated

import typer

from pkan_control.commands.options import JsonFile, Seed, writable, write_json


def demo(
    episodes: Annotated[int, typer.Option(help='Number of flights.', min=1)] = 10,
    seed: Seed = 0,
    controller: Annotated[
        Path | None, typer.Option(help='Controller file; the shipped one.')
    ] = None,
    chip: Annotated[str, typer.Option(help='Chip URI.')] = 'sim:?seed=1&preset=typical',
    out: Annotated[Path, typer.Option(help='Folder for pictures and records.')] = Path('out'),
    record: Annotated[
        Path | None, typer.Option(help='Film of the first two flights, MP4.', callback=writable)
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Fly drone_hover over ROS 2: simulation and controller as two processes."""
    from pkan_control.demo import run_demo

    write_json(json_file, run_demo(controller, chip, episodes, seed, out, record))
