"""Pictures of flights and networks, as PNG files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from pkan_control.arrays import Floats
from pkan_control.devices.element import find_device
from pkan_control.network import Program
from pkan_control.rollouts.record import EpisodeRecord

INK, FAINT, GOOD, BAD = '#1b2a41', '#b8c2cf', '#1d8a6b', '#c8553d'
# Colour of an edge by its share of the strongest edge's range: pale edges hardly matter.
IMPORTANCE = LinearSegmentedColormap.from_list('importance', [FAINT, '#3f88c5', INK])
CURVE_POINTS = 64


def draw_flights(path: Path, records: Sequence[EpisodeRecord], goal: Floats, title: str) -> None:
    """Draw all flights in space, and their distances to the goal over time."""
    figure = _figure((12, 5.2), title)
    space: Any = figure.add_subplot(1, 2, 1, projection='3d')
    time = figure.add_subplot(1, 2, 2)
    for record in records:
        colour = GOOD if record.score.success else BAD
        position = record.states[:, :3]
        space.plot(*position.T, color=colour, linewidth=1.1, alpha=0.85)
        space.scatter(*position[0], color=FAINT, edgecolor=INK, s=18, linewidth=0.5)
        distance = np.linalg.norm(position - goal, axis=1)
        seconds = np.arange(len(distance)) / record.rate_hz
        time.semilogy(seconds, np.maximum(distance * 100, 1e-3), color=colour, linewidth=1.1)
    space.scatter(*goal, marker='*', color=INK, s=90, label='set-point')
    space.set(xlabel='x, m', ylabel='y, m', zlabel='z, m')
    space.view_init(elev=22, azim=-58)
    time.axhline(10, color=INK, linewidth=0.8, linestyle=':')
    time.annotate('tolerance', (0.01, 10.8), color=INK, fontsize=9)
    time.set(xlabel='time, s', ylabel='distance to the set-point, cm', ylim=(0.01, 300))
    time.margins(x=0)
    time.grid(alpha=0.25)
    _save(figure, path)


def draw_edges(
    path: Path, program: Program, inputs: Sequence[str], outputs: Sequence[str]
) -> None:
    """Draw what each edge of a network computes: one row a target node, one column a source."""
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
    _save(figure, path)


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
    strong = float(np.quantile(importance, 0.95))
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


def _figure(size: tuple[float, float], title: str) -> Figure:
    figure = Figure(figsize=size, facecolor='white', layout='constrained')
    figure.suptitle(title, fontsize=12, color=INK)
    return figure


def _save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130, metadata={'Software': None})
