"""Measure this project beside what others made, and write `doc/benchmarks.md`.

Candidates take turns within one run; each works in a process of its own. Rows that were named with
`--rows` are measured alone, and then no page is written.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from contest import Outcome, Pace, compete
from growth import Growth, draw, grow, series
from page import as_json, page, ratio, spread
from process import ROOT
from rich.console import Console
from rich.progress import Progress, TextColumn
from rows import Options, rows

DOC = ROOT / 'doc'
FULL, QUICK = Pace(15, 0.4, 20.0), Pace(5, 0.1, 2.0)
FULL_GROWTH, QUICK_GROWTH = Pace(7, 0.15, 20.0), Pace(3, 0.02, 2.0)


def arguments() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog='make benchmark', description=__doc__.splitlines()[0])
    parser.add_argument('--quick', action='store_true', help='two minutes, wider spreads')
    parser.add_argument('--rows', nargs='*', metavar='NAME', help='only these; no page is written')
    parser.add_argument('--phykan', default='', metavar='PATH', help='a checkout of PhyKAN')
    parser.add_argument(
        '--gym-pybullet-drones', default='', metavar='PATH', help='a checkout of that'
    )
    parser.add_argument('--device', default='cpu', help='cpu, or cuda for more rows')
    parser.add_argument('--json', type=Path, help='write the figures there as well')
    return parser.parse_args()


def main() -> None:
    """Measure, print and write."""
    given = arguments()
    options = Options(given.phykan, given.gym_pybullet_drones, given.device)
    chosen, grown = rows(options), series()
    if given.rows is not None:
        known = {row.name: row for row in chosen}
        for name in given.rows:
            if name not in known:
                raise SystemExit(f'error: row {name!r} is unknown: there are {", ".join(known)}')
        chosen, grown = [known[name] for name in given.rows], []
    outcomes: list[Outcome] = []
    growths: list[Growth] = []
    columns = (*Progress.get_default_columns()[:-1], TextColumn('{task.elapsed:.0f} s'))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task('', total=len(chosen) + len(grown))
        for row in chosen:
            bar.update(task, description=row.name)
            outcomes.append(compete(row, QUICK if given.quick else FULL))
            print(line_of(outcomes[-1]), flush=True)
            bar.advance(task)
        for one in grown:
            bar.update(task, description=f'growth: {one.name}')
            growths.append(grow(one, QUICK_GROWTH if given.quick else FULL_GROWTH))
            print(f'growth: {one.name:18} exponent {growths[-1].exponent:.2f}', flush=True)
            bar.advance(task)
    figures = as_json(outcomes, growths, given.quick)
    if given.json:
        write(given.json, figures)
    if given.rows is None:
        write_pages(outcomes, growths, given.quick, figures)


def line_of(outcome: Outcome) -> str:
    """Return a line for the terminal."""
    if outcome.ours is None or outcome.theirs is None or outcome.ratio is None:
        return f'{outcome.row.name:26} {outcome.verdict}: {outcome.skipped or outcome.failed}'
    unit = outcome.row.unit
    sides = f'{spread(outcome.ours, unit)} against {spread(outcome.theirs, unit)}'
    bar = f', bar {outcome.row.bar}: {outcome.verdict}' if outcome.row.bar else ''
    return f'{outcome.row.name:26} {ratio(outcome.ratio):28}{bar}  [{sides}]'


def write(path: Path, figures: dict[str, object]) -> None:
    """Write figures as JSON."""
    path.write_text(json.dumps(figures, indent=2) + '\n')


def write_pages(
    outcomes: Sequence[Outcome], growths: Sequence[Growth], quick: bool, figures: dict[str, object]
) -> None:
    """Write the page, its picture and its JSON."""
    draw(growths, DOC / 'benchmarks.png')
    given = [a if a.startswith('-') else Path(a).name for a in sys.argv[1:]]
    command = f'make benchmark OPTIONS="{" ".join(given)}"' if given else 'make benchmark'
    (DOC / 'benchmarks.md').write_text(page(outcomes, growths, quick, command))
    write(DOC / 'benchmarks.json', figures)
    print('wrote doc/benchmarks.md, doc/benchmarks.json, doc/benchmarks.png')


if __name__ == '__main__':
    main()
