"""Results of a trained controller: measured on an ideal chip, and kept in its file."""

from collections.abc import Callable
from typing import Any

from pkan_control.control.controller_file import ControllerFile
from pkan_control.evaluation.rollouts.record import summary
from pkan_control.evaluation.rollouts.rollout import (
    Plan,
    run_batched,
    run_controller,
    runs_batched,
)
from pkan_control.tasks.task import Score, Task

# Number of episodes, and a seed of their starts that no training uses.
EPISODES, SEED = 50, 1_000_000
MACHINE_DEPENDENT = ('real_time_factor', 'inference_us', 'hash')


def measure(
    task: Task, controller: ControllerFile, report: Callable[[int], None]
) -> dict[str, Any]:
    """Return the figures of a controller on an ideal chip; `report` takes the episodes done."""
    return summary(run_controller(Plan(task, EPISODES, SEED), controller, 'ideal:', 1, report))


def scores_on_ideal_chip(
    task: Task, controller: ControllerFile, episodes: int, seed: int
) -> list[Score]:
    """Return the score of each episode, run as one batch where the task's world allows it."""
    if runs_batched(task):
        return run_batched(task, controller.policy.evaluate, seed, episodes)
    plan = Plan(task, episodes, seed)
    records = run_controller(plan, controller, 'ideal:', 1, lambda done: None)
    return [record.score for record in records]


def reproducible(figures: dict[str, Any]) -> dict[str, Any]:
    """Return the figures that are the same on every machine: no computing times and no hash.

    They have six digits, since the 13th depends on whether there is a compiler.
    """
    kept = {name: value for name, value in figures.items() if name not in MACHINE_DEPENDENT}
    return {name: _six_digits(value) for name, value in kept.items()}


def _six_digits(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _six_digits(inner) for name, inner in value.items()}
    return float(f'{value:.6g}') if isinstance(value, float) else value
