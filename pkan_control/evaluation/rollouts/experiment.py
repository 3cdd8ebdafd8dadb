"""A controller on a task in scenarios: what `pkan rollout` and `rollout` run."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pkan_control.chips.calibration.calibration import Calibration, load_calibration
from pkan_control.chips.uri import is_simulated
from pkan_control.common.errors import Progress, UserError, check_chip, check_whole, no_progress
from pkan_control.control.controller_file import ControllerFile
from pkan_control.evaluation.controllers import (
    ControllerSource,
    find_controller,
    shipped_controller,
)
from pkan_control.evaluation.rollouts.baselines import RunEpisodes, fitted, with_baselines
from pkan_control.evaluation.rollouts.parallel import cores, run_all
from pkan_control.evaluation.rollouts.record import EpisodeLog, EpisodeRecord, summary
from pkan_control.evaluation.rollouts.rollout import Plan
from pkan_control.sim.scenarios import Scenario, load_scenario
from pkan_control.tasks.options import ANY, ArmChoice, configured
from pkan_control.tasks.task import find_task

MAX_SEED = 2**31 - 1
# Takes each episode of the controller, to keep it.
Keep = Callable[[Plan, EpisodeRecord], None]


@dataclass(frozen=True)
class RolloutResult:
    """What became of a controller in one scenario.

    Attributes:
        about: what was run: task, controller, chip, scenario, episodes, seed
        title: the controller in a few characters, for example `bandpass 12-20-4 K3`
        records: each episode with its states, goals, commands and score
        baselines: figures of what ran the same episodes for comparison, by its title
    """

    about: Mapping[str, Any]
    title: str
    records: Sequence[EpisodeRecord]
    baselines: Mapping[str, Mapping[str, Any]]

    @cached_property
    def figures(self) -> dict[str, Any]:
        """Success rate, median and 95 % quantile of each figure of the task, times and hash.

        A figure's name ends in its unit. Median and quantile are None where they are infinite.
        """
        return summary(self.records)

    @property
    def success_rate(self) -> float:
        """Share of the episodes that succeeded, 0 to 1."""
        return float(self.figures['success_rate'])

    @property
    def outcomes(self) -> dict[str, list[float | None]]:
        """Success (1 or 0) and each figure, episode by episode; None for an infinite figure."""
        names = self.records[0].score.figures
        found: dict[str, list[float | None]] = {
            'success': [float(record.score.success) for record in self.records]
        }
        for name in names:
            values = (record.score.figures[name] for record in self.records)
            found[name] = [value if abs(value) < float('inf') else None for value in values]
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the records, as the JSON file of `pkan rollout` holds it."""
        compared = {name: dict(figures) for name, figures in self.baselines.items()}
        return {**self.about, **self.figures, 'outcomes': self.outcomes, 'beside': compared}

    def to_json(self) -> str:
        """Return the text of the JSON file that `pkan rollout --json` writes."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False) + '\n'


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A controller on a task, to be run in one scenario after the other.

    Args:
        task: name of the task
        controller: shipped name, path, or trained controller; None for the one that ships
        chip: URI of the chip, the first one of several
        chips: number of simulated chips, of consecutive seeds, that take turns
        episodes: number of episodes
        seed: seed of the starts and of the disturbances
        airframe: another quadrotor, a shipped name or a YAML file
        path: another path, a shipped name or a YAML file
        arm: another arm
        off: parts of the law's outer loop; the controller runs once more without each of them
        calibration: calibration file of the chip
        baselines: whether the MLP, the expert and the reference controller run as well
        workers: processes; None for as many as cores
        log: file to which each episode is appended, and from which an interrupted run resumes
    """

    task: str
    controller: ControllerSource | None = None
    chip: str = 'ideal:'
    chips: int = 1
    episodes: int = 100
    seed: int = 0
    airframe: str | Path | None = None
    path: str | Path | None = None
    arm: ArmChoice = ANY
    off: Sequence[str] = ()
    calibration: str | Path | None = None
    baselines: bool = False
    workers: int | None = None
    log: Path | None = None

    def __post_init__(self) -> None:
        """Refuse arguments that are out of range, or that would have no effect."""
        check_chip(self.chip)
        check_whole('episodes', self.episodes, 1)
        check_whole('chips', self.chips, 1)
        check_whole('seed', self.seed, 0, MAX_SEED)
        if self.workers is not None:
            check_whole('workers', self.workers, 1)
        if self.workers not in (None, 1) and not is_simulated(self.chip):
            raise UserError(f'workers={self.workers}: the board {self.chip} serves one process')
        if self.calibration is not None and self.chips > 1:
            raise UserError(f'calibration: is that of one chip, but there are {self.chips} chips')
        if self.off and not self.baselines:
            raise UserError('off: runs more controllers for comparison: omit alone')

    @cached_property
    def found(self) -> tuple[ControllerFile, str]:
        """The controller, or else the one that ships for the task and the arm; and its name."""
        if self.controller is not None:
            return find_controller(self.controller)
        return find_controller(shipped_controller(find_task(self.task).name, self.arm.robot))

    @property
    def about(self) -> dict[str, Any]:
        """What identifies the experiment in files; the scenario is not part of it."""
        return {
            'task': self.task,
            'controller': self.found[1],
            'airframe': None if self.airframe is None else str(self.airframe),
            'path': None if self.path is None else str(self.path),
            'robot': self.arm.name,
            'chip': self.chip,
            'chips': self.chips,
            'calibration': None if self.calibration is None else str(self.calibration),
            'episodes': self.episodes,
            'seed': self.seed,
        }

    @property
    def processes(self) -> int:
        """Number of processes that run at once; a board has one user."""
        return (self.workers or cores()) if is_simulated(self.chip) else 1

    def run(
        self, scenario: Scenario, progress: Progress = no_progress, keep: Keep | None = None
    ) -> RolloutResult:
        """Run all episodes in a scenario, those of the controller first."""
        plan, rows = self._prepare(scenario)
        log = EpisodeLog(self.log, self.about) if self.log else None
        title, *others = rows
        records = []
        for record in _logged(rows[title], plan, self.processes, log):
            records.append(record)
            if keep is not None:
                keep(plan, record)
            progress(_stage(title, scenario), len(records), self.episodes)
        baselines = {}
        for name in others:
            found = []
            for record in run_all(rows[name], plan, self.processes):
                found.append(record)
                progress(_stage(name, scenario), len(found), self.episodes)
            baselines[name] = summary(found)
        return RolloutResult({**self.about, 'scenario': scenario.name}, title, records, baselines)

    def _prepare(self, scenario: Scenario) -> tuple[Plan, dict[str, RunEpisodes]]:
        """Return what is run, and by which controllers: the one of the experiment first."""
        file, _ = self.found
        airframe, path = (None if x is None else str(x) for x in (self.airframe, self.path))
        task = configured(self.task, airframe, path, file.law, self.arm)
        trims: Calibration | None = None
        if self.calibration is not None:
            trims = load_calibration(self.calibration)
        file = fitted(file, task)
        rows = with_baselines(task, file, self.chip, self.chips, trims, self.off)
        chosen = rows if self.baselines else dict(list(rows.items())[:1])
        return Plan(task, self.episodes, self.seed, scenario), chosen


