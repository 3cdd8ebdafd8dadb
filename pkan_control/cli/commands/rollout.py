"""`pkan rollout`: run episodes in process, and check the results."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkan_control.cli.commands.options import (
    AirframeName,
    CalibrationFile,
    ChipCount,
    ChipUri,
    ControllerFile,
    Episodes,
    JsonFile,
    PathName,
    RobotName,
    ScenarioNames,
    Seed,
    TaskName,
    TipLink,
    UrdfFile,
    Workers,
    resumable,
    writable,
    write_json,
)
from pkan_control.common.errors import UserError

if TYPE_CHECKING:
    from pkan_control.evaluation.rollouts.experiment import Experiment
    from pkan_control.sim.scenarios import Scenario


def rollout(
    task: TaskName,
    controller: ControllerFile = None,
    chip: ChipUri = 'ideal:',
    episodes: Episodes = 100,
    seed: Seed = 0,
    chips: ChipCount = 1,
    scenario: ScenarioNames = None,
    airframe: AirframeName = None,
    path: PathName = None,
    robot: RobotName = None,
    urdf: UrdfFile = None,
    tip: TipLink = None,
    off: Annotated[
        list[str] | None,
        typer.Option(
            metavar='PART', help='Repeat without a part of the outer loop, or without all.'
        ),
    ] = None,
    calibration: CalibrationFile = None,
    alone: Annotated[
        bool, typer.Option('--alone', help='Skip the MLP and expert baselines.')
    ] = False,
    workers: Workers = None,
    require: Annotated[
        str | None,
        typer.Option(
            metavar='TEXT', help='Requirements, such as success_rate>=0.99,rms_error_m.p95<0.1.'
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(metavar='FILE', help='Older JSON file: fail on a significant regression.'),
    ] = None,
    junit: Annotated[
        Path | None,
        typer.Option(metavar='FILE', help='Write the verdicts as JUnit XML.', callback=writable),
    ] = None,
    log: Annotated[
        Path | None, typer.Option(metavar='FILE', help='Append each episode; resume from FILE.')
    ] = None,
    bag: Annotated[
        Path | None, typer.Option(metavar='FOLDER', help='Write each episode as a rosbag2.')
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Run episodes in process, with the expert and an MLP as baselines on the same episodes.

    The exit code is 1 if a requirement does not hold, or if the older results were better. See
    doc/ci.md for requirements.
    """
    from pkan_control.evaluation.rollouts.experiment import Experiment
    from pkan_control.sim.scenarios import load_scenario
    from pkan_control.tasks.options import ArmChoice

    if junit is not None and not (require or baseline):
        raise UserError('--junit: needs verdicts: give --require or --baseline')
    names = scenario or ['calm']
    if len(set(names)) < len(names):
        raise UserError(f'--scenario {", ".join(names)}: one is given twice')
    experiment = Experiment(
        task=task,
        controller=controller,
        chip=chip,
        chips=chips,
        episodes=episodes,
        seed=seed,
        airframe=airframe,
        path=path,
        arm=ArmChoice(robot, urdf, tip),
        off=off or (),
        calibration=calibration,
        baselines=not alone,
        workers=workers,
        log=log,
    )
    scenarios = [load_scenario(name) for name in names]
    _run(experiment, scenarios, require, baseline, junit, bag, json_file)


def _run(
    experiment: 'Experiment',
    scenarios: 'Sequence[Scenario]',
    require: str | None,
    baseline: Path | None,
    junit: Path | None,
    bag: Path | None,
    out: Path | None,
) -> None:
    """Run, print, write and check the results; refuse wrong requirements before the episodes."""
    from pkan_control.evaluation.rollouts.regression import (
        check_pairs,
        compare,
        of_scenario,
        read_baseline,
    )
    from pkan_control.evaluation.rollouts.requirements import decide, parse_requirements

    requirements = parse_requirements(require) if require else []
    older = read_baseline(baseline) if baseline else None
    for each in scenarios if baseline else ():
        check_pairs(of_scenario(older, each.name), {**experiment.about, 'scenario': each.name})

    def against(name: str, figures: Mapping[str, Any]) -> list[Any]:
        if older is None:
            return []
        return compare(of_scenario(older, name), figures, len(scenarios))

    found = _results(experiment, scenarios, _bags(bag))
    first, *more = found.values()
    write_json(out, {**experiment.about, 'scenarios': found} if more else first)
    _report(decide(found, requirements, against), junit)


def _results(
    experiment: 'Experiment', scenarios: 'Sequence[Scenario]', keep: Any
) -> dict[str, dict[str, Any]]:
    """Run and show each scenario; return what the JSON file holds, by scenario."""
    from pkan_control.reporting.tables import console, rollout_table, stages

    several = f'{experiment.chips} chips ' if experiment.chips > 1 else ''
    run = f'{experiment.episodes} episodes, seed {experiment.seed}, {several}{experiment.chip}'
    found = {}
    with resumable(experiment.log):
        for scenario in scenarios:
            with stages() as progress:
                result = experiment.run(scenario, progress, keep)
            found[scenario.name] = result.to_dict()
            rows = {result.title: result.figures, **result.baselines}
            console.print(rollout_table(f'{experiment.task}, {scenario.name}: {run}', rows))
    return found


def _bags(folder: Path | None) -> Any:
    """Return a function that writes each episode as a recording; None without a folder."""
    if folder is None:
        return None
    from pkan_control.evaluation.bags.writer import BagWriter

    return BagWriter(folder).add


def _report(verdicts: Mapping[str, list[Any]], junit: Path | None) -> None:
    """Print and write the verdicts; exit with 1 if one failed."""
    from pkan_control.evaluation.rollouts.requirements import write_junit
    from pkan_control.reporting.tables import console, verdict_table

    if junit is not None:
        write_junit(junit, verdicts)
    if any(verdicts.values()):
        console.print(verdict_table(verdicts))
    if not all(verdict.passed for each in verdicts.values() for verdict in each):
        raise typer.Exit(1)
