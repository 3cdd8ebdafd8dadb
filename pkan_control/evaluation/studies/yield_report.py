"""`yield_study`: which share of fabricated chips does a task, and what that depends on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pkan_control.chips.uri import deviations_of, options_of, seed_of, with_options
from pkan_control.common.errors import (
    Progress,
    UserError,
    check_chip,
    check_share,
    check_whole,
    no_progress,
)
from pkan_control.common.files import JsonLines
from pkan_control.evaluation.controllers import (
    ControllerSource,
    find_controller,
    shipped_controller,
)
from pkan_control.evaluation.rollouts.experiment import MAX_SEED
from pkan_control.evaluation.rollouts.parallel import cores, on_cores, on_ray
from pkan_control.evaluation.rollouts.rollout import Plan, check_fits
from pkan_control.evaluation.studies.yield_figures import yield_figures
from pkan_control.evaluation.studies.yield_study import Study, about, run_study
from pkan_control.sim.scenarios import load_scenario
from pkan_control.tasks.options import configured
from pkan_control.tasks.task import find_task

# By default one magnitude is varied on this share of the chips, and on as many at least.
VARIED_SHARE, LEAST_VARIED = 20, 20


@dataclass(frozen=True)
class YieldReport:
    """The yield of a controller on fabricated chips.

    Attributes:
        about: what was studied: task, controller, scenario, chips, episodes, every deviation
        chips: one entry for each chip: variant, seed, success and figures of its episodes
        criterion: share of successful episodes from which on a chip passes
        target: share of chips that shall pass
    """

    about: Mapping[str, Any]
    chips: Sequence[Mapping[str, Any]]
    criterion: float
    target: float

    @cached_property
    def figures(self) -> dict[str, Any]:
        """Yield, success rates, the task's figures, sensitivities and the specification."""
        return yield_figures(self.chips, self.criterion, self.target)

    @property
    def rate(self) -> float:
        """Share of the chips that pass, 0 to 1."""
        return float(self.figures['yield']['rate'])

    @property
    def interval(self) -> tuple[float, float]:
        """Interval of Clopper and Pearson of the yield, at a confidence of 95 %."""
        found = self.figures['yield']
        return float(found['low']), float(found['high'])

    def to_dict(self) -> dict[str, Any]:
        """Return what the JSON file of `pkan yield` holds."""
        return {**self.about, **self.figures}

    def to_json(self) -> str:
        """Return the text of the JSON file that `pkan yield --json` writes."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False) + '\n'


def yield_study(
    task: str,
    chips: int = 1000,
    episodes: int = 20,
    seed: int = 0,
    controller: ControllerSource | None = None,
    chip: str = 'sim:',
    scenario: str | Path = 'calm',
    *,
    criterion: float = 0.95,
    target: float = 0.99,
    sensitivity: int | None = None,
    calibrate: bool = False,
    workers: int | None = None,
    ray: str | None = None,
    log: Path | None = None,
    progress: Progress = no_progress,
) -> YieldReport:
    """Fabricate chips, run the same episodes on each, and report how many do the task.

    Args:
        task: name of the task, for example `drone_hover`
        chips: number of chips, of consecutive seeds
        episodes: number of episodes on each chip
        seed: seed of the starts and of the disturbances
        controller: a shipped name, the path of a controller file, or what `train` returned; None
            for the controller that ships for the task
        chip: URI of the first chip, which says how chips deviate: `sim:?preset=typical&seed=0`
        scenario: disturbances: a shipped name, or a YAML file
        criterion: share of successful episodes from which on a chip passes, 0 to 1
        target: share of chips that shall pass, for the specification
        sensitivity: chips for each magnitude that is varied, 0 for none; None for a twentieth
        calibrate: whether each chip is calibrated first
        workers: processes; None for as many as cores. The result does not depend on it
        ray: address of a Ray cluster that takes the place of local processes: `auto`, `local`
        log: file to which each chip is appended, and from which an interrupted study resumes
        progress: callback that takes stage, chips done, and their number

    Raises:
        UserError: an unknown name, a damaged file, a number out of range, a chip that is not
            simulated, a network without a chip

    >>> import pkan_control as pk
    >>> report = pk.yield_study('cartpole', chips=4, episodes=2, sensitivity=0, workers=1)
    >>> report.rate
    1.0
    >>> [round(share, 2) for share in report.interval]
    [0.4, 1.0]
    """
    check_whole('chips', chips, 1)
    check_whole('episodes', episodes, 1)
    check_whole('seed', seed, 0, MAX_SEED)
    check_share('criterion', criterion)
    check_share('target', target)
    varied = max(LEAST_VARIED, chips // VARIED_SHARE) if sensitivity is None else sensitivity
    check_whole('sensitivity', varied, 0)
    if ray is not None and workers is not None:
        raise UserError(f'workers={workers}: a Ray cluster has its own: give ray or workers')
    source = shipped_controller(find_task(task).name) if controller is None else controller
    file, name = find_controller(source)
    conditions = load_scenario(str(scenario))
    plan = Plan(configured(task, law=file.law), episodes, seed, conditions)
    check_fits(file, plan.task)
    deviations = deviations_of(with_options(check_chip(chip), conditions.chip))
    if 'readout' in options_of(chip):
        raise UserError(f'chip {chip}: a study of yield does not model the readout')
    study = Study(plan, file, deviations, chips, seed_of(chip), varied, calibrate)
    described = {
        'task': task,
        'controller': name,
        'scenario': str(scenario),
        'chip': chip,
        'episodes': episodes,
        'seed': seed,
    }
    run = on_ray(ray) if ray else on_cores(_processes(workers))
    known = JsonLines(log, about(study, described)) if log else None
    total = sum(variant.chips for variant in study.variants())
    lines = run_study(study, run, known, lambda done: progress('chips', done, total))
    return YieldReport(about(study, described), lines, criterion, target)


def _processes(workers: int | None) -> int:
    return cores() if workers is None else check_whole('workers', workers, 1)
