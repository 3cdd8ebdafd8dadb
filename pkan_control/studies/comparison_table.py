"""The table of a comparison."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table


def comparison_table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return a row for each kind of network and size: its score over the seeds, and its size."""
    table = Table(
        title=title, title_justify='left', box=SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 0)
    )
    for heading in ('network', 'shape'):
        table.add_column(heading, no_wrap=True)
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
