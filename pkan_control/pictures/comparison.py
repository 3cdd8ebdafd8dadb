"""Score against trainable parameters, and against nodes, for each kind of network."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from pkan_control.pictures.style import BAD, FAINT, GOOD, INK, make_figure, save

AMBER, SKY = '#d99a2b', '#4a7fb5'
STYLES = {
    'bandpass': (GOOD, 'o', '-'),
    'memdiode': (AMBER, 's', '-'),
    'MLP, 1 hidden': (SKY, '^', '--'),
    'MLP, 2 hidden': (INK, 'v', '--'),
    'MLP, equal nodes': (BAD, 'd', ':'),
}
AXES = (('parameters', 'trainable parameters'), ('nodes', 'nodes'))
# Panels of several problems; one problem has a larger one.
PANEL, SINGLE = (3.1, 2.7), (5.2, 4.2)
ACROSS = 4
# An axis whose ends have a smaller ratio gets equal steps.
NARROW = 5
Rows = Sequence[Mapping[str, Any]]


def draw_comparison(path: Path, figures: Mapping[str, Any]) -> None:
    """Draw the figures of a comparison: a pair of panels for each of its problems."""
    problems = figures['problems']
    pairs = [(part, axis) for part in problems for axis in AXES]
    across = min(len(pairs), ACROSS)
    down = -(-len(pairs) // across)
    width, height = SINGLE if len(problems) == 1 else PANEL
    title = f'{figures["name"]}: {figures["measure"]} ({figures["better"]} is better)'
    figure = make_figure((width * across, height * down + 0.9), title)
    grid = figure.subplots(down, across, squeeze=False)
    for axes in grid.flat[len(pairs) :]:
        axes.set_axis_off()
    for axes, (part, (column, label)) in zip(grid.flat, pairs, strict=False):
        draw_panel(axes, problems[part], column, figures['better'] == 'less')
        axes.set_xlabel(label, fontsize=9)
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
        axes.plot(x, [row['mean'] for row in those], line, color=colour, marker=marker,
                  markersize=5, linewidth=1.4, label=kind)  # fmt: skip
        for at, row in zip(x, those, strict=True):
            axes.scatter([at] * len(row['scores']), row['scores'], s=6, color=colour, alpha=0.35)
    positive = all(score > 0 for row in rows for score in row['scores'])
    axes.set_xscale('log')
    label(axes.xaxis)
    if less and positive:
        axes.set_yscale('log')
        label(axes.yaxis)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25)


def label(axis: Any) -> None:
    """Give a logarithmic axis a few plain numbers, also where it spans less than a decade."""
    low, high = axis.get_view_interval()
    narrow = high < NARROW * low
    axis.set_major_locator(MaxNLocator(4) if narrow else LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f'{value:g}'))
    axis.set_minor_locator(NullLocator())
