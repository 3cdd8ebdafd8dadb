"""Tables of studies: yield, comparison, transfer, power and its constants."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from pkan_control.evaluation.studies.power import PowerComparison
from pkan_control.evaluation.studies.power_constants import Constant
from pkan_control.evaluation.studies.yield_study import BASES, FACTORS
from pkan_control.reporting.tables import COLUMNS, empty_table, number


def cloning_table(rows: Mapping[str, Any]) -> Table:
    """Return a row for each clone: R^2 of the outputs, and how far commands are off."""
    title = 'commands in the time that was held out'
    table = Table(title=title, title_justify='left', box=SIMPLE_HEAD, pad_edge=False)
    table.add_column('clone', no_wrap=True)
    for heading in ('R^2\nmean', 'R^2\nworst', 'commands off\n% of range'):
        table.add_column(heading, justify='right', no_wrap=True)
    for name, found in rows.items():
        mean = sum(found.r2) / len(found.r2)
        cells = (f'{mean:.3f}', f'{min(found.r2):.3f}', f'{found.command_rmse * 100:.2f}')
        table.add_row(name, *cells)
    return table


# Characters of a source in a line of its own.
SOURCE_WIDTH = 46
# Lower values of R^2 are shown as this.
LOWEST, LOW = -9.0, '< -9'
# Groups of chips in a transfer, in the order of rows.
GROUPS = {'all': 'all', 'whole': 'none dead', 'dead': 'some dead'}
# Columns of a transfer: heading, and field, factor to the unit, digits.
TRANSFER = {
    'RMSE\n1e-3': ('edge_rmse_median', 1000, 2),
    'p95\n1e-3': ('edge_rmse_p95', 1000, 1),
    'R^2\n': ('edge_r2_median', 1, 4),
    'R^2\np5': ('edge_r2_p5', 1, 2),
    'NRMSE\n%': ('output_nrmse_median', 100, 2),
    'p95\n%': ('output_nrmse_p95', 100, 1),
    'success\n%': ('success_rate', 100, 1),
}


def yield_table(title: str, figures: Mapping[str, Any]) -> Table:
    """Return the yield with its interval, and the figures over all episodes."""
    found = figures['yield']
    table = empty_table(title, ['chips that pass'])
    table.add_column('', justify='right')
    rates = f'{found["rate"]:.1%} ({found["low"]:.1%} to {found["high"]:.1%})'
    table.add_row(f'success in {found["criterion"]:.0%} of the episodes or more', rates)
    episodes = sum(figures['success_rates']) / len(figures['success_rates'])
    table.add_row('success, all episodes', f'{episodes:.2%}')
    for column in COLUMNS:
        if column.figure in figures['figures']:
            value = figures['figures'][column.figure][column.quantile]
            words = column.heading.split('\n')
            table.add_row(f'{words[0]}, {words[1]}', number(value, column.factor, 2))
    return table


def sensitivity_table(figures: Mapping[str, Any], nominal: Mapping[str, float]) -> Table:
    """Return a row for each deviation: yields at its magnitudes, and how large it may be."""
    table = empty_table('yield against one magnitude', ['deviation'])
    headings = ('base', *(f'x {factor:g}' for factor in FACTORS))
    for heading in (*headings, f'may be, for\n{figures["target"]:.0%} yield'):
        table.add_column(heading, justify='right', no_wrap=True)
    for curve, limit in zip(figures['sensitivity'], figures['specification'], strict=True):
        most = '-' if limit['limit'] is None else f'{limit["limit"]:.3g}'
        rates = [f'{rate:.0%}' for rate in curve['yield']]
        cells = (
            f'{nominal[curve["deviation"]] or BASES[curve["deviation"]]:g}',
            *rates,
            ('> ' if limit['beyond'] else '') + most,
        )
        table.add_row(curve['deviation'], *cells)
    return table


def comparison_table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return a row for each kind of network and size: its score over the seeds, and its size."""
    table = empty_table(title, ['network', 'shape'])
    table.padding = (0, 0, 0, 0)
    headings = ('mean', 'spread', 'trained\nnumbers', 'nodes', 'edges', 'rate', 'train\ns')
    for heading in headings:
        table.add_column(heading, justify='right', no_wrap=True)
    for kind in dict.fromkeys(row['kind'] for row in rows):
        for row in (row for row in rows if row['kind'] == kind):
            shape = '-'.join(str(size) for size in row['shape'])
            counts = (str(row[name]) for name in ('parameters', 'nodes', 'edges'))
            scores = f'{row["mean"]:.3g}', f'{row["spread"]:.1g}'
            table.add_row(
                kind, shape, *scores, *counts, f'{row["rate"]:g}', f'{row["training_s"]:.1f}'
            )
        table.add_section()
    return table


