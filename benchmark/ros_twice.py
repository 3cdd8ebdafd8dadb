"""Run the tests of the ROS nodes twice at the same time, side by side, and count what they said.

Each test process takes a ROS domain that nobody else has, so neither run can hear the other. Tests
that depend on real time are tried once more when they fail: how many were, is counted. `--only
PATH` takes other tests, `--json FILE` writes the figures.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ('test/ros/nodes', 'test/ros/launch', 'test/cli/test_demo.py')
COUNTS = ('passed', 'failed', 'errors', 'skipped', 'rerun')


def start(tests: list[str]) -> subprocess.Popen[str]:
    """Start a run in one process."""
    pytest = Path(sys.executable).with_name('pytest')
    command = [pytest, '-q', '-n', '1', '-p', 'no:cacheprovider', *tests]
    return subprocess.Popen(  # noqa: S603 (our own tests)
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def counts(printed: str) -> dict[str, int]:
    """Return what the last line of pytest counts."""
    last = printed.strip().splitlines()[-1]
    found = {name: int(number) for number, name in re.findall(r'(\d+) ([a-z]+)', last)}
    found['errors'] = found.get('errors', 0) + found.get('error', 0)
    return {name: found.get(name, 0) for name in COUNTS}


def main() -> None:
    """Run and print; exit with 1 where nothing ran."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--only', nargs='+', default=list(TESTS))
    parser.add_argument('--json', type=Path)
    options = parser.parse_args()
    began = time.monotonic()
    printed = [run.communicate()[0] for run in [start(options.only), start(options.only)]]
    found = [counts(text) for text in printed]
    print(f'{", ".join(options.only)}: twice at once, {time.monotonic() - began:.0f} s')
    for number, (text, each) in enumerate(zip(printed, found, strict=True), 1):
        print(f'run {number}: {", ".join(f"{count} {name}" for name, count in each.items())}')
        if each['failed'] or each['errors'] or not each['passed']:
            print(text)
    same = found[0]['passed'] == found[1]['passed']
    figures = {
        'wrong': sum(each['failed'] + each['errors'] for each in found) + (not same),
        'passed': min(each['passed'] for each in found),
        'runs': found,
    }
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + '\n')
    if not figures['passed']:
        raise SystemExit(1)


if __name__ == '__main__':
    main()
