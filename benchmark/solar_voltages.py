"""The voltages of the solar tracker's law, searched for on training episodes alone.

One constant after the other takes the value of its grid with which networks, trained anew for each
law, get the most power, until a round changes none. It begins in the middle of each grid.
"""

import argparse
from dataclasses import replace

import numpy as np
from solar import NETWORKS, TRAINING_SEED, share, starts, trained

from pkan_control.control.laws.solar import SolarLaw

GRIDS = {
    'first_v': (112.0, 114.0, 116.0, 118.0, 120.0, 122.0, 124.0),
    'second_v': (108.0, 112.0, 116.0, 120.0, 124.0, 128.0, 132.0),
    'scout_v': (84.0, 86.0, 88.0, 90.0, 92.0, 94.0, 96.0),
    'scout_a': (3.6, 3.8, 4.0, 4.2, 4.4, 4.6, 4.8),
}


def search(episodes: int, steps: int) -> SolarLaw:
    """Return the best law that was found; print every law and its share of the power."""
    states = starts(TRAINING_SEED, episodes)
    found: dict[SolarLaw, float] = {}

    def judge(law: SolarLaw) -> float:
        if law not in found:
            policies = trained('bandpass', NETWORKS['bandpass'], steps, law)
            found[law] = float(np.mean([share(policy, states) for policy in policies]))
            shown = ', '.join(f'{name} {getattr(law, name):g}' for name in GRIDS)
            print(f'{shown:60} {found[law]:8.2%}', flush=True)
        return found[law]

    law = replace(SolarLaw(), **{name: grid[len(grid) // 2] for name, grid in GRIDS.items()})
    while True:
        before = law
        for name, grid in GRIDS.items():
            law = max((replace(law, **{name: value}) for value in grid), key=judge)
        if law == before:
            return law


def main() -> None:
    """Search and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--episodes', type=int, default=400)
    parser.add_argument('--steps', type=int, default=800)
    options = parser.parse_args()
    law = search(options.episodes, options.steps)
    print('\nbest: ' + ', '.join(f'{name} {getattr(law, name):g}' for name in GRIDS))


if __name__ == '__main__':
    main()
