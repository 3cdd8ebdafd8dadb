"""A network as the response curves of its edges."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from pkan_control.common.arrays import Floats
from pkan_control.devices.element import find_device
from pkan_control.networks.program import Program
from pkan_control.reporting.pictures.style import FAINT, INK, save

# Colour of an edge by its share of the strongest edge's range: pale edges hardly matter.
IMPORTANCE = LinearSegmentedColormap.from_list('importance', [FAINT, '#3f88c5', INK])
CURVE_POINTS = 64


def draw_edges(
    path: Path, program: Program, inputs: Sequence[str], outputs: Sequence[str]
) -> None:
    """Draw the response of each edge: one row for a target node, one column for a source."""
    layers = [edge_curves(program, index) for index in range(len(program.layers))]
    names = [list(inputs), *([f'h{i + 1}' for i in range(n)] for n in program.shape[1:-1])]
    names.append(list(outputs))
    heights = [curves.shape[2] for curves in layers]
    figure = Figure(figsize=(11, 0.5 * sum(heights) + 2.2), facecolor='white')
    parts: Any = figure.subfigures(len(layers), 1, height_ratios=[h + 1.6 for h in heights])
    for index, curves in enumerate(layers):
        part = parts[index] if len(layers) > 1 else parts
        _draw_layer(part, curves, names[index], names[index + 1])
        part.suptitle(_layer_title(index, curves, program), fontsize=11, color=INK, x=0.5)
    save(figure, path)


def edge_curves(program: Program, layer: int) -> Floats:
    """Return the functions of a layer's edges over x in [0, 1], `[points, n_in, n_out]`."""
    device = find_device(program.device)
    x = np.linspace(0, 1, CURVE_POINTS).reshape(-1, 1, 1, 1)
    curves: Floats = device.response(x, device.decode(program.layers[layer])).sum(axis=-1)
    return curves


def _layer_title(index: int, curves: Floats, program: Program) -> str:
    count, k = curves.shape[1] * curves.shape[2], program.layers[index].shape[2]
    return f'layer {index + 1}: {count} edges of {k} {program.device} elements'


def _draw_layer(part: Any, curves: Floats, sources: Sequence[str], targets: Sequence[str]) -> None:
    points, count_in, count_out = curves.shape
    grid = part.subplots(count_out, count_in, squeeze=False)
    part.subplots_adjust(0.13, 0.02, 0.985, 0.8 if count_out < 8 else 0.9, 0.1, 0.12)
    margin = 0.06 * float(np.ptp(curves))
    low, high = float(curves.min()) - margin, float(curves.max()) + margin
    importance = np.ptp(curves, axis=0)
    strong = max(float(np.quantile(importance, 0.95)), 1e-12)
    x = np.linspace(0, 1, points)
    for target in range(count_out):
        for source in range(count_in):
            curve, cell = curves[:, source, target], grid[target, source]
            share = min(1.0, float(importance[source, target]) / strong)
            cell.plot(x, curve, color=IMPORTANCE(share), linewidth=0.8 + 1.4 * share)
            cell.set(xticks=[], yticks=[], xlim=(0, 1), ylim=(low, high))
            for spine in cell.spines.values():
                spine.set(color=FAINT, linewidth=0.5)
        label = targets[target].replace('_', ' ')
        grid[target, 0].set_ylabel(label, rotation=0, ha='right', va='center', fontsize=8)
    for source, name in enumerate(sources):
        grid[0, source].set_title(name.replace('_', '\n'), fontsize=8, color=INK)
