"""Count the tests that `colcon test` collects beside those of pytest.

    python benchmark/colcon_tests.py [--json colcon_tests.json]

The committed package is built in a temporary workspace with the colcon of this environment; both
collect every test and run none (`make test` runs them).
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NODE = re.compile(r'^test/\S+\.py::', re.MULTILINE)
COLLECT = ('-n0', '--collect-only', '-q')


def output(command: list[str], folder: Path, **environment: str) -> str:
    """Return what a command prints on both streams."""
    done = subprocess.run(  # noqa: S603 (the commands are those of this file)
        command, cwd=folder, env=os.environ | environment, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    return done.stdout


def by_pytest() -> int:
    """Return how many tests pytest collects."""
    return len(NODE.findall(output([sys.executable, '-m', 'pytest', *COLLECT], ROOT)))


def by_colcon() -> int:
    """Return how many tests `colcon test` collects of a fresh build."""
    colcon = str(Path(sys.executable).with_name('colcon'))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        package = folder / 'src' / 'pkan_control'
        output(['git', 'clone', '--quiet', str(ROOT), str(package)], folder)
        home = {'COLCON_HOME': name}
        output([colcon, 'build'], folder, **home)
        words = [f' {word}' for word in COLLECT]
        shown = ['--event-handlers', 'console_direct+', '--pytest-args', *words]
        return len(NODE.findall(output([colcon, 'test', *shown], folder, **home)))


def main() -> None:
    """Print both numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path, help='write the figures to this file')
    given = parser.parse_args()
    found = {'pytest': by_pytest(), 'colcon': by_colcon()}
    for name, count in found.items():
        print(f'{name:8} {count} tests')
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + '\n')


if __name__ == '__main__':
    main()
