"""State of an emulated board between two runs, as a JSON file."""

import json
from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any
from zlib import crc32

from pkan_control.boards.emulator.firmware import Firmware
from pkan_control.chips.board.program_image import unpack_image
from pkan_control.chips.chip import Index
from pkan_control.common.errors import UserError
from pkan_control.common.files import replace_file

VERSION = 1
MAX_BYTES = 64 * 1024 * 1024
DAMAGE = (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)


def save_snapshot(path: Path, firmware: Firmware, preset: str) -> None:
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
    replace_file(path, (json.dumps(values) + '\n').encode(), 'state of the board ')


def load_snapshot(path: Path, firmware: Firmware, preset: str) -> None:
    """Restore a new board from a file; raise a `UserError` for the file of another board."""
    where = f'state of the board {path}'
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f'has {path.stat().st_size} bytes: at most {MAX_BYTES}')
        values = json.loads(path.read_bytes())
        for name, wanted in (
            ('version', VERSION),
            ('uid', firmware.uid.hex()),
            ('preset', preset),
        ):
            if values[name] != wanted:
                raise UserError(f'{name} {values[name]!r}: this board has {wanted!r}')
        _restore(firmware, values)
    except OSError as error:
        raise UserError(f'cannot read {where}: {error.strerror}') from None
    except UserError as error:
        raise UserError(f'{where}: {error}') from None
    except DAMAGE as error:
        raise UserError(f'{where}: damaged ({error!r})') from None


def _restore(firmware: Firmware, values: Mapping[str, Any]) -> None:
    memory = firmware.board.memory
    firmware.board.boot_count = 1 + int(values['boots'])
    if values['image']:
        data = bytes.fromhex(values['image'])
        memory.load(int(values['slot']), data, unpack_image(data), crc32(data))
    for place in values['dead_elements']:
        memory.fail_element(Index(*map(int, place)))
    rows = (map(int, row) for row in values['trims']['values'])
    trims = {(kind, number): (gain, offset) for kind, number, gain, offset in rows}
    memory.stored_trims = (int(values['trims']['program']), trims)
