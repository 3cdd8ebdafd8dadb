"""How large a report of 200 episodes is, and how fast it opens in headless Chromium.

Open means loaded: the summary is there, and the page answers. Then the first figure is drawn, in
3-D, by software where there is no graphics card. Each time in a browser that has seen nothing
before, as wide as a desk's and as a phone's. `--json FILE` writes the figures.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from pkan_control.reporting.tables import console, fact_table

EPISODES, OPENED = 200, 5
SIZES = {'desk': (1280, 850), 'phone': (390, 844)}
# A software renderer of WebGL, for machines without a graphics card.
FLAGS = ('--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader',
         '--enable-unsafe-swiftshader')  # fmt: skip
DRAWN = '#plot-trajectories canvas'


def make_report(path: Path, episodes: int) -> None:
    """Write a report, with a small yield study in it."""
    study = path.with_suffix('.json')
    pkan = [sys.executable, '-m', 'pkan_control.cli.main']
    chip = ['drone_hover', '--chip', 'sim:?preset=typical']
    small = ['--chips', '40', '--episodes', '5', '--sensitivity', '20', '--json', str(study)]
    subprocess.run([*pkan, 'yield', *chip, *small], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    rest = ['--episodes', str(episodes), '--chips', '20', '--yield', str(study)]
    rest += ['--out', str(path)]
    subprocess.run([*pkan, 'report', *chip, *rest], check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def opening_s(path: Path, size: tuple[int, int]) -> tuple[float, float]:
    """Return how long a new browser takes to open the page, and to draw its first figure."""
    chromium = shutil.which('chromium') or shutil.which('google-chrome')
    if chromium is None:
        raise SystemExit('error: no Chromium on this machine')
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={'width': size[0], 'height': size[1]})
        began = time.monotonic()
        page.goto(path.as_uri())
        opened = time.monotonic() - began
        page.locator(DRAWN).first.wait_for(state='attached')
        drawn = time.monotonic() - began
        browser.close()
    return opened, drawn


def main() -> None:
    """Make the report, open it, print the figures, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path)
    parser.add_argument('--episodes', type=int, default=EPISODES)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'report.html'
        make_report(path, arguments.episodes)
        figures = {'episodes': arguments.episodes, 'size_mb': path.stat().st_size / 1e6}
        for name, size in SIZES.items():
            opened, drawn = zip(*(opening_s(path, size) for _ in range(OPENED)), strict=True)
            figures[f'{name}_longest_s'] = max(opened)
            figures[f'{name}_s'] = statistics.median(opened)
            figures[f'{name}_drawn_s'] = statistics.median(drawn)
    console.print(fact_table('the report', figures))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + '\n')


if __name__ == '__main__':
    main()
