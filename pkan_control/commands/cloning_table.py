"""How well clones answer on held-out time, as a table."""

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table


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
