"""Kill rollouts and yield studies with SIGKILL, twenty times each, and go on each time.

What comes out in the end is to be what an undisturbed run says. `--json FILE` writes the figures.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pkan_control.reporting.tables import console, fact_table, progress

KILLS, PATIENCE_S, LATER_S = 20, 300.0, 0.3
RUNS = {
    'rollout': ('drone_hover', '--alone', '--chip', 'sim:?seed=3', '--chips', '3',
                '--episodes', '210'),
    'yield': ('drone_hover', '--chip', 'sim:?preset=typical', '--chips', '210', '--episodes', '10',
              '--sensitivity', '0'),
}  # fmt: skip
CLOCKED = ('real_time_factor', 'inference_us')


def command(kind: str, folder: Path, name: str) -> list[str]:
    """Return the command of a run that keeps a log, and its figures."""
    words = [sys.executable, '-m', 'pkan_control.cli.main', kind, *RUNS[kind]]
    return [*words, '--log', str(folder / f'{name}.jsonl'), '--json', str(folder / f'{name}.json')]


def figures(path: Path) -> dict[str, Any]:
    """Return what was written, without what depends on the clock."""
    found = json.loads(path.read_text())
    return {name: value for name, value in found.items() if name not in CLOCKED}


def lines(path: Path) -> int:
    """Return how many lines a log has."""
    return path.read_bytes().count(b'\n') if path.exists() else 0


def kill_once(words: list[str], log: Path, least: int, later_s: float) -> bool:
    """Run until the log has so many lines, and a moment longer; kill; tell if it was alive."""
    process = subprocess.Popen(  # noqa: S603
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + PATIENCE_S
    while lines(log) < least and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(later_s)
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return alive


def disturb(kind: str, folder: Path, kills: int) -> dict[str, Any]:
    """Return how many kills met a run, and whether it came out as the undisturbed one."""
    subprocess.run(command(kind, folder, 'whole'), check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    total = lines(folder / 'whole.jsonl')
    words, log = command(kind, folder, 'killed'), folder / 'killed.jsonl'
    chance, met = random.Random(kills), 0  # noqa: S311 (no secret)
    with progress(f'{kind}: kills', kills) as report:
        for number in range(kills):
            least = 1 + round(total * (number + chance.random()) / (kills + 2))
            met += kill_once(words, log, least, chance.uniform(0, LATER_S))
            report(number + 1)
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    same = figures(folder / 'killed.json') == figures(folder / 'whole.json')
    return {'kills': met, 'identical': same}


def main() -> None:
    """Kill both kinds of work, print what came out, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path)
    parser.add_argument('--kills', type=int, default=KILLS)
    arguments = parser.parse_args()
    found = {}
    for kind in RUNS:
        with tempfile.TemporaryDirectory() as folder:
            found[kind] = disturb(kind, Path(folder), arguments.kills)
    console.print(fact_table('killed with SIGKILL and gone on', found))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + '\n')


if __name__ == '__main__':
    main()
