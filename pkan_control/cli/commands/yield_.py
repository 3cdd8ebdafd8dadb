"""`pkan yield`: the share of fabricated chips that do a task."""

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
    resumable,
    write_json,
)


def yield_(
    task: TaskName,
    controller: ControllerFile = None,
    chip: Annotated[
        str, typer.Option(metavar='URI', help='First chip of the run, a sim: URI.')
    ] = 'sim:',
    chips: Annotated[int, typer.Option(metavar='N', help='Number of chips.', min=1)] = 1000,
    episodes: Annotated[int, typer.Option(metavar='N', help='Episodes on each chip.', min=1)] = 20,
    seed: Seed = 0,
    scenario: ScenarioName = 'calm',
    criterion: Annotated[
        float,
        typer.Option(
            '--pass', metavar='X', help='Least success rate of a chip that passes.', min=0, max=1
        ),
    ] = 0.95,
    target: Annotated[
        float, typer.Option(metavar='X', help='Specified yield.', min=0.01, max=1)
    ] = 0.99,
    sensitivity: Annotated[
        int | None,
        typer.Option(
            metavar='N',
            help='Chips for each varied deviation; a twentieth of --chips by default.',
            min=0,
        ),
    ] = None,
    calibrate: Annotated[
        bool, typer.Option('--calibrate', help='Calibrate each chip first.')
    ] = False,
    workers: Workers = None,
    ray: Annotated[
        str | None, typer.Option(metavar='NAME', help='Ray cluster: auto, local or HOST:PORT.')
    ] = None,
    log: Annotated[
        Path | None, typer.Option(metavar='FILE', help='Append each chip; resume from FILE.')
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Run a task on many fabricated chips; estimate the yield and its sensitivities."""
    from pkan_control.evaluation.studies.yield_report import yield_study
    from pkan_control.reporting.study_tables import sensitivity_table, yield_table
    from pkan_control.reporting.tables import console, stages

    with resumable(log), stages() as progress:
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
