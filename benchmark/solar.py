"""Trackers of maximum power on light that none has seen: networks, usual trackers, and the oracle.

The constant voltage and perturb-and-observe are tuned on training episodes, the latter twice: from
where an episode starts, and from a first voltage that is tuned as well.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from pkan_control.control.laws.solar import STEP_V, SolarLaw
from pkan_control.sim.batched.solar import BEST_V, BEST_W, POWER, BatchedSolar
from pkan_control.tasks.solar_mppt import CONSTANT_V, FIRST_V, PERTURB_V, solar_mppt
from pkan_control.training.comparison.subjects import brief_settings
from pkan_control.training.train import train_networks
from pkan_control.training.trainable import make_ideal

TRAINING_SEED, UNSEEN_SEED = 1_000_000, 0
CONSTANTS = np.arange(105.0, 130.0, 1.0)
STEPS = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
FIRSTS = np.arange(108.0, 125.0, 4.0)
NETWORKS = {'bandpass': (4, 6, 1), 'memdiode': (4, 6, 1), 'mlp': (4, 15, 15, 1)}
SEEDS = (0, 1, 2)
# A policy makes steps `[n]` in V of states `[n, 17]` at a step of the episode.
Policy = Callable[[np.ndarray, int], np.ndarray]


def starts(seed: int, episodes: int) -> np.ndarray:
    """Return where episodes start, `[n, 17]`."""
    return np.stack([solar_mppt.start(seed, episode) for episode in range(episodes)])


def share(policy: Policy, states: np.ndarray) -> float:
    """Return the mean share of the power that a policy takes."""
    world = BatchedSolar()
    state = world.reset(states, np.random.default_rng(0))
    total = 0.0
    for step in range(solar_mppt.steps):
        state = world.step(np.clip(policy(state, step), -STEP_V, STEP_V)[:, None])
        total += float(np.mean(state[:, POWER] / state[:, BEST_W]))
    return total / solar_mppt.steps


def constant(voltage: float) -> Policy:
    """Return the policy of one voltage."""
    return lambda state, step: voltage - state[:, 0]


def oracle(state: np.ndarray, step: int) -> np.ndarray:
    """Go to the best voltage there is."""
    return state[:, BEST_V] - state[:, 0]


def perturb(size: float, first: float | None) -> Policy:
    """Return perturb-and-observe by steps of a size, from a first voltage or the start on."""
    kept: dict[str, np.ndarray] = {}

    def policy(state: np.ndarray, step: int) -> np.ndarray:
        if step == 0:
            kept['there'] = np.full(len(state), first is None)
            kept['direction'], kept['power'] = np.ones(len(state)), np.zeros(len(state))
        away = (state[:, 0] if first is None else first) - state[:, 0]
        kept['there'] = kept['there'] | (np.abs(away) < 0.03)
        worse = kept['there'] & (state[:, POWER] < kept['power'])
        kept['direction'] = np.where(worse, -kept['direction'], kept['direction'])
        kept['power'] = np.where(kept['there'], state[:, POWER], kept['power'])
        return np.where(kept['there'], size * kept['direction'], away)

    return policy


def tuned(states: np.ndarray) -> dict[str, tuple[str, Policy]]:
    """Return the usual trackers with what is best for them on training episodes."""
    volts = max(CONSTANTS, key=lambda v: share(constant(v), states))
    size = max(STEPS, key=lambda s: share(perturb(s, None), states))
    pairs = [(s, first) for s in STEPS[:4] for first in FIRSTS]
    step, first = max(pairs, key=lambda pair: share(perturb(*pair), states))
    return {
        'constant voltage': (f'{volts:g} V', constant(volts)),
        'perturb and observe': (f'{size:g} V a step', perturb(size, None)),
        'the same, from a first voltage': (f'{step:g} V, {first:g} V', perturb(step, first)),
    }


def trained(
    device: str, shape: tuple[int, ...], steps: int, law: SolarLaw = solar_mppt.law
) -> list[Policy]:
    """Return the policies of networks from three seeds, each within a law that it learnt for."""
    networks = [make_ideal(device, shape, 4, seed) for seed in SEEDS]
    rate = 1e-2 if device == 'mlp' else 3e-2
    train_networks(replace(solar_mppt, law=law), networks, brief_settings(steps, rate), SEEDS)
    return [within_law(network.export(), law) for network in networks]


def within_law(program: object, law: SolarLaw) -> Policy:
    """Return what a law makes of a program."""
    kept = {}

    def policy(state: np.ndarray, step: int) -> np.ndarray:
        memory = law.start(state) if step == 0 else kept['memory']
        memory, seen = law.observe(memory, state, np.zeros((len(state), 0)))
        outputs = program.evaluate(law.observation.normalise(seen))
        kept['memory'], command = law.act(memory, state, law.output.denormalise(outputs))
        return command[:, 0]

    return policy


def main() -> None:
    """Tune, train, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path, required=True)
    parser.add_argument('--episodes', type=int, default=300)
    parser.add_argument('--steps', type=int, default=800)
    options = parser.parse_args()
    unseen = starts(UNSEEN_SEED, options.episodes)
    found = {}
    for name, (setting, policy) in tuned(starts(TRAINING_SEED, 200)).items():
        found[name] = {'setting': setting, 'share': share(policy, unseen)}
    for device, shape in NETWORKS.items():
        shares = [share(policy, unseen) for policy in trained(device, shape, options.steps)]
        name = f'{device} {"-".join(map(str, shape))}'
        found[name] = {'setting': 'median of 3 seeds', 'share': float(np.median(shares)),
                       'shares': shares}  # fmt: skip
    found['oracle'] = {'setting': 'sees the curve', 'share': share(oracle, unseen)}
    print(f'share of the power, {options.episodes} episodes that were not tuned on\n')
    for name, row in found.items():
        print(f'{name:32} {row["setting"]:20} {row["share"]:8.2%}')
    print(f'\nin the task: {CONSTANT_V:g} V; {PERTURB_V:g} V a step from {FIRST_V:g} V on')
    options.json.write_text(json.dumps(found, indent=2) + '\n')


if __name__ == '__main__':
    main()
