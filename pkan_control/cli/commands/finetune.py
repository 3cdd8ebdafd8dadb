"""`pkan finetune`: train the trims of a calibrated chip in the loop."""

from pathlib import Path
from typing import Annotated

import typer

from pkan_control.cli.commands.options import (
    ChipUri,
    ControllerFile,
    JsonFile,
    TaskName,
    writable,
    write_json,
)

# Each round measures the outputs for all inputs and takes one step.
ROUNDS = 4

Calibrated = Annotated[
    Path, typer.Option(metavar='FILE', help='Calibration file of the chip, by pkan calibrate.')
]
Output = Annotated[
    Path | None,
    typer.Option(metavar='FILE', help='Calibration file to write; the given one by default.'),
]


def finetune(
    task: TaskName,
    chip: ChipUri,
    calibration: Calibrated,
    controller: ControllerFile = None,
    out: Output = None,
    json_file: JsonFile = None,
) -> None:
    """Train the trims of a calibrated chip in the loop, and write its calibration file.

    The forward pass runs on the chip, the backward pass on its digital twin. Trims that are not
    better than before are not kept.
    """
    from contextlib import closing

    from pkan_control.chips.calibration.calibrate import Bench
    from pkan_control.chips.calibration.calibration import load_calibration, save_calibration
    from pkan_control.chips.uri import open_chip
    from pkan_control.control.controller_file import load_controller_file
    from pkan_control.evaluation.controllers import shipped_controller
    from pkan_control.evaluation.rollouts.chip_calibration import calibration_inputs
    from pkan_control.evaluation.rollouts.rollout import check_fits
    from pkan_control.networks.policy import chip_program
    from pkan_control.reporting.tables import console, progress
    from pkan_control.tasks.options import configured
    from pkan_control.tasks.task import find_task
    from pkan_control.training.finetuning import finetune as train_trims

    path = out or calibration
    writable(path)
    loaded = load_controller_file(controller or shipped_controller(find_task(task).name))
    known = load_calibration(calibration)
    job = configured(task, law=loaded.law)
    check_fits(loaded, job)
    program = chip_program(loaded.policy, 'train in the loop')
    inputs = calibration_inputs(job, loaded)
    with closing(open_chip(chip)) as opened:
        opened.program(program)
        known.apply(opened, program)
        bench = Bench(opened, program, inputs, lambda stage, done, total: None)
        with progress('training in the loop', ROUNDS + 1) as report:
            tuned = train_trims(bench, known, ROUNDS, report)
    save_calibration(path, tuned.calibration)
    verdict = 'better' if tuned.after < tuned.before else 'no better, trims kept'
    change = f'{tuned.before:.2%} before, {tuned.after:.2%} after'
    console.print(f'{path}: RMSE of the outputs {change}; {verdict}')
    run = {'task': task, 'chip': chip, 'calibration': str(path)}
    write_json(json_file, {**run, 'before': tuned.before, 'after': tuned.after})
