"""Calibrate a board and run a controller on it, with and without its calibration.

The board is an emulated one, on this machine. With a real board, only the URI differs:
`serial:///dev/ttyACM0` or `tcp://HOST:PORT`.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pkan_control as pk

PKAN = [sys.executable, '-m', 'pkan_control.cli.main']


def main(folder: Path) -> None:
    """Emulate a board with a bad chip, calibrate it, and compare two rollouts."""
    command = [*PKAN, 'emulate', '--tcp', '127.0.0.1:0', '--preset', 'bad', '--seed', '3']
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as board:
        try:
            uri = board.stdout.readline().split(': ')[0]
            calibration = folder / 'board.calibration'
            words = ['calibrate', 'drone_hover', '--chip', uri, '--out', str(calibration)]
            subprocess.run([*PKAN, *words], check=True)
            for trims in (None, calibration):
                result = pk.rollout('drone_hover', episodes=3, chip=uri, calibration=trims)
                error_cm = 100 * result.figures['final_error_m']['median']
                print(f'{"calibrated" if trims else "as fabricated"}: {error_cm:.2f} cm')
        finally:
            board.terminate()


if __name__ == '__main__':
    with TemporaryDirectory() as name:
        main(Path(name))
