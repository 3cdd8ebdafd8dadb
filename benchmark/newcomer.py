"""What a newcomer does first, run as tests: examples, doctests, a robot of one's own, colcon.

    python benchmark/newcomer.py [--json newcomer.json]

Prints how long the example package `my_robot` is, and for each group of tests how many passed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from defusedxml import ElementTree

ROOT = Path(__file__).resolve().parents[1]
ROBOT = ROOT / 'examples' / 'my_robot'
GROUPS = {
    'my_robot': ['test/examples/test_my_robot.py'],
    'examples': ['test/examples', '--ignore=test/examples/test_my_robot.py'],
    'doctests': ['test/test_public_api.py'],
}


def results(words: list[str]) -> dict[str, int]:
    """Return how many tests passed, failed and were skipped."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, 'junit.xml')
        command = [sys.executable, '-m', 'pytest', '-q', '-n0', f'--junit-xml={report}', *words]
        subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # noqa: S603
        counts: Counter[str] = Counter({'passed': 0, 'failed': 0, 'skipped': 0})
        for case in ElementTree.parse(report).iter('testcase'):
            kinds = {child.tag for child in case}
            bad = kinds & {'failure', 'error'}
            counts['failed' if bad else 'skipped' if 'skipped' in kinds else 'passed'] += 1
        return dict(counts)


def main() -> None:
    """Run each group, and print a row for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path, help='write the figures to this file')
    given = parser.parse_args()
    lines = sum(len(path.read_text().splitlines()) for path in ROBOT.rglob('*.py'))
    print(f'my_robot: {lines} lines of Python')
    found: dict[str, dict[str, int] | int] = {'lines': lines}
    for group, words in GROUPS.items():
        counts = results(words)
        found[group] = counts
        print(f'{group:10} {", ".join(f"{count} {what}" for what, count in counts.items())}')
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + '\n')


if __name__ == '__main__':
    main()
