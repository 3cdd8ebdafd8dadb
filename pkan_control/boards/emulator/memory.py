"""Program memory of an emulated board: images while they arrive, the active program, its trims."""

from dataclasses import dataclass, field, replace
from zlib import crc32

from pkan_control.boards.emulator.chip_model import ChipModel, RefusedError, Trims
from pkan_control.bridge.codes import RESTART, Status
from pkan_control.bridge.messages import ProgramBegin, ProgramData
from pkan_control.chips.board.program_image import (
    Image,
    ImageError,
    pack_program,
    unpack_image,
)
from pkan_control.chips.chip import Index
from pkan_control.devices.deviations import Deviations
from pkan_control.networks.program import Program

SLOTS = 2
# 35,000 edges are 1.8 MB.
MAX_IMAGE_BYTES = 4 * 1024 * 1024


@dataclass
class PartialImage:
    """The first bytes of an image, its announced length and its announced CRC-32."""

    length: int
    crc: int
    data: bytearray = field(default_factory=bytearray)


class ImageSlots:
    """Receives images in order, one in each slot; a reboot clears the slots."""

    def __init__(self) -> None:
        """Start with empty slots."""
        self._slots: dict[int, PartialImage] = {}

    def begin(self, message: ProgramBegin) -> int:
        """Begin an image, or resume the same one; return the next offset."""
        check_slot(message.slot)
        if not 0 < message.length <= MAX_IMAGE_BYTES:
            raise RefusedError(Status.NO_RESOURCE, message.length, MAX_IMAGE_BYTES)
        partial = self._slots.get(message.slot)
        announced = (message.length, message.crc)
        same = partial is not None and (partial.length, partial.crc) == announced
        if partial is None or not same or message.flags & RESTART:
            partial = self._slots[message.slot] = PartialImage(*announced)
        return len(partial.data)

    def add(self, message: ProgramData) -> int:
        """Append the piece at the next offset, ignore a repeated one; return the next offset."""
        partial = self._find(message.slot)
        end = message.offset + len(message.data)
        if message.offset > len(partial.data):
            raise RefusedError(Status.OFFSET_GAP, len(partial.data))
        if end > partial.length:
            raise RefusedError(Status.ARGUMENT, end, partial.length)
        if message.offset == len(partial.data):
            partial.data += message.data
        return len(partial.data)

    def verified(self, slot: int) -> tuple[int, bytes, Image]:
        """Return checksum, bytes and content of a complete image."""
        partial = self._find(slot)
        if len(partial.data) < partial.length:
            raise RefusedError(Status.OFFSET_GAP, len(partial.data))
        crc = crc32(partial.data)
        if crc != partial.crc:
            raise RefusedError(Status.IMAGE_CRC, crc, partial.crc)
        try:
            return crc, bytes(partial.data), unpack_image(bytes(partial.data))
        except ImageError as error:
            raise RefusedError(Status.UNSUPPORTED, *error.numbers, text=str(error)) from None

    def read(self, slot: int, offset: int, n: int) -> bytes:
        """Return bytes of a slot."""
        return bytes(self._find(slot).data[offset : offset + n])

    def abort(self, slot: int) -> None:
        """Clear a slot."""
        check_slot(slot)
        self._slots.pop(slot, None)

    def _find(self, slot: int) -> PartialImage:
        check_slot(slot)
        if slot not in self._slots:
            raise RefusedError(Status.STATE)
        return self._slots[slot]


def check_slot(slot: int) -> None:
    """Refuse a slot number that the board does not have."""
    if slot >= SLOTS:
        raise RefusedError(Status.ARGUMENT, slot, SLOTS - 1)


class Memory:
    """What a reboot leaves in place: the active program, stored trims, and the chip itself."""

    def __init__(self, seed: int, deviations: Deviations) -> None:
        """Start without a program; the seed names the simulated chip."""
        self._seed, self.deviations = seed, deviations
        self.model: ChipModel | None = None
        # The slot that the active image came from, and its bytes.
        self.active: tuple[int, bytes] | None = None
        # Stored trims with the checksum of their program, and elements that failed.
        self.stored_trims: tuple[int, Trims] = (0, {})
        self.failed_elements: list[Index] = []

    def load(self, slot: int, data: bytes, image: Image, crc: int) -> None:
        """Make an image the active program."""
        self.model, self.active = self.fabricate(image.program(), crc), (slot, data)

    def restart(self) -> None:
        """Set up the chip again, with the trims that were stored for its program."""
        if self.model is not None:
            self.model = self.fabricate(self.model.program, self.model.crc)
            if self.stored_trims[0] == self.model.crc:
                self.model.restore_trims(self.stored_trims[1])

    def store_trims(self) -> None:
        """Store the trims of the active program."""
        if self.model is not None:
            self.stored_trims = (self.model.crc, dict(self.model.trims))

    @property
    def stale_trims(self) -> bool:
        """Whether the stored trims belong to another program than the active one."""
        crc, trims = self.stored_trims
        return bool(trims) and self.model is not None and crc != self.model.crc

    def other_program(self) -> ChipModel | None:
        """Return another program of the same shape on this chip, as another host would load it."""
        if self.model is None:
            return None
        program = self.model.program
        other = replace(program, layers=tuple(codes[::-1] for codes in program.layers))
        return self.fabricate(other, crc32(pack_program(other)))

    def swap_program(self) -> None:
        """Make that other program the active one."""
        self.model = self.other_program()

    def fail_element(self, index: Index) -> None:
        """Let an element stop working, for good."""
        self.failed_elements.append(index)
        if self.model is not None:
            self.model.fail_element(index)

    def fabricate(self, program: Program, crc: int) -> ChipModel:
        """Return this chip with a program loaded, without trims."""
        model = ChipModel(self._seed, self.deviations, program, crc)
        for index in self.failed_elements:
            if index.is_in(program):
                model.fail_element(index)
        return model
