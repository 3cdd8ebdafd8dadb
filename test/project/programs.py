"""Where the programs of the package are, installed by pip or built by colcon."""

import os
import sys
from pathlib import Path


def program(name: str) -> Path:
    """Return the path of a program: beside the interpreter, or where `ros2 run` looks for it."""
    prefixes = os.environ.get('AMENT_PREFIX_PATH', '').split(':')
    places = [Path(prefix, 'lib/pkan_control', name) for prefix in prefixes if prefix]
    beside = Path(sys.executable).with_name(name)
    return next((path for path in [beside, *places] if path.exists()), beside)
