"""Episodes in space and over time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pkan_control.evaluation.rollouts.record import EpisodeRecord
from pkan_control.reporting.pictures.style import BAD, FAINT, GOOD, INK, make_figure, save
from pkan_control.tasks.task import PositionTask


def draw_trajectories(
    path: Path, task: PositionTask, records: Sequence[EpisodeRecord], title: str
) -> None:
    """Draw the paths of all episodes in space, and the distances to their goals over time."""
    figure = make_figure((12, 5.2), title)
    space: Any = figure.add_subplot(1, 2, 1, projection='3d')
    time = figure.add_subplot(1, 2, 2)
    for record in records:
        colour = GOOD if record.score.success else BAD
        position = task.position(record.states)
        space.plot(*position.T, color=colour, linewidth=1.1, alpha=0.85)
        space.scatter(*position[0], color=FAINT, edgecolor=INK, s=18, linewidth=0.5)
        distance = np.linalg.norm(position - record.goals, axis=1)
        seconds = np.arange(len(distance)) / record.rate_hz
        time.semilogy(seconds, np.maximum(distance * 100, 1e-3), color=colour, linewidth=1.1)
    goals = np.unique([record.goals[-1] for record in records], axis=0)
    space.scatter(*goals.T, marker='*', color=INK, s=90, label='set-point')
    space.set(xlabel='x, m', ylabel='y, m', zlabel='z, m')
    space.view_init(elev=22, azim=-58)
    tolerance = task.tolerance_m * 100
    time.axhline(tolerance, color=INK, linewidth=0.8, linestyle=':')
    time.annotate('tolerance', (0.01, 1.08 * tolerance), color=INK, fontsize=9)
    time.set(xlabel='time, s', ylabel='distance to the set-point, cm', ylim=(0.01, 300))
    time.margins(x=0)
    time.grid(alpha=0.25)
    save(figure, path)
