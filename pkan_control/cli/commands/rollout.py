"""`pkan rollout`: fly episodes in process, and decide whether they are good enough."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from pkan_control.cli.commands.options import (
    AirframeName,
    BagFolder,
    CalibrationFile,
    ChipCount,
    ControllerFile,
    Episodes,
    JsonFile,
    JunitFile,
    Parts,
    PathName,
    RobotName,
    ScenarioNames,
    Seed,
    TaskName,
    TipLink,
    UrdfFile,
    Workers,
    goes_on_from,
    write_json,
)


def rollout(
    task: TaskName,
    controller: ControllerFile = None,
    chip: Annotated[
        str, typer.Option(help='Chip URI: ideal:, sim:?seed=1&... or tcp://...')
    ] = 'ideal:',
    episodes: Episodes = 100,
    seed: Seed = 0,
    chips: ChipCount = 1,
    scenario: ScenarioNames = None,
    airframe: AirframeName = None,
    path: PathName = None,
    robot: RobotName = None,
    urdf: UrdfFile = None,
    tip: TipLink = None,
    off: Parts = None,
    calibration: CalibrationFile = None,
    alone: Annotated[bool, typer.Option('--alone', help='Fly nothing beside it.')] = False,
    workers: Workers = None,
    require: Annotated[
        str | None, typer.Option(help='What must hold: success_rate>=0.99,final_error_m.p95<0.02')
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help='Older JSON file: fail on a significant regression.')
    ] = None,
    junit: JunitFile = None,
    log: Annotated[
        Path | None, typer.Option(help='Append each episode; go on where the file ends.')
    ] = None,
    bag: BagFolder = None,
    json_file: JsonFile = None,
) -> None:
    """Run episodes in process; expert and MLP fly the same ones beside the controller.

    The exit code is 1 where a requirement does not hold, or the baseline was better.
    """
    from pkan_control.evaluation.rollouts.experiment import Experiment
    from pkan_control.tasks.options import ArmChoice

    request = Experiment(
        task, controller, chip, chips, scenario or ['calm'], episodes, seed, airframe, path,
        ArmChoice(robot, urdf, tip), off or [], calibration, alone, workers, log,
    )  # fmt: skip
    _run(request, require, baseline, junit, bag, json_file)


def _run(
    request: Any,
    require: str | None,
    baseline: Path | None,
    junit: Path | None,
    bag: Path | None,
    out: Path | None,
) -> None:
    """Fly, show, write and decide; what is wrong with a requirement is said before all flights."""
    from pkan_control.evaluation.rollouts.experiment import run_experiment
    from pkan_control.evaluation.rollouts.regression import (
        check_pairs,
        compare,
        of_scenario,
        read_baseline,
    )
    from pkan_control.evaluation.rollouts.requirements import decide, parse_requirements
    from pkan_control.reporting.tables import console, progress, rollout_table
    from pkan_control.sim.scenarios import scenario_name

    requirements = parse_requirements(require) if require else []
    older = read_baseline(baseline) if baseline else None
    for name in map(scenario_name, request.scenarios if baseline else ()):
        check_pairs(of_scenario(older, name), {**request.about, 'scenario': name})
    chips = request.chip if request.chips == 1 else f'{request.chips} chips {request.chip}'

    def show(name: str, rows: dict[str, Any]) -> None:
        flown = f'{request.episodes} episodes, seed {request.seed}, {chips}'
        console.print(rollout_table(f'{request.task}, {name}: {flown}', rows))

    def against(name: str, figures: Mapping[str, Any]) -> list[Any]:
        return (
            []
            if older is None
            else compare(of_scenario(older, name), figures, len(request.scenarios))
        )

    with goes_on_from(request.log):
        found = run_experiment(request, progress, show, _bags(bag))
    first, *more = found.values()
    write_json(out, {**request.about, 'scenarios': found} if more else first)
    _tell(decide(found, requirements, against), junit)


def _bags(folder: Path | None) -> Any:
    """Return what keeps each flight as a recording, if a folder is given."""
    if folder is None:
        return None
    from pkan_control.evaluation.bags.writer import BagWriter

    return BagWriter(folder).add


def _tell(verdicts: Mapping[str, list[Any]], junit: Path | None) -> None:
    """Show and write verdicts; end with 1 where one is bad."""
    from pkan_control.evaluation.rollouts.requirements import write_junit
    from pkan_control.reporting.tables import console, verdict_table

    if junit is not None:
        write_junit(junit, verdicts)
    if any(verdicts.values()):
        console.print(verdict_table(verdicts))
    if not all(verdict.passed for each in verdicts.values() for verdict in each):
        raise typer.Exit(1)
