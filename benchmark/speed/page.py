"""The page of all comparisons, and the same as JSON."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from contest import Outcome, Spread
from growth import LIMIT, Growth

SCALES = ((1.0, 's'), (1e-3, 'ms'), (1e-6, 'us'))


def shown(value: float, unit: str) -> str:
    """Return a figure with three digits and its unit; seconds in the unit that suits."""
    if unit != 's':
        return f'{value:.0f} {unit}'
    scale, name = next((s for s in SCALES if value >= s[0]), (1e-9, 'ns'))
    return f'{value / scale:.3g} {name}'


def spread(values: Spread, unit: str) -> str:
    """Return median and spread."""
    return f'{shown(values.median, unit)} ({shown(values.p10, unit)} .. {shown(values.p90, unit)})'


def ratio(values: Spread) -> str:
    """Return median and spread of a ratio."""
    return f'{values.median:.3g} x ({values.p10:.3g} .. {values.p90:.3g})'


def page(outcomes: Sequence[Outcome], growths: Sequence[Growth], quick: bool, command: str) -> str:
    """Return the page."""
    lines = [
        '# Benchmarks',
        '',
        f'Written by `{command}`{", a quick run" if quick else ""}.',
        '',
        'Both candidates of a row ran by turns in the same run, each on one core. A figure is the',
        'median (10th .. 90th percentile) of the turns, in processor time, so that what else runs',
        'matters little. With a bar `>=` the ratio says how often as fast this project is, with',
        '`<=` how often as long it takes. Absolute times are those of one machine:',
        f'{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, '
        f'NumPy {version("numpy")}, torch {version("torch")}.',
        '',
        '| work | this project | against | ratio | bar | |',
        '|---|---|---|---|---|---|',
        *(_line(outcome) for outcome in outcomes),
    ]
    notes = [o for o in outcomes if o.checked or o.skipped or o.failed]
    if notes:
        lines += ['', '## What was checked', '', '| row | |', '|---|---|']
        lines += [f'| `{o.row.name}` | {_note(o)} |' for o in notes]
    missed = [o for o in outcomes if o.missed and o.row.tried]
    if missed:
        lines += ['', '## What was tried where a bar is not met', '']
        lines += [f'- `{o.row.name}`: {o.row.tried}' for o in missed]
    if growths:
        lines += ['', '## Growth', '', *_growth(growths)]
    return '\n'.join(lines) + '\n'


def _line(outcome: Outcome) -> str:
    row = outcome.row
    ours, theirs = f'{row.ours.title}', f'{row.theirs.title}'
    figure = '-'
    if outcome.ours and outcome.theirs and outcome.ratio:
        ours += f': {spread(outcome.ours, row.unit)}'
        theirs += f': {spread(outcome.theirs, row.unit)}'
        figure = ratio(outcome.ratio)
    return f'| {row.text} | {ours} | {theirs} | {figure} | {row.bar or "-"} | {outcome.verdict} |'


def _note(outcome: Outcome) -> str:
    if outcome.skipped:
        return f'skipped: {outcome.skipped}'
    return f'wrong: {outcome.failed}' if outcome.failed else outcome.checked


def _growth(growths: Sequence[Growth]) -> list[str]:
    lines = [
        'The exponent of time against size, fitted to the largest four sizes; 1 is linear.',
        '',
        '| work | sizes | time of a call | exponent | bar | |',
        '|---|---|---|---|---|---|',
    ]
    for growth in growths:
        sizes, seconds = growth.series.sizes, growth.seconds
        met = 'met' if growth.exponent <= LIMIT else '**not met**'
        lines.append(
            f'| {growth.series.text} | {sizes[0]} .. {sizes[-1]} | {shown(seconds[0], "s")} .. '
            f'{shown(seconds[-1], "s")} | {growth.exponent:.2f} | <= {LIMIT} | {met} |'
        )
    return [*lines, '', '![Time against size](benchmarks.png)']


def as_json(outcomes: Sequence[Outcome], growths: Sequence[Growth], quick: bool) -> dict[str, Any]:
    """Return every ratio with its bar, and whether it is met; None where it was not run."""
    return {
        'quick': quick,
        'rows': {outcome.row.name: _row(outcome) for outcome in outcomes},
        'growth': {
            g.series.name: {
                'text': g.series.text, 'sizes': g.series.sizes, 'seconds': g.seconds,
                'exponent': g.exponent, 'bar': f'<= {LIMIT}', 'met': g.exponent <= LIMIT,
            }
            for g in growths
        },
    }  # fmt: skip


def _row(outcome: Outcome) -> dict[str, Any]:
    row, ran = outcome.row, outcome.ratio is not None
    return {
        'text': row.text, 'ours': row.ours.title, 'against': row.theirs.title, 'unit': row.unit,
        'bar': None if row.bar is None else str(row.bar),
        'met': row.bar.met(outcome.ratio.median) if outcome.ratio and row.bar else None,
        'ratio': vars(outcome.ratio) if outcome.ratio else None,
        'ours_median': outcome.ours.median if outcome.ours and ran else None,
        'against_median': outcome.theirs.median if outcome.theirs and ran else None,
        'checked': outcome.checked, 'skipped': outcome.skipped, 'wrong': outcome.failed,
    }  # fmt: skip
