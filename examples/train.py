"""Train a controller with a small network, save it, and run it on chips of a typical process."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pkan_control as pk


def show(stage: str, done: int, total: int) -> None:
    """Print how far the work is, ten times a stage."""
    if done % max(1, total // 10) == 0:
        print(f'{stage}: {done} of {total}')


if __name__ == '__main__':
    controller = pk.train('cartpole', hidden=(3,), k=2, seed=0, progress=show)
    print(f'{controller.policy.title}: {controller.results["success_rate"]:.0%} on an ideal chip')
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'cartpole.safetensors'
        controller.save(path)
        result = pk.rollout(
            'cartpole', episodes=20, controller=path, chip='sim:?preset=typical', chips=5
        )
    print(f'{result.success_rate:.0%} of 20 episodes on 5 typical chips')
    print(f'survived, median: {result.figures["survived_s"]["median"]} s')
