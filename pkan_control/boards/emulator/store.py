"""What a board holds and a reboot leaves: its active program, stored trims, the chip itself."""

from dataclasses import replace
from zlib import crc32

from pkan_control.boards.emulator.chip_model import ChipModel, Trims
from pkan_control.chips.board.program_image import Image, pack_program
from pkan_control.chips.chip import Index
from pkan_control.devices.deviations import Deviations
from pkan_control.networks.program import Program


class Store:
    """The chip of a seed, and what was loaded into it."""

    def __init__(self, seed: int, deviations: Deviations) -> None:
        """Hold no program."""
        self._seed, self.deviations = seed, deviations
        self.model: ChipModel | None = None
        # The slot that the active image came from, and its bytes.
        self.active: tuple[int, bytes] | None = None
        # Trims that were stored, and the checksum of their program; elements that stopped.
        self.kept_trims: tuple[int, Trims] = (0, {})
        self.failed: list[Index] = []

    def load(self, slot: int, data: bytes, image: Image, crc: int) -> None:
        """Make an image the active program."""
        self.model, self.active = self._fabricated(image.program(), crc), (slot, data)

    def restart(self) -> None:
        """Set the chip up anew, with the trims that were stored for its program."""
        if self.model is not None:
            self.model = self._fabricated(self.model.program, self.model.crc)
            if self.kept_trims[0] == self.model.crc:
                self.model.restore_trims(self.kept_trims[1])

    def keep_trims(self) -> None:
        """Store the trims of the active program."""
        if self.model is not None:
            self.kept_trims = (self.model.crc, dict(self.model.trims))

    @property
    def stale_trims(self) -> bool:
        """Whether the trims that are stored belong to another program than the active one."""
        crc, trims = self.kept_trims
        return bool(trims) and self.model is not None and crc != self.model.crc

    def swapped(self) -> ChipModel | None:
        """Return another program of the same shape on this chip, as another host would load it."""
        if self.model is None:
            return None
        program = self.model.program
        other = replace(program, layers=tuple(codes[::-1] for codes in program.layers))
        return self._fabricated(other, crc32(pack_program(other)))

    def swap_program(self) -> None:
        """Hold that program."""
        self.model = self.swapped()

    def fail_element(self, index: Index) -> None:
        """Let an element stop, for good."""
        self.failed.append(index)
        if self.model is not None:
            self.model.fail_element(index)

    def _fabricated(self, program: Program, crc: int) -> ChipModel:
        model = ChipModel(self._seed, self.deviations, program, crc)
        for index in self.failed:
            model.fail_element(index)
        return model
