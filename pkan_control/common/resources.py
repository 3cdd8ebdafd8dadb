"""Where the package's own files are: launch files, configuration, controllers, models."""

import os
import sys
from pathlib import Path

PACKAGE = 'pkan_control'


def share(name: str) -> Path:
    """Return the path of an installed file, `controllers/drone_hover.safetensors` say.

    The package's own prefix comes first (a colcon overlay or a virtual environment), then those
    of ROS 2, then the interpreter's.
    """
    sourced = (Path(each) for each in os.environ.get('AMENT_PREFIX_PATH', '').split(':') if each)
    for prefix in (*Path(__file__).resolve().parents, *sourced, Path(sys.prefix)):
        path = prefix / 'share' / PACKAGE / name
        if path.exists():
            return path
    return Path(sys.prefix) / 'share' / PACKAGE / name
