"""Errors of a chip's edges before and after its calibration."""

from pathlib import Path
from typing import Any

import numpy as np

from pkan_control.chips.calibration.calibration import Calibration, edge_rmse, ideal_edges
from pkan_control.common.arrays import Floats
from pkan_control.devices.element import find_device
from pkan_control.networks.program import Program
from pkan_control.reporting.pictures.style import BAD, FAINT, GOOD, INK, make_figure, save

POINTS = 101
# Edges that are drawn: those that were worst before.
ROWS, COLUMNS = 2, 3
# Smaller errors of edges are drawn as this one, in gain units.
FLOOR = 1e-5


def draw_calibration(path: Path, program: Program, calibration: Calibration) -> None:
    """Draw the errors of all edges before and after, and the edges that were worst before.

    The responses of the chip are those of its twin.
    """
    x = np.linspace(0, 1, POINTS)
    wanted = ideal_edges(program, x)
    raw = _twin_edges(program, calibration, x)
    pairs = zip(raw, calibration.trims, strict=True)
    trimmed = [edges * gain + offset for edges, (gain, offset) in pairs]
    figure = make_figure((12, 5.2), _title(calibration))
    parts: Any = figure.subfigures(1, 2, width_ratios=[1, 1.5])
    _draw_errors(parts[0], wanted, raw, trimmed)
    _draw_worst(parts[1], x, wanted, raw, trimmed)
    save(figure, path)


def _title(calibration: Calibration) -> str:
    before, after = calibration.raw, calibration.trimmed
    return (
        f'{calibration.uid}, {calibration.date[:10]}: error of the outputs '
        f'{before.output_nrmse:.1%} raw, {after.output_nrmse:.1%} calibrated'
    )


def _twin_edges(program: Program, calibration: Calibration, x: Floats) -> list[Floats]:
    device, inputs = find_device(program.device), x.reshape(-1, 1, 1, 1)
    edges = []
    for twin in calibration.twin:
        elements = device.exact_response(inputs, twin.physical) * twin.alive
        edges.append(np.asarray(elements.sum(axis=-1) * twin.gain + twin.offset))
    return edges


def _draw_errors(
    part: Any, wanted: list[Floats], raw: list[Floats], trimmed: list[Floats]
) -> None:
    axes = part.subplots()
    bins = np.geomspace(FLOOR, 1, 61)
    for edges, colour, name in ((raw, BAD, 'raw'), (trimmed, GOOD, 'calibrated')):
        pairs = zip(edges, wanted, strict=True)
        errors = np.concatenate([edge_rmse(found, right) for found, right in pairs])
        axes.hist(np.maximum(errors, FLOOR), bins, color=colour, alpha=0.75, label=name)
        axes.axvline(float(np.median(errors)), color=colour, linewidth=1.2, linestyle=':')
    axes.set(xscale='log', xlabel='RMSE of an edge, gain units', ylabel='edges')
    axes.legend(frameon=False)
    axes.grid(alpha=0.25)


def _draw_worst(
    part: Any, x: Floats, wanted: list[Floats], raw: list[Floats], trimmed: list[Floats]
) -> None:
    places = [
        (float(np.sqrt(np.mean((found - right) ** 2, axis=0))[edge]), layer, edge)
        for layer, (found, right) in enumerate(zip(raw, wanted, strict=True))
        for edge in np.ndindex(right.shape[1:])
    ]
    worst = sorted(places, reverse=True)[: ROWS * COLUMNS]
    grid = part.subplots(ROWS, COLUMNS, sharex=True, squeeze=False)
    for axes, (_, layer, (source, target)) in zip(grid.flat, worst, strict=False):
        place = (slice(None), source, target)
        axes.plot(x, raw[layer][place], color=BAD, linewidth=1.4, label='raw')
        axes.plot(x, wanted[layer][place], color=FAINT, linewidth=4, label='programmed')
        axes.plot(x, trimmed[layer][place], color=GOOD, linewidth=1.4, label='calibrated')
        axes.set_title(f'layer {layer + 1}: {source + 1} to {target + 1}', fontsize=9, color=INK)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.25)
    grid[0, 0].legend(frameon=False, fontsize=8)
    part.supxlabel('input', fontsize=9)
    part.supylabel('gain', fontsize=9)
