"""Start a controller node on the shipped controller and print its memory and heavy imports.

`--json FILE` writes them.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from pkan_control.demo import ros_environment
from pkan_control.rollouts.beside import shipped

HEAVY = ('torch', 'pybullet')
READY = 'Hz'


def measure() -> dict[str, object]:
    """Return resident memory in MB once the node is active, and which heavy libraries it maps."""
    command = [
        *(sys.executable, '-m', 'pkan_control.nodes.controller_node', '--ros-args'),
        *('-p', f'controller:={shipped("drone_hover")}', '-p', 'autostart:=true'),
    ]
    with tempfile.TemporaryDirectory() as logs:
        environment = ros_environment() | {'ROS_LOG_DIR': logs}
        process = subprocess.Popen(  # noqa: S603 (the command is that above)
            command, stderr=subprocess.PIPE, text=True, env=environment
        )
        try:
            for line in process.stderr or ():
                if READY in line:
                    break
            resident = psutil.Process(process.pid).memory_info().rss / 1e6
            mapped = Path(f'/proc/{process.pid}/maps').read_text()
        finally:
            process.terminate()
            process.wait()
    return {'resident_mb': resident, 'imported': [name for name in HEAVY if name in mapped]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--json', type=Path)
    options = parser.parse_args()
    result = measure()
    print(f'controller_node, active: {result["resident_mb"]:.0f} MB resident', end='; ')
    print(f'of {", ".join(HEAVY)} it has loaded: {", ".join(result["imported"]) or "none"}')
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + '\n')


if __name__ == '__main__':
    os.environ.setdefault('HOME', tempfile.gettempdir())
    main()
