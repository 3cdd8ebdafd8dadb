"""How often the regression gate is wrong, and what it catches.

The same controller flies the same 200 episodes again and again, each time on 200 other chips, one
an episode: no comparison of two such rollouts is to find a regression. Then successes of one are
made failures, three in a hundred of all: that is to be found in 1,000 episodes. `--json FILE`.
"""

import argparse
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from joblib import delayed

from pkan_control.chips.simulated import SimulatedChip
from pkan_control.common.seeding import stream
from pkan_control.control.controller_file import load_controller_file
from pkan_control.devices.deviations import find_deviations
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.evaluation.rollouts.chip_calibration import analogue
from pkan_control.evaluation.rollouts.parallel import cores, parallel_on
from pkan_control.evaluation.rollouts.regression import compare
from pkan_control.evaluation.rollouts.rollout import Plan
from pkan_control.evaluation.studies.monte_carlo import ChipScores, run_chips
from pkan_control.reporting.tables import console, fact_table, progress
from pkan_control.tasks.task import find_task

TASK, PRESET = find_task('drone_hover'), 'typical'
EPISODES, COMPARISONS = 200, 200
# Rollouts that make 1,000 episodes, points of success that are taken, and draws of which.
TOGETHER, DROP, DRAWS = 5, 0.03, 5
# Success of controllers whose drop is looked for by draws alone.
BASES, CHANCES = (0.99, 0.95, 0.9, 0.8), 400
Outcomes = dict[str, list[float | None]]


def fly_number(number: int, rollouts: int) -> ChipScores:
    """Fly one episode in all rollouts, each on a chip of its own."""
    controller_file = load_controller_file(shipped_controller(TASK.name))
    chips = []
    for rollout in range(rollouts):
        chip = SimulatedChip(rollout * EPISODES + number, find_deviations(PRESET))
        chip.program(analogue(controller_file))
        chips.append(chip)
    return run_chips(Plan(TASK, 1, first=number), controller_file, chips)


def run_all(rollouts: int) -> list[Outcomes]:
    """Return the outcomes of every rollout."""
    numbers = range(EPISODES)
    with progress('flights', EPISODES) as report:
        flown = []
        with parallel_on(cores(), 'generator') as run:
            for each in run(delayed(fly_number)(number, rollouts) for number in numbers):
                flown.append(each)
                report(len(flown))
    return [
        {'success': [float(each.success[rollout, 0]) for each in flown]}
        | {
            name: [_finite(each.figures[name][rollout, 0]) for each in flown]
            for name in flown[0].figures
        }
        for rollout in range(rollouts)
    ]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def file_of(outcomes: Outcomes, first_chip: int) -> dict[str, Any]:
    """Return what `pkan rollout --json` says of a rollout."""
    count = len(outcomes['success'])
    return {'task': TASK.name, 'scenario': 'calm', 'airframe': None, 'path': None, 'seed': 0,
            'chip': f'sim:?preset={PRESET}&seed={first_chip}', 'chips': count, 'episodes': count,
            'outcomes': outcomes}  # fmt: skip


def alarms(old: Outcomes, new: Outcomes) -> list[str]:
    """Return which figures the gate finds worse."""
    verdicts = compare(file_of(old, 0), file_of(new, 1))
    return [verdict.name for verdict in verdicts if not verdict.passed]


def joined(rollouts: list[Outcomes]) -> Outcomes:
    """Return several rollouts as one."""
    return {name: [v for each in rollouts for v in each[name]] for name in rollouts[0]}


def dropped(outcomes: Outcomes, draw: np.random.Generator) -> Outcomes:
    """Return outcomes with so many successes less."""
    success = np.array(outcomes['success'], dtype=float)
    lost = draw.choice(np.flatnonzero(success), round(DROP * len(success)), replace=False)
    success[lost] = 0.0
    return {**outcomes, 'success': success.tolist()}


def caught_by_chance(base: float) -> float:
    """Return how often a drop is found that only draws make: both rollouts fail independently."""
    found = 0
    for number in range(CHANCES):
        draw = stream(number, 'regression', round(1000 * base))
        count = EPISODES * TOGETHER
        old, new = (draw.random(count) < rate for rate in (base, base - DROP))
        pair = ({'success': values.astype(float).tolist()} for values in (old, new))
        found += bool(alarms(*pair))
    return found / CHANCES


def main() -> None:
    """Fly, compare, print the shares, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path)
    parser.add_argument('--comparisons', type=int, default=COMPARISONS)
    arguments = parser.parse_args()
    rollouts = run_all(arguments.comparisons + 1)
    found = [alarms(*pair) for pair in pairwise(rollouts)]
    groups = range(0, len(rollouts) - TOGETHER + 1, TOGETHER)
    thousands = [joined(rollouts[first : first + TOGETHER]) for first in groups]
    drops = [
        alarms(old, dropped(new, stream(number, 'dropped', index)))
        for index, (old, new) in enumerate(pairwise(thousands))
        for number in range(DRAWS)
    ]
    figures = {
        'success_rate': float(np.mean([each['success'] for each in rollouts])),
        'comparisons': len(found),
        'false_alarms': sum(bool(each) for each in found) / len(found),
        'drops': len(drops),
        'drops_caught': sum('no regression of success' in each for each in drops) / len(drops),
        'caught_where_independent': {f'{b:.0%}': caught_by_chance(b) for b in BASES},
    }
    console.print(fact_table('the regression gate', figures))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + '\n')


if __name__ == '__main__':
    main()
