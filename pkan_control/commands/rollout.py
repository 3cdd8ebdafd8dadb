"""`pkan rollout`: fly episodes in process."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pkan_control.commands.options import JsonFile, Seed, TaskName, write_json


def rollout(
    task: TaskName,
    controller: Annotated[
        Path | None, typer.Option(help='Controller file; the shipped one.')
    ] = None,
    chip: Annotated[
        str, typer.Option(help='Chip URI: ideal:, sim:?seed=1&... or tcp://...')
    ] = 'ideal:',
    episodes: Annotated[int, typer.Option(help='Number of episodes.', min=1)] = 100,
    seed: Seed = 0,
    chips: Annotated[int, typer.Option(help='Spread over chips of consecutive seeds.', min=1)] = 1,
    scenario: Annotated[
        str, typer.Option(help='What disturbs the robot: a shipped name or FILE.yaml.')
    ] = 'calm',
    calibration: Annotated[
        Path | None, typer.Option(help='Calibration file of the chip, by pkan calibrate.')
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Run episodes in process; expert and MLP fly the same ones beside the controller."""
    from pkan_control.chips.calibration.file import load_calibration
    from pkan_control.controller.bundle import load_bundle
    from pkan_control.errors import UserError
    from pkan_control.rollouts.beside import contenders, shipped
    from pkan_control.rollouts.record import summary
    from pkan_control.rollouts.rollout import Plan
    from pkan_control.scenarios import load_scenario
    from pkan_control.tables import console, progress, rollout_table
    from pkan_control.tasks.task import find_task

    plan = Plan(find_task(task), episodes, seed, load_scenario(scenario))
    path = controller or shipped(task)
    if calibration is not None and chips > 1:
        raise UserError(f'--calibration is that of one chip: --chips {chips} are more')
    trims = None if calibration is None else load_calibration(calibration)
    figures = {}
    for row, fly in contenders(plan, load_bundle(path), chip, chips, trims).items():
        with progress(row, episodes) as report:
            figures[row] = summary(fly(report))
    where = chip if chips == 1 else f'{chips} chips {chip}'
    title = f'{task}, {scenario}: {episodes} episodes, seed {seed}, {where}'
    console.print(rollout_table(title, figures))
    run: dict[str, Any] = {'task': task, 'scenario': scenario, 'controller': str(path)}
    run |= {'chip': chip, 'chips': chips, 'episodes': episodes, 'seed': seed}
    run |= {'calibration': None if calibration is None else str(calibration)}
    own = figures.pop(next(iter(figures)))
    write_json(json_file, {**run, **own, 'beside': figures})
