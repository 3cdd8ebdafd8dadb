"""A log of results, one JSON object a line, that a later run resumes.

The first line describes the job. An incomplete last line, left by a process that was killed, is
dropped.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pkan_control.common.errors import UserError


class JsonLines:
    """The lines of an earlier run (`found`), to which more are appended."""

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        """Open a file, or resume one of the same job; raise a `UserError` for another job."""
        self._path = path
        self.found: list[dict[str, Any]] = []
        if not path.exists() or not path.stat().st_size:
            self.append({'about': dict(about)})
            return
        before, self.found, whole = _read(path)
        if before != json.loads(json.dumps(dict(about))):
            name = next((key for key in about if before.get(key) != about[key]), 'job')
            raise UserError(
                f'{path}: is of {name} {before.get(name)!r}, not of {about.get(name)!r}: '
                'give another file'
            )
        os.truncate(path, whole)

    def append(self, values: Mapping[str, Any]) -> None:
        """Append a line; it is on the disk when this returns."""
        line = json.dumps(values, allow_nan=False) + '\n'
        try:
            with self._path.open('ab') as file:
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise UserError(f'cannot write {self._path}: {error.strerror}') from None


def read_lines(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the description of the job, and all lines."""
    try:
        about, lines, _ = _read(path)
    except OSError as error:
        raise UserError(f'{path}: {error.strerror}') from None
    return about, lines


def _read(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]], int]:
    """Return the description of the job, all lines, and the length of complete lines in bytes."""
    data = path.read_bytes()
    whole = data.rfind(b'\n') + 1
    try:
        first, *lines = data[:whole].splitlines()
        return dict(json.loads(first)['about']), [dict(json.loads(x)) for x in lines], whole
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f'{path}: not a log of results ({error})') from None
