"""Score against trainable parameters, and against nodes, for each kind of network."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullLocator,
)

from pkan_control.reporting.pictures.style import BAD, FAINT, GOOD, INK, make_figure, save

AMBER, SKY = '#d99a2b', '#4a7fb5'
STYLES = {
    'bandpass': (GOOD, 'o', '-'),
    'memdiode': (AMBER, 's', '-'),
    'MLP, 1 hidden': (SKY, '^', '--'),
    'MLP, 2 hidden': (INK, 'v', '--'),
    'MLP, equal nodes': (BAD, 'd', ':'),
}
AXES = (('parameters', 'trainable parameters'), ('nodes', 'nodes'))
# Width of a panel in a row of four or two; height for several problems, and for one.
WIDTHS, HEIGHTS = {4: 3.1, 2: 5.2}, (2.7, 4.2)
# An axis whose ends have a smaller ratio gets equal steps.
NARROW = 5
Rows = Sequence[Mapping[str, Any]]


def draw_comparison(path: Path, figures: Mapping[str, Any]) -> None:
    """Draw the figures of a comparison: a pair of panels for each of its problems."""
    problems = figures['problems']
    pairs = [(part, axis) for part in problems for axis in AXES]
    across = next(count for count in WIDTHS if len(pairs) % count == 0)
    down = len(pairs) // across
    width, height = WIDTHS[across], HEIGHTS[len(problems) == 1]
    measure = figures['measure'].replace('_', ' ')
    title = f'{figures["name"]}: {measure} ({figures["better"]} is better)'
    figure = make_figure((width * across, height * down + 0.9), title)
    grid = figure.subplots(down, across, squeeze=False)
    for axes, (part, (column, name)) in zip(grid.flat, pairs, strict=True):
        draw_panel(axes, problems[part], column, figures['better'] == 'less')
        axes.set_xlabel(name, fontsize=9)
        axes.set_title(part if len(problems) > 1 else '', fontsize=9, color=INK)
    handles, names = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc='outside lower center', ncols=5, frameon=False, fontsize=9)
    save(figure, path)


def draw_panel(axes: Any, rows: Rows, column: str, less: bool) -> None:
    """Draw the means of each kind, and each network as a faint point."""
    for kind in dict.fromkeys(row['kind'] for row in rows):
        those = [row for row in rows if row['kind'] == kind]
        colour, marker, line = STYLES.get(kind, (FAINT, 'x', '-'))
        x = [row[column] for row in those]
        axes.plot(
            x,
            [row['mean'] for row in those],
            line,
            color=colour,
            marker=marker,
            markersize=5,
            linewidth=1.4,
            label=kind,
        )
        for at, row in zip(x, those, strict=True):
            axes.scatter([at] * len(row['scores']), row['scores'], s=6, color=colour, alpha=0.35)
    axes.set_xscale('log')
    label(axes.xaxis)
    scale(axes, [score for row in rows for score in row['scores']], less)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25)


def scale(axes: Any, scores: Sequence[float], less: bool) -> None:
    """Make the axis of errors logarithmic, and let one of equal scores begin at 0."""
    positive = [score for score in scores if score > 0]
    if not less or not positive:
        if min(scores) == max(scores):
            axes.set_ylim(0.0, 1.1 * max(scores) or 1.0)
    elif len(positive) == len(scores):
        axes.set_yscale('log')
        label(axes.yaxis)
    else:
        # A linear part of the axis has room for scores of zero.
        least = min(positive)
        axes.set_yscale('symlog', linthresh=least, linscale=0.3)
        axes.set_ylim(-least / 4, 1.5 * max(scores))
        label_from_zero(axes.yaxis, least)


def label(axis: Any) -> None:
    """Give a logarithmic axis a few plain numbers, also where it spans less than a decade."""
    low, high = axis.get_view_interval()
    narrow = high < NARROW * low
    axis.set_major_locator(MaxNLocator(4) if narrow else LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f'{value:g}'))
    axis.set_minor_locator(NullLocator())


def label_from_zero(axis: Any, least: float) -> None:
    """Label an axis that is logarithmic from a least score on, and begins at 0."""
    ticks = LogLocator(subs=(1.0, 2.0, 5.0)).tick_values(least, axis.get_view_interval()[1])
    axis.set_major_locator(FixedLocator([0.0, *(tick for tick in ticks if tick >= least)]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f'{value:g}'))
    axis.set_minor_locator(NullLocator())
