"""Paths of the installed files: launch files, configuration, controllers, models."""

import os
import sys
from pathlib import Path

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
