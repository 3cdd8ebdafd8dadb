"""Cache of the sweeps measured so far, in a file, from which an interrupted calibration resumes.

A line of JSON names chip and program; records follow, each with its checksum. The file is only
appended to, so that a kill damages at most the last record, which is then dropped.
"""

import json
from pathlib import Path
from struct import Struct
from typing import NoReturn
from zlib import crc32

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.common.files import FilePath, path_of

VERSION = 1
# Number of the job, its rows and columns, CRC-32 of the values that follow as doubles.
_RECORD = Struct('<IIII')


class SweepCache:
    """Measured values `[rows, columns]` by number of the job."""

    def __init__(self, path: FilePath | None, about: dict[str, str]) -> None:
        """Read the file, if there is one; `about` names chip and program.

        Without a path nothing is stored. Raises a `UserError` for the sweeps of another
        calibration, and for any other file.
        """
        self._path = None if path is None else path_of(path, 'file of sweeps')
        self._values: dict[int, Floats] = {}
        self._head = (json.dumps({'version': VERSION, **about}) + '\n').encode()
        if self._path is None:
            return
        try:
            self._begin(self._path)
        except OSError as error:
            raise UserError(f'cannot read or write {self._path}: {error.strerror}') from None

    def __len__(self) -> int:
        return len(self._values)

    def _begin(self, path: Path) -> None:
        data = path.read_bytes() if path.exists() else b''
        head, line, records = data.partition(b'\n')
        if not line and self._head.startswith(data):
            path.write_bytes(self._head)
            return
        if head + line != self._head:
            _refuse(path, head, self._head)
        whole = len(self._head) + self._read(records)
        if whole < len(data):
            with path.open('r+b') as file:
                file.truncate(whole)

    def _read(self, data: bytes) -> int:
        """Take all whole records; return their size in bytes."""
        at = 0
        while len(data) - at >= _RECORD.size:
            job, rows, columns, crc = _RECORD.unpack_from(data, at)
            begin = at + _RECORD.size
            body = data[begin : begin + 8 * rows * columns]
            if len(body) < 8 * rows * columns or crc32(body) != crc:
                break
            self._values[job] = np.frombuffer(body, '<f8').reshape(rows, columns)
            at = begin + len(body)
        return at

    def get(self, job: int) -> Floats | None:
        """Return the values of a job, None if it was not measured yet."""
        return self._values.get(job)

    def add(self, job: int, values: Floats) -> None:
        """Store the values of a job."""
        self._values[job] = values
        if self._path is None:
            return
        body = values.astype('<f8').tobytes()
        record = _RECORD.pack(job, *values.shape, crc32(body)) + body
        try:
            with self._path.open('ab') as file:
                file.write(record)
        except OSError as error:
            raise UserError(f'cannot write {self._path}: {error.strerror}') from None

    def remove(self) -> None:
        """Remove the file of a complete calibration."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _refuse(path: Path, head: bytes, wanted: bytes) -> NoReturn:
    """Raise the error of a file that begins with another line than this calibration's."""
    try:
        is_cache = 'version' in json.loads(head)
    except (ValueError, TypeError, RecursionError):
        is_cache = False
    if not is_cache:
        raise UserError(f'{path} is not a file of sweeps: move it away')
    raise UserError(
        f'{path} holds the sweeps of another calibration, {_shown(head)}: this one is '
        f'{_shown(wanted)}; remove the file to start over'
    )


def _shown(head: bytes) -> str:
    return head.decode(errors='backslashreplace').strip()[:200]
