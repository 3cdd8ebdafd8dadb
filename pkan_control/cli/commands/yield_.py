"""`pkan yield`: how many of the chips that one gets will do a task."""

from pathlib import Path
from typing import Annotated, Any

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
    """Fabricate chips, fly each, and tell the yield and what it depends on."""
    varied = max(20, chips // 20) if sensitivity is None else sensitivity
    study, about = _study(
        task, controller, chip, chips, episodes, seed, scenario, varied, calibrate
    )
    lines = _fly(study, about, workers, ray, log)
    _tell(study, about, lines, criterion, target, json_file)


def _study(
    task: str, controller: Path | None, chip: str, chips: int, episodes: int, seed: int,
    scenario: str, varied: int, calibrated: bool,
) -> tuple[Any, dict[str, Any]]:  # fmt: skip
    """Return the study, and what names it in files."""
    from pkan_control.chips.uri import deviations_of, seed_of, with_options
    from pkan_control.control.controller_file import load_controller_file
    from pkan_control.evaluation.rollouts.baselines import shipped_controller
    from pkan_control.evaluation.rollouts.rollout import Plan, check_fits
    from pkan_control.evaluation.studies.yield_study import Study, about
    from pkan_control.sim.scenarios import load_scenario
    from pkan_control.tasks.options import configured
    from pkan_control.tasks.task import find_task

    file = controller or shipped_controller(find_task(task).name)
    controller_file = load_controller_file(file)
    weather = load_scenario(scenario)
    plan = Plan(configured(task, law=controller_file.law), episodes, seed, weather)
    check_fits(controller_file, plan.task)
    deviations = deviations_of(with_options(chip, weather.chip))
    study = Study(plan, controller_file, deviations, chips, seed_of(chip), varied, calibrated)
    described = {'task': task, 'controller': str(file), 'scenario': scenario, 'chip': chip,
                 'episodes': episodes, 'seed': seed}  # fmt: skip
    return study, about(study, described)


def _fly(
    study: Any, about: dict[str, Any], workers: int | None, ray: str | None, log: Path | None
) -> list[dict[str, Any]]:
    from pkan_control.common.json_lines import JsonLines
    from pkan_control.evaluation.rollouts.parallel import cores
    from pkan_control.evaluation.studies.runners import on_cores, on_ray
    from pkan_control.evaluation.studies.yield_study import run_study
    from pkan_control.reporting.tables import progress

    run = on_ray(ray) if ray else on_cores(workers or cores())
    known = JsonLines(log, about) if log else None
    total = sum(variant.chips for variant in study.variants())
    with goes_on_from(log), progress('chips', total) as report:
        return run_study(study, run, known, report)


def _tell(
    study: Any, about: dict[str, Any], lines: list[dict[str, Any]], criterion: float,
    target: float, json_file: Path | None,
) -> None:  # fmt: skip
    from pkan_control.evaluation.studies.yield_figures import yield_figures
    from pkan_control.reporting.study_tables import sensitivity_table, yield_table
    from pkan_control.reporting.tables import console

    figures = yield_figures(lines, criterion, target)
    plan = study.plan
    title = f'{about["task"]}, {about["scenario"]}: {study.chips} chips, {plan.episodes} episodes'
    console.print(yield_table(title, figures))
    if figures['sensitivity']:
        console.print(sensitivity_table(figures, about['deviations']))
    write_json(json_file, {**about, **figures})
