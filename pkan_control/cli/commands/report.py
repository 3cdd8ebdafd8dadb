"""`pkan report` and `pkan plot`: a report of a controller, as one HTML file or as PNG files."""

from pathlib import Path
from typing import Annotated

import typer

from pkan_control.cli.commands.options import (
    CalibrationFile,
    ChipCount,
    ControllerFile,
    Episodes,
    ScenarioName,
    Seed,
    SimulatedChip,
    TaskName,
    YieldFiles,
    writable,
)


def report(
    task: TaskName,
    controller: ControllerFile = None,
    chip: SimulatedChip = None,
    chips: ChipCount = 1,
    scenario: ScenarioName = 'calm',
    episodes: Episodes = 200,
    seed: Seed = 0,
    calibration: CalibrationFile = None,
    yields: YieldFiles = None,
    out: Annotated[
        Path, typer.Option(metavar='FILE', help='HTML file to write.', callback=writable)
    ] = Path('report.html'),
) -> None:
    """Run episodes and write one self-contained HTML file."""
    from pkan_control.common.files import replace_file
    from pkan_control.reporting.reports.evidence import ReportRequest, gather
    from pkan_control.reporting.reports.page import page
    from pkan_control.reporting.tables import console, progress

    request = ReportRequest(
        task, controller, chip, chips, scenario, episodes, seed, calibration, yields or []
    )
    text = page(gather(request, progress))
    replace_file(out, text.encode())
    console.print(f'{out}, {len(text) / 1e6:.1f} MB')


def plot(
    task: TaskName,
    controller: ControllerFile = None,
    chip: SimulatedChip = None,
    chips: ChipCount = 1,
    scenario: ScenarioName = 'calm',
    episodes: Episodes = 200,
    seed: Seed = 0,
    calibration: CalibrationFile = None,
    yields: YieldFiles = None,
    out: Annotated[Path, typer.Option(metavar='FOLDER', help='Folder of the pictures.')] = Path(
        'plots'
    ),
) -> None:
    """Run episodes and draw the pictures of a report as PNG files."""
    from pkan_control.reporting.reports.evidence import ReportRequest, gather
    from pkan_control.reporting.reports.png import draw_all
    from pkan_control.reporting.tables import console, progress

    request = ReportRequest(
        task, controller, chip, chips, scenario, episodes, seed, calibration, yields or []
    )
    for path in draw_all(gather(request, progress), out):
        console.print(str(path))
