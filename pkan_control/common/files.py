"""Paths that a caller passes, and files that are written whole or not at all."""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from pkan_control.common.errors import UserError

FilePath: TypeAlias = str | os.PathLike[str]


def path_of(value: FilePath, kind: str) -> Path:
    """Return a path; raise a `UserError` for a value of another type than `str` or `Path`.

    `kind` is what the file is called in the message.
    """
    try:
        path = Path(value)
    except TypeError:
        found = type(value).__name__
        raise UserError(f'{kind}: must be given as a path (str or Path), not {found}') from None
    if '\0' in str(path):
        raise UserError(f'{kind} {str(path)!r}: a path has no null characters')
    return path


def replace_file(path: FilePath, data: bytes, kind: str = '') -> None:
    """Write a file; an existing one is replaced only by a complete one.

    `kind` names the file in the `UserError` of a failure: 'controller file ', for example.
    """
    path = path_of(path, kind.strip() or 'file')
    temporary = path.with_name(path.name + '.partial')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise UserError(f'cannot write {kind}{path}: {error.strerror}') from None


PACKAGE = 'pkan_control'


def share(name: str) -> Path:
    """Return the path of an installed file, such as `controllers/drone_hover.safetensors`.

    The prefix of the package is searched first (a colcon overlay or a virtual environment), then
    those of ROS 2, then that of the interpreter.
    """
    sourced = (Path(each) for each in os.environ.get('AMENT_PREFIX_PATH', '').split(':') if each)
    for prefix in (*Path(__file__).resolve().parents, *sourced, Path(sys.prefix)):
        path = prefix / 'share' / PACKAGE / name
        if path.exists():
            return path
    return Path(sys.prefix) / 'share' / PACKAGE / name


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
