"""Everything that one `pkan rollout` flies: each row in each scenario, and what came out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pkan_control.chips.calibration.calibration import Calibration
from pkan_control.chips.calibration.calibration_file import load_calibration
from pkan_control.chips.uri import is_simulated
from pkan_control.common.errors import UserError
from pkan_control.control.controller_file import load_controller_file
from pkan_control.evaluation.rollouts.baselines import (
    RunEpisodes,
    fitted,
    shipped_controller,
    with_baselines,
)
from pkan_control.evaluation.rollouts.episode_log import EpisodeLog
from pkan_control.evaluation.rollouts.parallel import cores, run_all
from pkan_control.evaluation.rollouts.record import EpisodeRecord, summary
from pkan_control.evaluation.rollouts.rollout import Plan
from pkan_control.sim.scenarios import load_scenario
from pkan_control.tasks.options import ArmChoice, configured
from pkan_control.tasks.task import find_task


@dataclass(frozen=True)
class Experiment:
    """What `pkan rollout` was asked for; None is what ships, or nothing."""

    task: str
    controller: Path | None
    chip: str
    chips: int
    scenarios: Sequence[str]
    episodes: int
    seed: int
    airframe: str | None
    path: str | None
    arm: ArmChoice
    off: Sequence[str]
    calibration: Path | None
    alone: bool
    workers: int | None
    log: Path | None

    @property
    def about(self) -> dict[str, Any]:
        """What names the rollout in files."""
        file = self.controller or shipped_controller(find_task(self.task).name, self.arm.robot)
        trims = str(self.calibration) if self.calibration else None
        return {
            'task': self.task, 'controller': str(file), 'airframe': self.airframe,
            'path': self.path, 'robot': self.arm.name, 'chip': self.chip, 'chips': self.chips,
            'calibration': trims, 'episodes': self.episodes, 'seed': self.seed,
        }  # fmt: skip

    @property
    def processes(self) -> int:
        """How many fly side by side; a board has one user."""
        return (self.workers or cores()) if is_simulated(self.chip) else 1


# Opens a bar of a text and a total; what it gives is told how much is done.
Progress = Callable[[str, int], AbstractContextManager[Any]]
# Takes each flight of the first row, to keep it.
Keep = Callable[[Plan, EpisodeRecord], None]
# Is told the figures of all rows of a scenario.
Show = Callable[[str, dict[str, Any]], None]


def run_experiment(
    request: Experiment, bar: Progress, show: Show, keep: Keep | None = None
) -> dict[str, dict[str, Any]]:
    """Fly everything that was asked for; return the figures by scenario."""
    about = request.about
    controller_file = load_controller_file(Path(about['controller']))
    job = configured(
        request.task, request.airframe, request.path, controller_file.law, request.arm
    )
    weathers = [load_scenario(name) for name in request.scenarios]
    trims = _calibration(request.calibration, request.chips)
    controller_file = fitted(controller_file, job)
    rows = with_baselines(job, controller_file, request.chip, request.chips, trims, request.off)
    flown = dict(list(rows.items())[:1]) if request.alone else rows
    log = EpisodeLog(request.log, about) if request.log else None
    found = {}
    for weather in weathers:
        plan = Plan(job, request.episodes, request.seed, weather)
        figures = run_rows(plan, flown, request.processes, log, bar, keep)
        found[weather.name] = {**about, 'scenario': weather.name, **figures}
        show(weather.name, {next(iter(flown)): figures, **figures['beside']})
    return found


def _calibration(path: Path | None, chips: int) -> Calibration | None:
    """Return the calibration of a file, if one is given; refuse it for more than one chip."""
    if path is not None and chips > 1:
        raise UserError(f'--calibration is that of one chip: --chips {chips} are more')
    return None if path is None else load_calibration(path)


def run_rows(
    plan: Plan,
    rows: Mapping[str, RunEpisodes],
    workers: int,
    log: EpisodeLog | None,
    bar: Progress,
    keep: Keep | None = None,
) -> dict[str, Any]:
    """Fly all rows in one scenario; return the figures of the first, the others beside it."""
    name = plan.scenario.name
    figures = {}
    for number, (row, fly) in enumerate(rows.items()):
        kept = log if number == 0 else None
        with bar(row if name == 'calm' else f'{name}: {row}', plan.episodes) as report:
            records = []
            for record in _logged(fly, plan, workers, kept):
                records.append(record)
                if keep is not None and number == 0:
                    keep(plan, record)
                report(len(records))
        figures[row] = summary(records)
        if number == 0:
            own = outcomes(records)
    first, *_ = rows
    return {**figures.pop(first), 'outcomes': own, 'beside': figures}


def outcomes(records: Sequence[EpisodeRecord]) -> dict[str, list[float | None]]:
    """Return success (1 or 0) and figures of each episode; None for what never came."""
    names = records[0].score.figures
    found: dict[str, list[float | None]] = {
        'success': [float(record.score.success) for record in records]
    }
    for name in names:
        values = (record.score.figures[name] for record in records)
        found[name] = [value if abs(value) < float('inf') else None for value in values]
    return found


def _logged(
    fly: RunEpisodes, plan: Plan, workers: int, log: EpisodeLog | None
) -> Iterator[EpisodeRecord]:
    """Yield all episodes: those that the log knows first, then those that are flown now."""
    if log is None:
        yield from run_all(fly, plan, workers)
        return
    name, number = plan.scenario.name, plan.first
    while number in plan.numbers and (name, number) in log.known:
        yield log.known[name, number]
        number += 1
    rest = replace(plan, first=number, episodes=plan.numbers.stop - number)
    for record in run_all(fly, rest, workers):
        log.add(name, record)
        yield record
