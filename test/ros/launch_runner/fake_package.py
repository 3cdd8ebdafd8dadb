"""An executable of the package that is not there."""

from pathlib import Path


def executable(prefix: Path, name: str, text: str) -> None:
    path = prefix / 'lib' / 'robots' / name
    path.write_text(text)
    path.chmod(0o755)
