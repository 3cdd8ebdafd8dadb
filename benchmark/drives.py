"""Drive a road whose grip changes and draw it: `doc/drives.png`."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection

from pkan_control.common.arrays import Floats
from pkan_control.control.controller_file import load_controller_file
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.evaluation.rollouts.baselines import with_baselines
from pkan_control.evaluation.rollouts.rollout import Plan
from pkan_control.reporting.pictures.style import BAD, FAINT, GOOD, INK, make_figure, save
from pkan_control.sim.scenarios import load_scenario
from pkan_control.tasks.vehicle_track import cross_track, vehicle_track

DRIVES, SHOWN, WINDOW = 24, 12, 25
COLOURS = (GOOD, '#3f88c5', BAD)
# What the colour of a way stands for at most, in cm.
FULL_CM = 3.0


def main() -> None:
    """Write the picture, and the figures that it shows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--json', type=Path, required=True)
    asked = parser.parse_args()
    scenario = load_scenario('slippery')
    wet = scenario.effects('vehicle')['friction']
    plan = Plan(vehicle_track, DRIVES, 0, scenario)
    controller_file = load_controller_file(shipped_controller('vehicle_track'))
    ways, rows = [], {}
    for name, drive in with_baselines(
        vehicle_track, controller_file, 'sim:?preset=typical', DRIVES
    ).items():
        records = drive(plan, lambda done: None)
        errors = [cross_track(record.states, record.goals, WINDOW) for record in records]
        rows[name] = np.array(errors)
        if not ways:
            ways = [(r.states[:, :2], e) for r, e in zip(records[:SHOWN], errors, strict=False)]
    road = vehicle_track.road.at(np.linspace(0, vehicle_track.road.length_m, 500))[:, :2]
    title = f'{SHOWN} drives at 2 m/s on {SHOWN} chips, the road wet for four seconds'
    draw_drives(asked.out, road, ways, rows, (wet.from_s, wet.to_s), title)
    print(f'{asked.out}: {DRIVES} drives of {", ".join(rows)}')
    asked.json.write_text(json.dumps({name: float(abs(e).mean()) for name, e in rows.items()}))


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


if __name__ == '__main__':
    main()
