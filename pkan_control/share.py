"""Where the package's own files are: launch files, configuration, controllers, models."""

import sys
from pathlib import Path

PACKAGE = 'pkan_control'


def share(name: str) -> Path:
    """Return the path of an installed file, `controllers/drone_hover.safetensors` say.

    The package's own prefix comes first (a colcon overlay or a virtual environment), then the
    interpreter's.
    """
    for prefix in (*Path(__file__).resolve().parents, Path(sys.prefix)):
        path = prefix / 'share' / PACKAGE / name
        if path.exists():
            return path
    return Path(sys.prefix) / 'share' / PACKAGE / name
