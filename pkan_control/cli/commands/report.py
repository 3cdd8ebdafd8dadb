"""`pkan report`: everything about a controller on one page."""

from pathlib import Path
from typing import Annotated

import typer

from pkan_control.cli.commands.options import (
    CalibrationFile,
    ChipCount,
    ChipName,
    ControllerFile,
    Episodes,
    ScenarioName,
    Seed,
    TaskName,
    YieldFiles,
    writable,
)


def report(
    task: TaskName,
    controller: ControllerFile = None,
    chip: ChipName = 'sim:?preset=typical',
    chips: ChipCount = 1,
    scenario: ScenarioName = 'calm',
    episodes: Episodes = 200,
    seed: Seed = 0,
    calibration: CalibrationFile = None,
    yields: YieldFiles = None,
    out: Annotated[Path, typer.Option(help='Page to write.', callback=writable)] = Path(
        'report.html'
    ),
) -> None:
    """Fly episodes and write one HTML file that opens anywhere, without a network."""
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
