"""`pkan yield`: how many of the chips that one gets will do a task."""

from pathlib import Path
from typing import Annotated

import typer

from pkan_control.cli.commands.options import (
    ControllerFile,
    JsonFile,
    ScenarioName,
    Seed,
    TaskName,
    Workers,
    goes_on_from,
    write_json,
)


def yield_(
    task: TaskName,
    controller: ControllerFile = None,
    chip: Annotated[str, typer.Option(help='The first chip, sim:?preset=typical.')] = 'sim:',
    chips: Annotated[int, typer.Option(help='Chips that are fabricated.', min=1)] = 1000,
    episodes: Annotated[int, typer.Option(help='Episodes on each chip.', min=1)] = 20,
    seed: Seed = 0,
    scenario: ScenarioName = 'calm',
    criterion: Annotated[
        float, typer.Option('--pass', help='Success rate of a chip that passes.', min=0, max=1)
    ] = 0.95,
    target: Annotated[
        float, typer.Option(help='Yield that is specified.', min=0.01, max=1)
    ] = 0.99,
    sensitivity: Annotated[
        int | None,
        typer.Option(help='Chips for each magnitude that is varied; a twentieth.', min=0),
    ] = None,
    calibrate: Annotated[bool, typer.Option('--calibrate', help='Calibrate each chip.')] = False,
    workers: Workers = None,
    ray: Annotated[str | None, typer.Option(help='Ray cluster: auto, local, HOST:PORT.')] = None,
    log: Annotated[
        Path | None, typer.Option(help='Append each chip; go on where the file ends.')
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Fabricate chips, run episodes on each, and report the yield and what it depends on."""
    from pkan_control.evaluation.studies.yield_report import yield_study
    from pkan_control.reporting.study_tables import sensitivity_table, yield_table
    from pkan_control.reporting.tables import console, stages

    with goes_on_from(log), stages() as progress:
        report = yield_study(
            task,
            chips,
            episodes,
            seed,
            controller,
            chip,
            scenario,
            criterion=criterion,
            target=target,
            sensitivity=sensitivity,
            calibrate=calibrate,
            workers=workers,
            ray=ray,
            log=log,
            progress=progress,
        )
    figures = report.figures
    console.print(yield_table(f'{task}, {scenario}: {chips} chips, {episodes} episodes', figures))
    if figures['sensitivity']:
        console.print(sensitivity_table(figures, report.about['deviations']))
    write_json(json_file, report.to_dict())
