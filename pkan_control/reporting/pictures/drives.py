"""Drives seen from above, and how far beside the path they are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection

from pkan_control.common.arrays import Floats
from pkan_control.reporting.pictures.style import BAD, FAINT, GOOD, INK, make_figure, save

COLOURS = (GOOD, '#3f88c5', BAD)
# What the colour of a way stands for at most, in cm.
FULL_CM = 3.0


def draw_drives(
    path: Path,
    road: Floats,
    ways: Sequence[tuple[Floats, Floats]],
    rows: Mapping[str, Floats],
    wet_s: tuple[float, float],
    title: str,
) -> None:
    """Draw ways beside a road, and each contender's cross-track errors over time.

    Args:
        path: PNG file
        road: points `[n, 2]` of the road in m
        ways: points `[steps, 2]` in m and cross-track errors `[steps]` in m of each drive
        rows: for each contender its cross-track errors in m, `[drives, steps]`, at 50 Hz
        wet_s: from when to when the road is wet
        title: of the picture
    """
    figure = make_figure((12, 5.2), title)
    above, time = figure.subplots(1, 2, width_ratios=(1.25, 1))
    above.plot(*road.T, color=FAINT, linewidth=9, solid_capstyle='round', zorder=0)
    lines: Any = None
    for points, error in ways:
        pieces = np.stack([points[:-1], points[1:]], axis=1)
        lines = LineCollection(list(pieces), cmap='viridis_r', linewidth=1.4)
        lines.set_array(np.abs(error[1:]) * 100)
        lines.set_clim(0, FULL_CM)
        above.add_collection(lines)
        above.scatter(*points[0], color=INK, s=14, zorder=3)
    figure.colorbar(lines, ax=above, label='beside the path, cm', shrink=0.8)
    above.set(xlabel='x, m', ylabel='y, m', aspect='equal')
    _over_time(time, rows, wet_s)
    save(figure, path)


def _over_time(axes: Any, rows: Mapping[str, Floats], wet_s: tuple[float, float]) -> None:
    """Draw the median of each contender's distance to the path, and where 90 % lie below."""
    axes.axvspan(*wet_s, color=FAINT, alpha=0.35, linewidth=0, label='wet')
    for colour, (name, errors) in zip(COLOURS, rows.items(), strict=False):
        distance = np.maximum(np.abs(errors) * 100, 1e-2)
        seconds = np.arange(distance.shape[1]) / 50
        axes.semilogy(seconds, np.median(distance, axis=0), color=colour, label=name)
        high = np.quantile(distance, 0.9, axis=0)
        axes.semilogy(seconds, high, color=colour, linewidth=0.7, linestyle=':')
    axes.set(xlabel='time, s', ylabel='beside the path, cm: median, 90 % (dotted)')
    axes.margins(x=0)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
