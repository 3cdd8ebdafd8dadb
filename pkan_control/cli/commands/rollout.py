"""`pkan rollout`: run episodes in process, and decide whether they are good enough."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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

if TYPE_CHECKING:
    from pkan_control.evaluation.rollouts.experiment import Experiment
    from pkan_control.sim.scenarios import Scenario


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
    alone: Annotated[
        bool, typer.Option('--alone', help='Skip the MLP and expert baselines.')
    ] = False,
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
    """Run episodes in process; expert and MLP run the same ones for comparison.

    The exit code is 1 where a requirement does not hold, or the baseline was better.
    """
    from pkan_control.evaluation.rollouts.experiment import Experiment
    from pkan_control.sim.scenarios import load_scenario
    from pkan_control.tasks.options import ArmChoice

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
    scenarios = [load_scenario(name) for name in scenario or ['calm']]
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
    """Run, show, write and decide; a requirement that is wrong is refused before all episodes."""
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
    with goes_on_from(experiment.log):
        for scenario in scenarios:
            with stages() as progress:
                result = experiment.run(scenario, progress, keep)
            found[scenario.name] = result.to_dict()
            rows = {result.title: result.figures, **result.baselines}
            console.print(rollout_table(f'{experiment.task}, {scenario.name}: {run}', rows))
    return found


def _bags(folder: Path | None) -> Any:
    """Return what writes each episode as a recording, if a folder is given."""
    if folder is None:
        return None
    from pkan_control.evaluation.bags.writer import BagWriter

    return BagWriter(folder).add


def _report(verdicts: Mapping[str, list[Any]], junit: Path | None) -> None:
    """Show and write verdicts; end with 1 where one is bad."""
    from pkan_control.evaluation.rollouts.requirements import write_junit
    from pkan_control.reporting.tables import console, verdict_table

    if junit is not None:
        write_junit(junit, verdicts)
    if any(verdicts.values()):
        console.print(verdict_table(verdicts))
    if not all(verdict.passed for each in verdicts.values() for verdict in each):
        raise typer.Exit(1)
