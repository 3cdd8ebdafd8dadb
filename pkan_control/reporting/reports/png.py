"""The figures of a report as PNG, for papers: the same data, drawn by matplotlib."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure as Picture

from pkan_control.reporting.pictures.style import INK, save
from pkan_control.reporting.reports import figures
from pkan_control.reporting.reports.evidence import Evidence

DASHES = {'solid': '-', 'dash': '--', 'dot': ':'}
# Widths are in pixels on a page, and in points here.
POINTS = 0.75
PANELS_IN_ROW = 3


def draw_all(evidence: Evidence, folder: Path) -> list[Path]:
    """Write all figures into a folder; of those over time that of the worst episode."""
    drawn: dict[str, Any] = {
        'trajectories': figures.trajectories(evidence),
        'errors': figures.distribution(evidence),
        'time': next(iter(figures.time_series(evidence).values())),
        'edges': figures.edges(evidence.edges) if evidence.edges else None,
    }
    for number, study in enumerate(evidence.yields, start=1):
        drawn[f'yield{number}'] = figures.yields(study)
    paths = []
    for name, figure in drawn.items():
        if figure is not None:
            paths.append(folder / f'{name}.png')
            save(draw(figure), paths[-1])
    return paths


def draw(figure: Mapping[str, Any]) -> Picture:
    """Return a figure of a report as a picture."""
    if 'panels' in figure:
        return _panels(figure['panels'])
    picture = Picture(figsize=(7.0, 4.6), facecolor='white', layout='constrained')
    in_space = figure['data'][0]['type'] == 'scatter3d'
    axes: Any = picture.add_subplot(projection='3d' if in_space else None)
    _plot(axes, figure)
    return picture


def _panels(panels: list[Any]) -> Picture:
    columns = min(PANELS_IN_ROW, len(panels))
    rows = math.ceil(len(panels) / columns)
    size = (3.2 * columns, 2.0 * rows)
    picture = Picture(figsize=size, facecolor='white', layout='constrained')
    for number, panel in enumerate(panels, start=1):
        axes: Any = picture.add_subplot(rows, columns, number)
        _plot(axes, panel, legend=number == 1)
        axes.set_title(panel['title'], fontsize=9, color=INK)
    return picture


def _plot(axes: Any, figure: Mapping[str, Any], legend: bool = True) -> None:
    known: set[str] = set()
    for trace in figure['data']:
        values = [[math.nan if v is None else v for v in trace[a]] for a in 'xyz' if a in trace]
        line, name = trace['line'], trace['name']
        if 'fill' in trace:
            axes.fill(*values, color=figures.GOAL, alpha=0.25, linewidth=0)
            continue
        axes.plot(
            *values,
            color=line['color'],
            linestyle=DASHES[line['dash']],
            linewidth=POINTS * line['width'],
            label='' if name in known else name,
        )
        known.add(name)
    _label_axes(axes, figure['layout'])
    if legend and len(known) > 1:
        axes.legend(frameon=False, fontsize=8)


def _label_axes(axes: Any, layout: Mapping[str, Any]) -> None:
    for name, axis in layout.get('scene', layout).items():
        if isinstance(axis, Mapping) and name.endswith('axis'):
            axes.set(**{f'{name[0]}label': axis['title']['text']})
            if 'range' in axis:
                axes.set(**{f'{name[0]}lim': axis['range']})
            if axis.get('type') == 'log':
                axes.set(**{f'{name[0]}scale': 'log'})
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25)
