"""`pkan calibrate`: measure what is particular about a chip, and correct it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pkan_control.commands.options import JsonFile, writable, write_json


def calibrate(
    controller: Annotated[Path, typer.Argument(help='Controller file that the chip is to run.')],
    chip: Annotated[str, typer.Option(help='Chip URI: sim:?seed=1&..., tcp://, serial://.')],
    out: Annotated[
        Path | None, typer.Option(help='Calibration file; CONTROLLER.UID.calibration.')
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Self-test, sweep, trim and fit a chip; write its calibration file and a picture.

    A calibration that was interrupted goes on where it was when it is started again.
    """
    from contextlib import closing
    from dataclasses import asdict

    from pkan_control.chips.calibration.calibrate import calibrate as calibrate_chip
    from pkan_control.chips.calibration.calibration import program_checksum
    from pkan_control.chips.calibration.file import save_calibration
    from pkan_control.chips.calibration.journal import Journal
    from pkan_control.chips.uri import open_chip
    from pkan_control.controller.bundle import load_bundle
    from pkan_control.errors import UserError
    from pkan_control.mlp import Mlp
    from pkan_control.pictures.calibration import draw_calibration
    from pkan_control.rollouts.real_inputs import calibration_inputs
    from pkan_control.tables import calibration_table, console, stages
    from pkan_control.tasks.task import find_task

    bundle = load_bundle(controller)
    if isinstance(bundle.program, Mlp):
        raise UserError(f'{controller}: an MLP runs on no chip, there is nothing to calibrate')
    inputs = calibration_inputs(find_task(bundle.task), bundle)
    with closing(open_chip(chip)) as opened:
        uid = opened.identity.uid
        path = out or controller.with_suffix(f'.{uid}.calibration')
        writable(path)
        about = {'uid': uid, 'program': program_checksum(bundle.program)}
        journal = Journal(path.with_suffix('.sweeps'), about)
        date = datetime.now(UTC).isoformat(timespec='seconds')
        with stages() as tell:
            calibration = calibrate_chip(opened, bundle.program, inputs, date, journal, tell)
    save_calibration(path, calibration)
    journal.remove()
    draw_calibration(path.with_suffix('.png'), bundle.program, calibration)
    console.print(calibration_table(f'{uid} with {controller}', calibration))
    for fault in calibration.faults:
        console.print(f'  {fault}')
    console.print(f'{path}, {path.with_suffix(".png")}')
    figures = {'raw': asdict(calibration.raw), 'trimmed': asdict(calibration.trimmed)}
    faults = [str(fault) for fault in calibration.faults]
    about |= {'date': date, 'chip': chip, 'controller': str(controller)}
    write_json(json_file, {**about, 'sigma': calibration.sigma, 'faults': faults, **figures})