def _stage(title: str, scenario: Scenario) -> str:
    return title if scenario.name == 'calm' else f'{scenario.name}: {title}'


def _logged(
    run: RunEpisodes, plan: Plan, workers: int, log: EpisodeLog | None
) -> Iterator[EpisodeRecord]:
    """Yield all episodes: those that the log holds first, then the others as they are run."""
    if log is None:
        yield from run_all(run, plan, workers)
        return
    name, number = plan.scenario.name, plan.first
    while number in plan.numbers and (name, number) in log.known:
        yield log.known[name, number]
        number += 1
    rest = replace(plan, first=number, episodes=plan.numbers.stop - number)
    for record in run_all(run, rest, workers):
        log.add(name, record)
        yield record


def rollout(
    task: str,
    episodes: int = 100,
    seed: int = 0,
    controller: ControllerSource | None = None,
    chip: str = 'ideal:',
    scenario: str | Path = 'calm',
    *,
    chips: int = 1,
    airframe: str | Path | None = None,
    calibration: str | Path | None = None,
    baselines: bool = False,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> RolloutResult:
    """Run episodes of a controller on a task: the same figures and hash as `pkan rollout`.

    Args:
        task: name of the task, for example `drone_hover`; `pkan rollout --help` lists them
        episodes: number of episodes
        seed: seed of the starts and of the disturbances; it decides the hash
        controller: a shipped name, the path of a controller file, or what `train` returned; None
            for the controller that ships for the task
        chip: URI of the chip, for example `sim:?preset=typical&seed=3`
        scenario: disturbances: a shipped name such as `gusts`, or a YAML file
        chips: simulated chips of consecutive seeds that take turns, episode by episode
        airframe: another quadrotor: a shipped name or a YAML file
        calibration: calibration file of the chip
        baselines: whether the MLP, the expert and the reference controller run the same episodes
        workers: processes that run episodes; None for as many as cores. The result does not
            depend on it. A script that uses more than one guards its main program with
            `if __name__ == '__main__'`
        progress: callback that takes stage, episodes done, and their number

    Raises:
        UserError: an unknown name, a damaged file, a number out of range, a controller that was
            trained for another task

    >>> import pkan_control as pk
    >>> result = pk.rollout('cartpole', episodes=3, chip='sim:?preset=typical&seed=3')
    >>> result.success_rate
    1.0
    >>> result.figures['survived_s']
    {'median': 50.0, 'p95': 50.0}
    >>> result.records[0].states.shape
    (501, 4)
    """
    experiment = Experiment(
        task=task,
        controller=controller,
        chip=chip,
        chips=chips,
        episodes=episodes,
        seed=seed,
        airframe=airframe,
        calibration=calibration,
        baselines=baselines,
        workers=workers,
    )
    return experiment.run(load_scenario(str(scenario)), progress)
