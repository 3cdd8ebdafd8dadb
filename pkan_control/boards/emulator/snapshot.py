"""State of an emulated board between two runs, as a JSON file."""

import json
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from pkan_control.boards.emulator.chip_model import Trims
from pkan_control.boards.emulator.firmware import Firmware
from pkan_control.chips.board.program_image import Image, unpack_image
from pkan_control.chips.chip import Index
from pkan_control.common.errors import UserError
from pkan_control.common.files import FilePath, path_of, replace_file

VERSION = 1
MAX_BYTES = 64 * 1024 * 1024
KIND = 'state of the board '
DAMAGE = (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)


def save_snapshot(path: FilePath, firmware: Firmware, preset: str) -> None:
    """Write program, stored trims, dead elements and boot count."""
    memory = firmware.board.memory
    crc, trims = memory.stored_trims
    values = {
        'version': VERSION,
        'uid': firmware.uid.hex(),
        'preset': preset,
        'boots': firmware.board.boot_count,
        'dead_elements': [astuple(index) for index in memory.failed_elements],
        'trims': {'program': crc, 'values': [[*at, *value] for at, value in trims.items()]},
        'slot': None if memory.active is None else memory.active[0],
        'image': '' if memory.active is None else memory.active[1].hex(),
    }
    replace_file(path_of(path, KIND.strip()), (json.dumps(values) + '\n').encode(), KIND)


def load_snapshot(path: FilePath, firmware: Firmware, preset: str) -> None:
    """Restore a new board from a file, or leave it as it is.

    Raises a `UserError` for a file that cannot be read, is damaged, or is of another board.
    """
    path = path_of(path, KIND.strip())
    where = f'{KIND}{path}'
    identity = {'version': VERSION, 'uid': firmware.uid.hex(), 'preset': preset}
    try:
        snapshot = _parse(_read(path), identity)
    except OSError as error:
        raise UserError(f'cannot read {where}: {error.strerror}') from None
    except UserError as error:
        raise UserError(f'{where}: {error}') from None
    snapshot.restore(firmware)


@dataclass(frozen=True)
class _Snapshot:
    """The content of a file, complete and valid."""

    boots: int
    slot: int
    data: bytes
    image: Image | None
    dead_elements: tuple[Index, ...]
    stored_trims: tuple[int, Trims]

    def restore(self, firmware: Firmware) -> None:
        memory = firmware.board.memory
        firmware.board.boot_count = 1 + self.boots
        if self.image is not None:
            memory.load(self.slot, self.data, self.image, crc32(self.data))
        for index in self.dead_elements:
            memory.fail_element(index)
        memory.stored_trims = self.stored_trims


def _read(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise UserError(f'has {size} bytes: must be at most {MAX_BYTES}')
    return path.read_bytes()


def _parse(data: bytes, identity: dict[str, Any]) -> _Snapshot:
    try:
        values = json.loads(data)
        for name, wanted in identity.items():
            if values[name] != wanted:
                raise UserError(f'{name} {values[name]!r}: this board has {wanted!r}')
        return _unpack(values)
    except UserError:
        raise
    except DAMAGE as error:
        raise UserError(f'damaged ({error!r})') from None


def _unpack(values: dict[str, Any]) -> _Snapshot:
    image_data = bytes.fromhex(values['image'])
    image = unpack_image(image_data) if image_data else None
    program = image.program() if image else None
    dead = tuple(Index(*map(int, place)) for place in values['dead_elements'])
    for index in dead:
        if min(astuple(index)) < 0 or (program and not index.is_in(program)):
            raise IndexError(index)
    rows = (map(int, row) for row in values['trims']['values'])
    trims = {(kind, number): (gain, offset) for kind, number, gain, offset in rows}
    slot = int(values['slot']) if image else 0
    stored = (int(values['trims']['program']), trims)
    return _Snapshot(int(values['boots']), slot, image_data, image, dead, stored)
