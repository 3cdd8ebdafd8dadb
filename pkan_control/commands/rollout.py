"""`pkan rollout`: fly episodes in process."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pkan_control.commands.options import (
    AirframeName,
    CalibrationFile,
    ControllerFile,
    JsonFile,
    Parts,
    PathName,
    ScenarioName,
    Seed,
    TaskName,
    write_json,
)


def rollout(
    task: TaskName,
    controller: ControllerFile = None,
    chip: Annotated[
        str, typer.Option(help='Chip URI: ideal:, sim:?seed=1&... or tcp://...')
    ] = 'ideal:',
    episodes: Annotated[int, typer.Option(help='Number of episodes.', min=1)] = 100,
    seed: Seed = 0,
    chips: Annotated[int, typer.Option(help='Spread over chips of consecutive seeds.', min=1)] = 1,
    scenario: ScenarioName = 'calm',
    airframe: AirframeName = None,
    path: PathName = None,
    off: Parts = None,
    calibration: CalibrationFile = None,
    json_file: JsonFile = None,
) -> None:
    """Run episodes in process; expert and MLP fly the same ones beside the controller."""
    from pkan_control.controller.bundle import load_bundle
    from pkan_control.rollouts.beside import contenders, fitted, shipped
    from pkan_control.rollouts.record import summary
    from pkan_control.rollouts.rollout import Plan
    from pkan_control.scenarios import load_scenario
    from pkan_control.tables import console, progress, rollout_table
    from pkan_control.tasks.options import configured
    from pkan_control.tasks.task import find_task

    file = controller or shipped(find_task(task).name)
    bundle = load_bundle(file)
    job = configured(task, airframe, path, bundle.law)
    plan = Plan(job, episodes, seed, load_scenario(scenario))
    trims = _calibration(calibration, chips)
    rows = contenders(plan, fitted(bundle, job), chip, chips, trims, off or ())
    figures = {}
    for row, fly in rows.items():
        with progress(row, episodes) as report:
            figures[row] = summary(fly(report))
    where = chip if chips == 1 else f'{chips} chips {chip}'
    title = f'{task}, {scenario}: {episodes} episodes, seed {seed}, {where}'
    console.print(rollout_table(title, figures))
    run: dict[str, Any] = {'task': task, 'scenario': scenario, 'controller': str(file)}
    run |= {'airframe': airframe, 'path': path, 'chip': chip, 'chips': chips}
    run |= {'calibration': str(calibration) if calibration else None}
    run |= {'episodes': episodes, 'seed': seed}
    own = figures.pop(next(iter(figures)))
    write_json(json_file, {**run, **own, 'beside': figures})


def _calibration(path: Path | None, chips: int) -> Any:
    """Return the calibration of a file, if one is given; refuse it for more than one chip."""
    from pkan_control.chips.calibration.file import load_calibration
    from pkan_control.errors import UserError

    if path is not None and chips > 1:
        raise UserError(f'--calibration is that of one chip: --chips {chips} are more')
    return None if path is None else load_calibration(path)
