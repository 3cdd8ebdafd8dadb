"""A calibration: what is particular about one chip that holds one program, and its trims."""

import hashlib
from dataclasses import dataclass

import numpy as np

from pkan_control.chips.calibration.fidelity import Fidelity
from pkan_control.chips.calibration.self_test import Fault
from pkan_control.chips.chip import Chip
from pkan_control.chips.trimmed import Trim
from pkan_control.chips.twin import TwinLayer
from pkan_control.common.errors import UserError
from pkan_control.networks.program import Program


@dataclass(frozen=True)
class Calibration:
    """Bound to a chip by its uid and to a program by its checksum.

    trims are gain and offset `[n_in, n_out]` of each layer. Fidelity is that before (raw) and
    after (trimmed). sigma is the noise of one reading of an edge in gain units, the temperature
    that of the chip in degC.
    """

    uid: str
    program: str
    date: str
    temperature_c: float
    trims: tuple[Trim, ...]
    twin: tuple[TwinLayer, ...]
    faults: tuple[Fault, ...]
    untested: int
    sigma: float
    raw: Fidelity
    trimmed: Fidelity

    def check(self, chip: Chip, program: Program) -> None:
        """Raise a `UserError` unless it is of this chip with this program."""
        uid, found = chip.identity.uid, program_checksum(program)
        if self.uid != uid:
            raise UserError(f'the calibration is of chip {self.uid}: this one is {uid}')
        if self.program != found:
            raise UserError(
                f'the calibration is of program {self.program[:16]}: this one is {found[:16]}'
            )

    def apply(self, chip: Chip, program: Program) -> None:
        """Set the trims of the chip that holds the program."""
        self.check(chip, program)
        set_trims(chip, self.trims)


def set_trims(chip: Chip, trims: tuple[Trim, ...]) -> None:
    """Set the trims of all layers."""
    for layer, (gain, offset) in enumerate(trims):
        chip.trim(layer, gain, offset)


def program_checksum(program: Program) -> str:
    """Return the SHA-256 of device, scale and codes."""
    digest = hashlib.sha256(f'{program.device} {program.squash_scale!r}'.encode())
    for codes in program.layers:
        digest.update(f'{codes.shape}'.encode())
        digest.update(np.ascontiguousarray(codes, dtype='<i2').tobytes())
    return digest.hexdigest()
