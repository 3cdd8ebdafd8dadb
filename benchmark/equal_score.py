"""The smallest MLP that flies as well as the analogue network: what is fair in `pkan power`.

MLPs of two hidden layers are trained as the shipped one is, from small to large, and fly the same
episodes as the shipped analogue network on an ideal chip. `--out FILE` gets the smallest one whose
success is as high; `--json FILE` the figures.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from pkan_control.control.controller_file import (
    ControllerFile,
    load_controller_file,
    save_controller_file,
)
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.evaluation.rollouts.baselines import describe
from pkan_control.evaluation.rollouts.record import summary
from pkan_control.evaluation.rollouts.rollout import Plan, run_controller
from pkan_control.reporting.tables import console, progress, rollout_table
from pkan_control.tasks.task import Imitable, find_task
from pkan_control.training.imitation_run import imitate
from pkan_control.training.recipe import find_recipe
from pkan_control.training.trainable import TrainableMlp

TASK = find_task('drone_hover')
WIDTHS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 45)


def trained(width: int, steps: int | None) -> ControllerFile:
    """Return an MLP with two hidden layers of a width, trained from seed 0."""
    if not isinstance(TASK, Imitable):
        raise SystemExit(f'{TASK.name}: there is nothing to imitate')
    settings = find_recipe(TASK.name).settings
    settings = replace(settings, steps=steps or settings.steps)
    network = TrainableMlp((len(TASK.law.observation), width, width, len(TASK.law.output)), 0)
    with progress(f'training of width {width}', 1000) as report:
        imitate(TASK, network, settings, 0, lambda share, _: report(1000 * share))
    return ControllerFile(TASK.name, TASK.law, TASK.rate_hz, network.export(), {'seed': 0})


def main() -> None:
    """Train and fly from small to large until one is as good; print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--episodes', type=int, default=200)
    parser.add_argument('--steps', type=int, help='optimiser steps instead of the recipe')
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--json', type=Path)
    given = parser.parse_args()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    plan = Plan(TASK, given.episodes, 0)

    def flown(controller_file: ControllerFile) -> dict[str, float]:
        with progress(describe(controller_file), given.episodes) as report:
            return summary(run_controller(plan, controller_file, 'ideal:', 1, report))

    rows = {
        describe(network): flown(network)
        for network in [load_controller_file(shipped_controller(TASK.name))]
    }
    (wanted,) = (row['success_rate'] for row in rows.values())
    for width in WIDTHS:
        controller_file = trained(width, given.steps)
        rows[describe(controller_file)] = found = flown(controller_file)
        save_controller_file(
            given.out, replace(controller_file, results={'success_rate': found['success_rate']})
        )
        if found['success_rate'] >= wanted:
            break
    console.print(rollout_table(f'{TASK.name}: {given.episodes} episodes, seed 0', rows))
    size = f'{describe(controller_file)}, {controller_file.policy.parameters} parameters'
    console.print(f'{given.out}: {size}')
    if given.json:
        figures = {'parameters': controller_file.policy.parameters, 'width': width, 'rows': rows}
        given.json.write_text(json.dumps(figures))


if __name__ == '__main__':
    main()
