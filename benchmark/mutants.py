"""Mutation testing by mutmut: change the code in thousands of places and see which tests notice.

    python benchmark/mutants.py [--json mutants.json] [--survivors]

The modules and the tests that run stand in `pyproject.toml`, under `tool.mutmut`; every function
of them is changed by all of mutmut's operators: numbers, strings (messages as well), comparisons,
arithmetic, arguments, keywords, returns. A change counts as killed where a test fails or its time
runs out, as survived where all tests pass or none covers it. Results are kept in `mutants/`, and
what has not changed since is not run again: the first run takes about half an hour on two cores.
The exit code is 1 below the threshold.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / 'mutants'
THRESHOLD = 0.9
# Exit codes of a mutant's tests, as mutmut stores them.
KILLED, TIMEOUT, NOT_RUN, UNCOVERED = (1, 3, 37), (24, -24, 36, 152, 255), None, (5, 33)


def outcome(code: int | None) -> str:
    """Return what became of a mutant."""
    if code is NOT_RUN:
        return 'not run'
    if code in KILLED:
        return 'killed'
    if code in TIMEOUT:
        return 'timeout'
    return 'uncovered' if code in UNCOVERED else 'survived'


def modules() -> list[str]:
    """Return the files whose code is changed."""
    settings = tomllib.loads((ROOT / 'pyproject.toml').read_text())
    found: list[str] = settings['tool']['mutmut']['only_mutate']
    return found


def copy_compiled() -> None:
    """Put the installed extension modules beside the changed sources, which have none."""
    spec = find_spec('pkan_control')
    for place in map(Path, (spec and spec.submodule_search_locations) or ()):
        for path in place.rglob('*.so'):
            copy = FOLDER / 'pkan_control' / path.relative_to(place)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)


def results(module: str) -> dict[str, str]:
    """Return the outcome of each mutant of a module."""
    path = FOLDER / f'{module}.meta'
    codes = json.loads(path.read_text())['exit_code_by_key'] if path.exists() else {}
    return {name: outcome(code) for name, code in codes.items()}


def count(found: dict[str, str]) -> dict[str, Any]:
    """Return the figures of one module."""
    counts = Counter(found.values())
    killed = counts['killed'] + counts['timeout']
    return {
        'mutants': len(found),
        'killed': killed,
        'survived': counts['survived'],
        'uncovered': counts['uncovered'],
        'not_run': counts['not run'],
        'share': killed / len(found) if found else 0.0,
    }


def show(rows: dict[str, dict[str, Any]]) -> None:
    """Print a row for each module."""
    width = max(map(len, rows))
    print(f'{"module":{width}} mutants  killed  survived  uncovered  share')
    for module, row in rows.items():
        verdict = '' if row['share'] >= THRESHOLD else '  below the threshold'
        print(
            f'{module:{width}} {row["mutants"]:7} {row["killed"]:7} {row["survived"]:9} '
            f'{row["uncovered"]:10} {row["share"]:6.1%}{verdict}'
        )


def main() -> None:
    """Run what has changed, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path, help='write the figures to this file')
    parser.add_argument('--survivors', action='store_true', help='name what survived')
    parser.add_argument('--workers', type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    copy_compiled()
    command = [sys.executable, '-m', 'mutmut', 'run', '--max-children', str(given.workers)]
    environment = os.environ | {'PKAN_MUTANTS': '1', 'OMP_NUM_THREADS': '1'}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr)  # noqa: S603
    if done.returncode:
        raise SystemExit('mutmut could not run: the tests have to pass without changes')
    found = {module: results(module) for module in modules()}
    rows = {module: count(each) for module, each in found.items()}
    show(rows)
    for each in found.values() if given.survivors else ():
        for name, what in each.items():
            if what in ('survived', 'uncovered'):
                print(f'{what}: {name}   (mutmut show {name})')
    if given.json:
        lowest = min(row['share'] for row in rows.values())
        given.json.write_text(json.dumps({'lowest': lowest, 'modules': rows}, indent=1) + '\n')
    if any(row['share'] < THRESHOLD for row in rows.values()):
        raise SystemExit(1)


if __name__ == '__main__':
    main()
