"""`pkan plot`: the figures of a report as PNG."""

from pathlib import Path
from typing import Annotated

import typer

from pkan_control.commands.options import CalibrationFile, ControllerFile, Seed, TaskName


def plot(
    task: TaskName,
    controller: ControllerFile = None,
    chip: Annotated[str, typer.Option(help='Chip URI.')] = 'sim:?preset=typical',
    chips: Annotated[int, typer.Option(help='Spread over chips of consecutive seeds.', min=1)] = 1,
    scenario: Annotated[str, typer.Option(help='What disturbs the robot.')] = 'calm',
    episodes: Annotated[int, typer.Option(help='Number of episodes.', min=1)] = 200,
    seed: Seed = 0,
    calibration: CalibrationFile = None,
    yields: Annotated[
        list[Path] | None, typer.Option('--yield', help='JSON file of pkan yield.')
    ] = None,
    out: Annotated[Path, typer.Option(help='Folder of the pictures.')] = Path('plots'),
) -> None:
    """Fly episodes and draw them, for papers."""
    from pkan_control.reports.evidence import Request, gather
    from pkan_control.reports.png import draw_all
    from pkan_control.tables import console, progress

    request = Request(
        task, controller, chip, chips, scenario, episodes, seed, calibration, yields or []
    )
    for path in draw_all(gather(request, progress), out):
        console.print(str(path))
