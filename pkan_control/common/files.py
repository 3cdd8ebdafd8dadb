"""Files that are written whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from pkan_control.common.errors import UserError


def replace_file(path: Path, data: bytes, kind: str = '') -> None:
    """Write a file; an existing one is replaced only by a complete one.

    `kind` says in the `UserError` of a failure what the file is, 'controller file ' say.
    """
    temporary = path.with_name(path.name + '.partial')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise UserError(f'cannot write {kind}{path}: {error.strerror}') from None
