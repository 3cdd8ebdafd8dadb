"""Time one inference of the shipped network against NumPy MLPs, interleaved, on one core.

Prints median and spread of both and of their ratio; `--json FILE` writes them.
"""

import argparse
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from pkan_control.chips.uri import open_chip
from pkan_control.controller.bundle import load_bundle
from pkan_control.mlp import Mlp
from pkan_control.network import squash
from pkan_control.rollouts.beside import shipped

ROUNDS, CALLS = 60, 200
HIDDEN = 64


def timed(call: Callable[[], Any]) -> float:
    """Return the mean time of one of `CALLS` calls in microseconds."""
    begin = perf_counter_ns()
    for _ in range(CALLS):
        call()
    return (perf_counter_ns() - begin) / CALLS / 1e3


def random_mlp(shape: tuple[int, ...]) -> Mlp:
    """Return an MLP with random weights."""
    generator = np.random.default_rng(0)
    pairs = list(itertools.pairwise(shape))
    weights = tuple(generator.normal(size=pair) for pair in pairs)
    return Mlp(weights, tuple(generator.normal(size=outputs) for _, outputs in pairs))


def candidates() -> dict[str, Callable[[], Any]]:
    """Return what is timed: chips with the shipped network, and the MLP as reference."""
    program = load_bundle(shipped('drone_hover')).program
    if isinstance(program, Mlp):
        raise SystemExit('the shipped controller is an MLP')
    observation = np.random.default_rng(1).normal(size=program.shape[0])
    x = squash(observation, program.squash_scale)
    ideal, flawed = open_chip('ideal:'), open_chip('sim:?seed=1&preset=typical')
    for chip in (ideal, flawed):
        chip.program(program)
    mlp = random_mlp((program.shape[0], HIDDEN, HIDDEN, program.shape[-1]))
    return {
        'MLP [12, 64, 64, 4], NumPy': lambda: mlp.evaluate(observation),
        'pKAN, ideal chip': lambda: ideal.evaluate(x, 0.0, 0.02),
        'pKAN, simulated chip': lambda: flawed.evaluate(x, 0.0, 0.02),
    }


def measure() -> dict[str, dict[str, float]]:
    """Time all candidates in turn, round after round."""
    calls = candidates()
    times = np.array([[timed(call) for call in calls.values()] for _ in range(ROUNDS)])
    results = {}
    for index, name in enumerate(calls):
        ratio = times[:, index] / times[:, 0]
        low, median, high = np.quantile(times[:, index], (0.1, 0.5, 0.9))
        results[name] = {
            'us_median': median, 'us_p10': low, 'us_p90': high,
            'ratio_median': float(np.median(ratio)),
            'ratio_p10': float(np.quantile(ratio, 0.1)),
            'ratio_p90': float(np.quantile(ratio, 0.9)),
        }  # fmt: skip
    return results


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--json', type=Path)
    options = parser.parse_args()
    results = measure()
    print(f'{"one inference":30} {"median us":>10} {"p10..p90":>15} {"ratio":>7} {"p10..p90":>13}')
    for name, r in results.items():
        spread = f'{r["us_p10"]:.1f}..{r["us_p90"]:.1f}'
        ratios = f'{r["ratio_p10"]:.2f}..{r["ratio_p90"]:.2f}'
        print(
            f'{name:30} {r["us_median"]:10.1f} {spread:>15} {r["ratio_median"]:7.2f} {ratios:>13}'
        )
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()
