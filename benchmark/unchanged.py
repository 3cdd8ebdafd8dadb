"""Compare with another revision: hashes of the same rollouts, and bits of shipped controllers.

    python benchmark/unchanged.py --reference REVISION [--json unchanged.json] [--train STEPS]

Each rollout runs in this installation and in one of the reference, built in a temporary folder on
the same libraries. With `--train` each shipped controller is trained in both for that many steps,
from the seed and the device that its file states; all tensors are compared bit by bit.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import safe_open

ROOT = Path(__file__).resolve().parents[1]
CONTROLLERS = ROOT / 'controllers'
TYPICAL = ('--chip', 'sim:?preset=typical&seed=3')
ROLLOUTS = {
    'drone_hover': ('drone_hover', *TYPICAL),
    'drone_hover, gusts': ('drone_hover', *TYPICAL, '--scenario', 'gusts'),
    'drone_hover, memdiode': (
        *('drone_hover', *TYPICAL),
        *('--controller', str(CONTROLLERS / 'drone_hover_memdiode.safetensors')),
    ),
    'drone_hover, mirrored': (
        *('drone_hover', *TYPICAL),
        *('--controller', str(CONTROLLERS / 'drone_hover_mirrored.safetensors')),
    ),
    'drone_track': ('drone_track', *TYPICAL),
    'vehicle_track': ('vehicle_track', *TYPICAL),
    'arm_reach': ('arm_reach', *TYPICAL),
    'arm_reach, xarm6': (
        *('arm_reach', *TYPICAL, '--robot', 'xarm6'),
        *('--controller', str(CONTROLLERS / 'arm_reach_xarm6.safetensors')),
    ),
    'arm_track': ('arm_track', *TYPICAL),
    'arm_pick_place': ('arm_pick_place', *TYPICAL),
    'cartpole': ('cartpole', *TYPICAL),
    'solar_mppt': ('solar_mppt', *TYPICAL),
}


def run(command: list[str], cwd: Path = ROOT, **environment: str) -> None:
    """Run a command, and stop where it fails."""
    done = subprocess.run(  # noqa: S603 (the commands are those of this file)
        command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f'{" ".join(command)}\n{done.stdout}{done.stderr}')


@contextmanager
def installed(revision: str) -> Iterator[Path]:
    """Install a revision beside this one, on the same libraries; yield its Python."""
    with tempfile.TemporaryDirectory() as folder:
        tree, environment = Path(folder, 'tree'), Path(folder, 'venv')
        run(['git', 'worktree', 'add', '--detach', str(tree), revision])
        try:
            run([sys.executable, '-m', 'venv', '--without-pip', str(environment)])
            python = environment / 'bin' / 'python'
            version = f'python{sys.version_info.major}.{sys.version_info.minor}'
            libraries = environment / 'lib' / version / 'site-packages'
            shared = [path for path in sys.path if path.endswith('site-packages')]
            (libraries / 'shared.pth').write_text('\n'.join(shared) + '\n')
            install = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-build-isolation']
            run([str(python), *install, '--no-cache-dir', '--ignore-installed', str(tree)])
            yield python
        finally:
            run(['git', 'worktree', 'remove', '--force', str(tree)])


def hashes(python: Path | str, words: tuple[str, ...], episodes: int) -> dict[str, str]:
    """Return the hashes of a rollout: of the controller, and of each baseline."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, 'rollout.json')
        program = str(Path(python).with_name('pkan'))
        count = ['--episodes', str(episodes), '--workers', '1']
        run([program, 'rollout', *words, *count, '--json', str(out)], Path(folder))
        return dict(_hashes(json.loads(out.read_text())))


def _hashes(figures: Any, path: str = 'controller') -> Iterator[tuple[str, str]]:
    if not isinstance(figures, dict):
        return
    for name, value in figures.items():
        if name == 'hash':
            yield path, value
        else:
            yield from _hashes(value, name)


def trained(python: Path | str, path: Path, steps: int, folder: Path) -> dict[str, Any]:
    """Train as a shipped controller was, for some steps; return the tensors."""
    with safe_open(path, 'np') as file:
        about = json.loads(file.metadata()['manifest'])
    made = about['provenance']
    words = [about['task'], '--device', made['device'], '--seed', str(made['seed'])]
    words += ['--robot', 'xarm6'] if 'xarm6' in path.name else []
    words += ['--mirrored'] if path.stem.endswith('_mirrored') else []
    program = str(Path(python).with_name('pkan'))
    out = folder / path.name
    run([program, 'train', *words, '--steps', str(steps), '--out', str(out)], folder)
    with safe_open(out, 'np') as file:
        names = sorted(file.keys())
        return {name: file.get_tensor(name).tobytes() for name in names}


def compare_training(python: Path, path: Path, steps: int) -> bool:
    """Return whether both revisions train a controller to the same bits."""
    with tempfile.TemporaryDirectory() as folder:
        before = trained(python, path, steps, Path(folder))
        return before == trained(sys.executable, path, steps, Path(folder))


def main() -> None:
    """Compare, and print a row for each rollout and for each controller."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--reference', required=True, help='revision to compare with')
    parser.add_argument('--episodes', type=int, default=3)
    parser.add_argument(
        '--train', type=int, default=0, help='steps of training of each shipped controller'
    )
    parser.add_argument('--json', type=Path, help='write the figures to this file')
    given = parser.parse_args()
    found: dict[str, Any] = {'rollouts': 0, 'same_rollouts': 0, 'trained': 0, 'same_trained': 0}
    with installed(given.reference) as python:
        for name, words in ROLLOUTS.items():
            before = hashes(python, words, given.episodes)
            now = hashes(sys.executable, words, given.episodes)
            same = before == now
            found['rollouts'] += 1
            found['same_rollouts'] += same
            verdict = 'the same' if same else 'DIFFERENT'
            print(f'{name:24} {len(now)} hashes  {verdict}', flush=True)
        for path in sorted(CONTROLLERS.glob('*.safetensors')) if given.train else ():
            same = compare_training(python, path, given.train)
            found['trained'] += 1
            found['same_trained'] += same
            verdict = 'every bit the same' if same else 'DIFFERENT'
            print(f'{path.stem:24} {given.train} steps of training  {verdict}', flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + '\n')


if __name__ == '__main__':
    main()
