"""Drive a road whose grip changes and draw it: `doc/drives.png`."""

import argparse
import json
from pathlib import Path

import numpy as np

from pkan_control.control.controller_file import load_controller_file
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.evaluation.rollouts.baselines import with_baselines
from pkan_control.evaluation.rollouts.rollout import Plan
from pkan_control.reporting.pictures.drives import draw_drives
from pkan_control.sim.scenarios import load_scenario
from pkan_control.tasks.vehicle_track import cross_track, vehicle_track

DRIVES, SHOWN, WINDOW = 24, 12, 25


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


if __name__ == '__main__':
    main()
