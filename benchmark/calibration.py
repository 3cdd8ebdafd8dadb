"""Fly emulated boards as they come, calibrated, and trained in the loop: ten of each preset.

Every board is an emulator in a process of its own, reached over TCP. All rows fly the same
episodes. `--json FILE` writes the figures.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pkan_control.chips.calibration.calibrate import Bench, calibrate
from pkan_control.chips.calibration.calibration import Calibration
from pkan_control.chips.calibration.sweep_cache import SweepCache
from pkan_control.chips.uri import open_chip
from pkan_control.common.arrays import Floats
from pkan_control.control.controller_file import ControllerFile, load_controller_file
from pkan_control.evaluation.controllers import shipped_controller, shipped_mlp
from pkan_control.evaluation.rollouts.baselines import describe
from pkan_control.evaluation.rollouts.chip_calibration import calibration_inputs
from pkan_control.evaluation.rollouts.record import EpisodeRecord, summary
from pkan_control.evaluation.rollouts.rollout import Plan, run_controller, run_expert
from pkan_control.networks.policy import chip_program
from pkan_control.networks.program import Program
from pkan_control.reporting.tables import console, progress, rollout_table
from pkan_control.tasks.task import find_task
from pkan_control.training.finetuning import finetune

TASK = find_task('drone_hover')
BOARDS, EPISODES, ROUNDS = 10, 10, 4
DATE = '2026-01-01T00:00:00+00:00'
FIDELITY = ('edge_rmse_median', 'edge_r2_median', 'output_nrmse')


def nothing(*_: Any) -> None:
    """Tell nobody."""


@contextmanager
def board(preset: str, seed: int) -> Iterator[str]:
    """Yield the URI of an emulated board."""
    command = [sys.executable, '-m', 'pkan_control.cli.main', 'emulate', '--tcp', '127.0.0.1:0']
    command += ['--preset', preset, '--seed', str(seed)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        yield (process.stdout.readline() if process.stdout else '').split(': ')[0]
    finally:
        process.terminate()
        process.wait()


def measure(
    uri: str, controller_file: ControllerFile, program: Program, inputs: Floats
) -> tuple[Calibration, Calibration, float]:
    """Return a calibration, that after training in the loop, and the time of the first in s."""
    with closing(open_chip(uri)) as chip:
        began = time.perf_counter()
        first = calibrate(chip, program, inputs, DATE, SweepCache(None, {}), nothing)
        took = time.perf_counter() - began
        return (
            first,
            finetune(Bench(chip, program, inputs, nothing), first, ROUNDS, nothing).calibration,
            took,
        )


def preset_rows(preset: str, controller_file: ControllerFile, program: Program) -> dict[str, Any]:
    """Fly all boards of a preset; return the figures of each row, and of the calibrations."""
    inputs = calibration_inputs(TASK, controller_file)
    own, mlp = describe(controller_file), load_controller_file(shipped_mlp(TASK.name))
    rows: dict[str, list[EpisodeRecord]] = {}
    found: list[tuple[Calibration, float]] = []

    def fly(row: str, plan: Plan, uri: str, calibration: Calibration | None) -> None:
        rows.setdefault(row, []).extend(
            run_controller(plan, controller_file, uri, 1, nothing, calibration)
        )

    with progress(f'boards of preset {preset}', BOARDS) as report:
        for seed in range(BOARDS):
            plan = Plan(TASK, EPISODES, seed)
            with board(preset, seed) as uri:
                first, tuned, took = measure(uri, controller_file, program, inputs)
                found.append((first, took))
                fly(f'{own}, uncalibrated', plan, uri, None)
                fly(f'{own}, calibrated', plan, uri, first)
                fly(f'{own}, trained in the loop', plan, uri, tuned)
            rows.setdefault(describe(mlp), []).extend(
                run_controller(plan, mlp, 'ideal:', 1, nothing)
            )
            rows.setdefault('expert', []).extend(run_expert(plan, nothing))
            report(seed + 1)
    return {'rows': {row: summary(records) for row, records in rows.items()}, **quality(found)}


def quality(found: list[tuple[Calibration, float]]) -> dict[str, Any]:
    """Return medians over boards; boards with dead or stuck elements stand apart."""
    whole = [each for each, _ in found if not each.faults]
    faulty = [each for each, _ in found if each.faults]
    return {
        'calibration_s': {
            'median': float(np.median([t for _, t in found])),
            'max': max(t for _, t in found),
        },
        'whole': {'boards': len(whole), **medians(whole)},
        'faulty': {'boards': len(faulty), **medians(faulty)},
    }


def medians(calibrations: list[Calibration]) -> dict[str, Any]:
    """Return the medians of the fidelity raw and trimmed."""
    return {
        state: {
            name: float(np.median([getattr(getattr(each, state), name) for each in calibrations]))
            for name in FIDELITY
        }
        for state in ('raw', 'trimmed')
        if calibrations
    }


def show(preset: str, figures: dict[str, Any]) -> None:
    """Print the flights and the calibrations of a preset."""
    console.print(
        rollout_table(
            f'{BOARDS} boards of preset {preset}, {EPISODES} flights each', figures['rows']
        )
    )
    for name in ('whole', 'faulty'):
        part = figures[name]
        for state in ('raw', 'trimmed'):
            if state in part:
                values = part[state]
                console.print(
                    f'{part["boards"]:2} {name} boards, {state:8} edge RMSE '
                    f'{values["edge_rmse_median"]:.5f}, R^2 {values["edge_r2_median"]:.5f}, '
                    f'output NRMSE {values["output_nrmse"]:.2%}'
                )
    took = figures['calibration_s']
    console.print(f'one calibration: median {took["median"]:.1f} s, longest {took["max"]:.1f} s\n')


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path)
    path = parser.parse_args().json
    controller_file = load_controller_file(shipped_controller(TASK.name))
    program = chip_program(controller_file.policy, 'calibrate')
    figures = {}
    for preset in ('typical', 'bad'):
        figures[preset] = preset_rows(preset, controller_file, program)
        show(preset, figures[preset])
    if path:
        path.write_text(json.dumps(figures))


if __name__ == '__main__':
    main()
