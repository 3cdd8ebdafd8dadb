"""How long rollouts and yield studies take, and how much faster two workers are than one.

Runs of one and of two workers take turns, so that whatever else the machine does meets both alike;
the medians are compared. `--share S` does a share of all, `--json FILE` writes the figures.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from pkan_control.reporting.tables import console, fact_table

ROUNDS, WORKERS = 3, (1, 2)
EPISODES, CHIPS = 1000, 1000
# Chips of the studies whose times of one and two workers are compared.
COMPARED = 200


def seconds(*words: object) -> float:
    """Return how long a command takes, its start included."""
    command = [sys.executable, '-m', 'pkan_control.cli.main', *map(str, words)]
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    return time.monotonic() - began


def rollout(workers: int, episodes: int) -> float:
    """Time a rollout of the controller alone, in PyBullet."""
    return seconds(
        'rollout', 'drone_hover', '--alone', '--episodes', episodes, '--workers', workers
    )


def study(workers: int, chips: int) -> float:
    """Time a yield study of 20 episodes a chip, in the batched world."""
    chip = ('--chip', 'sim:?preset=typical', '--chips', chips, '--episodes', 20)
    return seconds('yield', 'drone_hover', *chip, '--sensitivity', 0, '--workers', workers)


def main() -> None:
    """Run everything, print the times, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path)
    parser.add_argument('--share', type=float, default=1.0)
    arguments = parser.parse_args()
    episodes, chips, compared = (
        max(40, round(arguments.share * count)) for count in (EPISODES, CHIPS, COMPARED)
    )
    flights: dict[int, list[float]] = {workers: [] for workers in WORKERS}
    studies: dict[int, list[float]] = {workers: [] for workers in WORKERS}
    for _ in range(ROUNDS):
        for workers in WORKERS:
            flights[workers].append(rollout(workers, episodes))
            studies[workers].append(study(workers, compared))
    median = {
        name: {workers: statistics.median(times) for workers, times in each.items()}
        for name, each in (('rollout', flights), ('yield', studies))
    }
    figures = {
        'episodes': episodes,
        'rollout_s': median['rollout'],
        'rollout_scaling': median['rollout'][1] / median['rollout'][2],
        'chips_compared': compared,
        'yield_compared_s': median['yield'],
        'yield_scaling': median['yield'][1] / median['yield'][2],
        'chips': chips,
        'yield_s': study(2, chips),
    }
    console.print(fact_table('times in s, by the number of workers', figures))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + '\n')


if __name__ == '__main__':
    main()
