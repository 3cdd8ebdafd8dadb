"""Record an expert's flights as rosbag2, clone them, and fly the clone. `--json FILE`."""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from pkan_control.evaluation.bags.writer import BagWriter
from pkan_control.evaluation.rollouts.rollout import Plan, run_expert
from pkan_control.reporting.tables import progress
from pkan_control.sim.scenarios import load_scenario
from pkan_control.tasks.task import find_task

FLIGHTS, SEED, SCENARIOS = 60, 7, ('calm', 'gusts')


def main() -> None:
    """Record, clone with the command that users have, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path, required=True)
    path = parser.parse_args().json
    with tempfile.TemporaryDirectory() as folder:
        for name in SCENARIOS:
            plan = Plan(find_task('drone_hover'), FLIGHTS, SEED, load_scenario(name))
            with progress(f'recording, {name}', FLIGHTS) as report:
                for record in run_expert(plan, report):
                    BagWriter(Path(folder) / 'bags').add(plan, record)
        command = [sys.executable, '-m', 'pkan_control.cli.main', 'clone', 'drone_hover']
        command += ['bags', '--out', 'clone.safetensors', '--json', 'clone.json']
        subprocess.run(command, check=True, cwd=folder)  # noqa: S603
        figures = json.loads((Path(folder) / 'clone.json').read_text())
    rates = [each['success_rate'] for each in figures['flown'].values()]
    path.write_text(json.dumps({**figures, 'clone': rates[0], 'mlp': rates[1]}, indent=2) + '\n')


if __name__ == '__main__':
    main()
