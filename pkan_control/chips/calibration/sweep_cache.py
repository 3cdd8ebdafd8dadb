"""What was measured so far, in a file: a calibration that was killed goes on from there.

A line of JSON says which chip and program it is about; records follow, each with its checksum. It
is only ever appended to, so that a kill can damage no more than the last record, which is dropped.
"""

import json
from pathlib import Path
from struct import Struct
from zlib import crc32

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError

VERSION = 1
# Number of the job, its rows and columns, CRC-32 of the values that follow as doubles.
_RECORD = Struct('<IIII')


class SweepCache:
    """Values `[rows, columns]` by number of job."""

    def __init__(self, path: Path | None, about: dict[str, str]) -> None:
        """Read what is there; `about` names chip and program. Without a path nothing is kept."""
        self._path = path
        self._values: dict[int, Floats] = {}
        self._head = (json.dumps({'version': VERSION, **about}) + '\n').encode()
        if path is None:
            return
        try:
            self._begin(path)
        except OSError as error:
            raise UserError(f'cannot write {path}: {error.strerror}') from None

    def __len__(self) -> int:
        return len(self._values)

    def _begin(self, path: Path) -> None:
        there = path.read_bytes() if path.exists() else b''
        head, line, records = there.partition(b'\n')
        if not line:
            path.write_bytes(self._head)
            return
        if head + line != self._head:
            raise UserError(
                f'{path} holds the sweeps of another calibration, {_shown(head)}: this one is '
                f'{_shown(self._head)}; remove the file to begin anew'
            )
        whole = len(self._head) + self._read(records)
        if whole < len(there):
            with path.open('r+b') as file:
                file.truncate(whole)

    def _read(self, data: bytes) -> int:
        """Take all whole records; return how many bytes they are."""
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
        """Return the values of a job, None where it has not been done."""
        return self._values.get(job)

    def add(self, job: int, values: Floats) -> None:
        """Keep the values of a job."""
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
        """Remove the file: the calibration is complete."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _shown(head: bytes) -> str:
    return head.decode(errors='backslashreplace').strip()[:200]