def transfer_table(preset: str, figures: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return rows for all chips of a preset, whole ones and those with dead elements, by state."""
    count = figures['all']
    title = f'preset {preset}: {count["edges"]} edges, the median and p95 of all; their outputs'
    table = empty_table(title, ['chips'])
    for heading in ('', *TRANSFER):
        table.add_column(heading, justify='right', no_wrap=True)
    for group in (name for name in GROUPS if name in figures):
        found = figures[group]
        for state in ('raw', 'trimmed'):
            cells = (
                LOW
                if found[state][field] < LOWEST
                else number(found[state][field], factor, digits)
                for field, factor, digits in TRANSFER.values()
            )
            table.add_row(f'{GROUPS[group]}, {state}', str(found['chips']), *cells)
    sigma, dead = number(count['repeatability'], 1e3, 2), count['dead_elements']
    table.caption = (
        f'repeatability of a reading {sigma}e-3 in gain units, taken off the errors of edges; '
        f'{dead} dead elements'
    )
    table.caption_justify = 'left'
    return table


def power_table(title: str, found: PowerComparison) -> Table:
    """Return a row for each technology, the least energy first; all with the law's energy."""
    table = empty_table(title, ['network'])
    headings = (
        'power while on\nP10 / P50 / P90',
        'takes\n',
        'energy of it\nP50 / P90',
    )
    for heading in headings:
        table.add_column(heading, justify='right', no_wrap=True)
    for row in sorted(found.rows, key=lambda row: row.energy_j[1]):
        cells = spans(row.power_w, 'W'), spans([row.latency_s], 's'), spans(row.energy_j[1:], 'J')
        table.add_row(row.name, *cells)
    table.caption = (
        f'the law on a microcontroller is in every energy: {found.law_cycles} cycles, '
        f'{spans([found.law_j], "J")}; off between inferences'
    )
    table.caption_justify = 'left'
    return table


def constant_table(constants: Sequence[Constant]) -> Table:
    """Return a row for each constant: its source below its name, and its range."""
    table = empty_table('constants', [])
    table.add_column('constant\n  its source')
    table.add_column('value', justify='right', no_wrap=True)
    for each in constants:
        ends = [each.low, each.typical, each.high] if each.low < each.high else [each.typical]
        value = ' .. '.join(f'{end:.3g}' for end in ends)
        source = textwrap.indent(textwrap.fill(each.source, SOURCE_WIDTH), '  ')
        table.add_row(f'{each.name}\n{source}', f'{value} {each.unit}')
    return table


def spans(values: Sequence[float], unit: str) -> str:
    """Return numbers of three digits with one prefix of their unit, that of the first."""
    prefixes = ((1.0, ''), (1e-3, 'm'), (1e-6, 'u'), (1e-9, 'n'), (1e-12, 'p'))
    factor, prefix = next((each for each in prefixes if values[0] >= each[0]), prefixes[-1])
    shown = (f'{v / factor:.3g}' if v < 999 * factor else f'{v / factor:.0f}' for v in values)
    return f'{" / ".join(shown)} {prefix}{unit}'
