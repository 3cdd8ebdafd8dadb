"""What Ctrl-C leaves behind."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def goes_on_from(file: Path | None) -> Iterator[None]:
    """Say, where Ctrl-C stops the work, that the same command goes on from this file."""
    try:
        yield
    except KeyboardInterrupt:
        if file is not None:
            print(f'stopped: the same command goes on from {file}', file=sys.stderr)
        raise
