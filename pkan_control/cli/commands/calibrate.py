"""`pkan calibrate`: measure the deviations of a chip and correct them by trims."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkan_control.cli.commands.options import (
    ChipUri,
    JsonFile,
    SavedController,
    writable,
    write_json,
)

if TYPE_CHECKING:
    from pkan_control.chips.calibration.calibration import Calibration


def calibrate(
    controller: SavedController,
    chip: ChipUri,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar='FILE', help='Calibration file; CONTROLLER.UID.calibration by default.'
        ),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Test, sweep, trim and fit a chip for a controller, and write its calibration file.

    The same command resumes an interrupted calibration. A picture of the edges is
    written next to the file.
    """
    from pkan_control.evaluation.controllers import find_controller
    from pkan_control.evaluation.rollouts.chip_calibration import analogue, calibrate_chip
    from pkan_control.reporting.pictures.calibration import draw_calibration
    from pkan_control.reporting.tables import calibration_table, console, stages

    controller_file, _ = find_controller(controller if controller.exists() else str(controller))
    date = datetime.now(UTC).isoformat(timespec='seconds')

    def name(uid: str) -> Path:
        path = out or controller.with_suffix(f'.{uid}.calibration')
        writable(path)
        writable(path.with_suffix('.png'))
        return path

    try:
        with stages() as report:
            path, found = calibrate_chip(controller_file, chip, name, date, report)
    except KeyboardInterrupt:
        print('interrupted: the same command resumes from here', file=sys.stderr)
        raise
    draw_calibration(path.with_suffix('.png'), analogue(controller_file), found)
    console.print(calibration_table(f'{found.uid} with {controller}', found))
    for fault in found.faults:
        console.print(f'  {fault}')
    console.print(f'{path}, {path.with_suffix(".png")}')
    about = {'date': date, 'chip': chip, 'controller': str(controller)}
    write_json(json_file, about | _figures(found))


def _figures(found: 'Calibration') -> dict[str, Any]:
    return {
        'uid': found.uid,
        'program': found.program,
        'sigma': found.sigma,
        'faults': [str(fault) for fault in found.faults],
        'raw': asdict(found.raw),
        'trimmed': asdict(found.trimmed),
    }
