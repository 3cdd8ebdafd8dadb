"""How long a developer waits: `make lint`, `make check` and `make test`, one after the other.

    python benchmark/developer_loop.py [--json loop.json] [--runs 1]

The setup is made first and does not count. Everything runs on a machine that does nothing else;
the median of the runs is shown, and what pytest counted in the last one.
"""

import argparse
import json
import re
import subprocess
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
TARGETS = ('lint', 'check', 'test')
COUNTED = re.compile(r'(\d+) (passed|failed|skipped|rerun|errors?|deselected)')


def timed(target: str) -> tuple[float, dict[str, int]]:
    """Return the seconds that a target takes, and what pytest counted."""
    began = time.monotonic()
    command = ['make', target]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    took = time.monotonic() - began
    last = next((line for line in reversed(done.stdout.splitlines()) if ' in ' in line), '')
    counts = {what: int(number) for number, what in COUNTED.findall(last)}
    if done.returncode:
        print(done.stdout[-3000:], done.stderr[-1000:])
        counts.setdefault('failed', 1)
    return took, counts


def main() -> None:
    """Run each target, and print a row for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path, help='write the figures to this file')
    parser.add_argument('--runs', type=int, default=1)
    given = parser.parse_args()
    subprocess.run(['make', 'setup'], cwd=ROOT, check=True, capture_output=True)  # noqa: S607
    found = {}
    for target in TARGETS:
        runs = [timed(target) for _ in range(given.runs)]
        counts = runs[-1][1]
        found[target] = {'s': median(took for took, _ in runs), **counts}
        text = ', '.join(f'{count} {what}' for what, count in counts.items())
        print(f'make {target:6} {found[target]["s"]:6.1f} s   {text}', flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + '\n')


if __name__ == '__main__':
    main()
