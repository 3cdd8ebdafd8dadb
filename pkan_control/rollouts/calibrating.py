"""Calibrates a chip for a controller, with inputs of the controller's own flights."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from pkan_control.chips.calibration.calibrate import Tell, calibrate
from pkan_control.chips.calibration.calibration import Calibration, program_checksum
from pkan_control.chips.calibration.file import save_calibration
from pkan_control.chips.calibration.journal import Journal
from pkan_control.chips.uri import open_chip
from pkan_control.controller.bundle import Bundle
from pkan_control.errors import UserError
from pkan_control.network import Program
from pkan_control.rollouts.real_inputs import calibration_inputs
from pkan_control.tasks.options import configured


def analogue(bundle: Bundle) -> Program:
    """Return the program of a controller; raise a `UserError` for one that runs on no chip."""
    if not isinstance(bundle.program, Program):
        raise UserError('an MLP runs on no chip: there is nothing to calibrate')
    return bundle.program


def calibrate_chip(
    bundle: Bundle, uri: str, name: Callable[[str], Path], date: str, tell: Tell
) -> tuple[Path, Calibration]:
    """Calibrate the chip of a URI and write its calibration file.

    `name` makes the path from the chip's uid. What is measured stands beside the file until that
    is written, and one that was interrupted goes on from there.
    """
    program = analogue(bundle)
    inputs = calibration_inputs(configured(bundle.task, law=bundle.law), bundle)
    with closing(open_chip(uri)) as chip:
        uid = chip.identity.uid
        path = name(uid)
        about = {'uid': uid, 'program': program_checksum(program)}
        journal = Journal(path.with_suffix('.sweeps'), about)
        found = calibrate(chip, program, inputs, date, journal, tell)
    save_calibration(path, found)
    journal.remove()
    return path, found
