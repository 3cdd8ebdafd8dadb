"""Paths that a caller passes, and files that are written whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

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
