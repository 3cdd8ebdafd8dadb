"""Where a board keeps images while they arrive."""

from dataclasses import dataclass, field
from zlib import crc32

from pkan_control.boards.emulator.requests import Refused
from pkan_control.bridge.codes import RESTART, Status
from pkan_control.bridge.messages import ProgramBegin, ProgramData
from pkan_control.chips.board.program_image import Image, ImageError, unpack_image

SLOTS = 2
# 35,000 edges are 1.8 MB.
MAX_BYTES = 4 * 1024 * 1024


@dataclass
class Arriving:
    """An image of which the first bytes are there."""

    length: int
    crc: int
    data: bytearray = field(default_factory=bytearray)


class Slots:
    """Images that arrive in order, each in a slot."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._slots: dict[int, Arriving] = {}

    def begin(self, message: ProgramBegin) -> int:
        """Begin an image, or go on with it if it is the same; return the next offset."""
        check_slot(message.slot)
        if not 0 < message.length <= MAX_BYTES:
            raise Refused(Status.NO_RESOURCE, message.length, MAX_BYTES)
        there = self._slots.get(message.slot)
        same = there and (there.length, there.crc) == (message.length, message.crc)
        if not same or message.flags & RESTART:
            there = self._slots[message.slot] = Arriving(message.length, message.crc)
        return len(there.data) if there else 0

    def add(self, message: ProgramData) -> int:
        """Take the piece at the next offset, ignore one that is there; return the next offset."""
        arriving = self._find(message.slot)
        if message.offset > len(arriving.data):
            raise Refused(Status.OFFSET_GAP, len(arriving.data))
        if message.offset + len(message.data) > arriving.length:
            raise Refused(Status.ARGUMENT, message.offset + len(message.data), arriving.length)
        if message.offset == len(arriving.data):
            arriving.data += message.data
        return len(arriving.data)

    def verified(self, slot: int) -> tuple[int, bytes, Image]:
        """Return checksum, bytes and content of a complete image."""
        arriving = self._find(slot)
        if len(arriving.data) < arriving.length:
            raise Refused(Status.OFFSET_GAP, len(arriving.data))
        crc = crc32(arriving.data)
        if crc != arriving.crc:
            raise Refused(Status.IMAGE_CRC, crc, arriving.crc)
        try:
            return crc, bytes(arriving.data), unpack_image(bytes(arriving.data))
        except ImageError as error:
            raise Refused(Status.UNSUPPORTED, *error.numbers, text=str(error)) from None

    def read(self, slot: int, offset: int, n: int) -> bytes:
        """Return bytes of a slot."""
        return bytes(self._find(slot).data[offset : offset + n])

    def abort(self, slot: int) -> None:
        """Forget what is in a slot."""
        check_slot(slot)
        self._slots.pop(slot, None)

    def _find(self, slot: int) -> Arriving:
        check_slot(slot)
        if slot not in self._slots:
            raise Refused(Status.STATE)
        return self._slots[slot]


def check_slot(slot: int) -> None:
    """Refuse a slot that is not there."""
    if slot >= SLOTS:
        raise Refused(Status.ARGUMENT, slot, SLOTS - 1)
