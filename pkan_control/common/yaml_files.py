"""YAML files that ship with the package, by name, and those of a user, by path."""

from pathlib import Path
from typing import Any

import yaml

from pkan_control.common.errors import UserError, unknown
from pkan_control.common.resources import share

MAX_BYTES = 64 * 1024


def shipped_files(folder: str) -> dict[str, Path]:
    """Return the files that ship in a folder of `config/`, by name."""
    return {path.stem: path for path in sorted(share(f'config/{folder}').glob('*.yaml'))}


def read_yaml(folder: str, kind: str, name: str) -> tuple[Path, Any]:
    """Return the path and the content of a shipped name or of a `.yaml` file.

    Raises a `UserError` that names the kind of file where there is none, or no YAML in it.
    """
    path = Path(name)
    if not name.endswith(('.yaml', '.yml')):
        known = shipped_files(folder)
        if name not in known:
            raise unknown(f'{kind} (or FILE.yaml)', name, known)
        path = known[name]
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f'{kind} {name}: larger than {MAX_BYTES} bytes')
        return path, yaml.safe_load(path.read_text())
    except UserError:
        raise
    except OSError as error:
        raise UserError(f'{kind} {path}: {error.strerror}') from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise UserError(f'{kind} {path}: no YAML ({" ".join(str(error).split())})') from None
