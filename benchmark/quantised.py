"""What realisable settings cost: networks before, after, and trained with them at the end."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from pkan_control.sim.batched.cartpole import BatchedCartpole
from pkan_control.tasks.cartpole import cartpole
from pkan_control.tasks.problems.problem import find_problems
from pkan_control.training.comparison.subjects import brief_settings
from pkan_control.training.stacked import Member, evaluate, stacked
from pkan_control.training.supervised import ProblemInstance, fit
from pkan_control.training.train import train_networks
from pkan_control.training.trainable import make_ideal

SEEDS = (0, 1, 2)
PROBLEMS = {'kinematics_forward_0.01': (6, 10, 3), 'feynman_I.26.2': (2, 5, 1)}
RATE, EPISODES = 3e-2, 100


def unrounded(member: Member, inputs: np.ndarray) -> np.ndarray:
    """Return what a network computes of inputs `[n, n_in]` without rounding its settings."""
    with torch.no_grad():
        outputs = evaluate(stacked([member]), torch.tensor(inputs[None], dtype=torch.float32))
    return outputs[0].double().numpy()


def regression(name: str, shape: tuple[int, ...], device: str, steps: int) -> dict[str, float]:
    """Return the scores of a problem, medians of three seeds."""
    (problem,) = find_problems(name)
    lessons = [ProblemInstance(problem, seed) for seed in SEEDS]
    scores: dict[str, list[float]] = {'before': [], 'after': [], 'trained with': []}
    for quantised in (0.0, 0.2):
        members = [make_ideal(device, shape, 4, seed) for seed in SEEDS]
        settings = replace(brief_settings(steps, RATE), quantised_share=quantised)
        fit(members, lessons, settings, lambda done: None)
        for member, lesson in zip(members, lessons, strict=True):
            test = lesson.data.test
            rounded = problem.score(member.export().evaluate(test.inputs), test.targets)
            scores['trained with' if quantised else 'after'].append(rounded)
            if not quantised:
                free = problem.score(unrounded(member, test.inputs), test.targets)
                scores['before'].append(free)
    pairs = zip(scores['trained with'], scores['before'], strict=True)
    medians = {key: float(np.median(values)) for key, values in scores.items()}
    return {**medians, 'ratio': float(np.median([after / before for after, before in pairs]))}


def balanced(outputs: object) -> float:
    """Return the share of episodes of `cartpole` that a function of observations survives."""
    world = BatchedCartpole(cartpole.rate_hz)
    starts = np.stack([cartpole.start(0, episode) for episode in range(EPISODES)])
    states = [world.reset(starts, np.random.default_rng(0))]
    terms = cartpole.law.observation, cartpole.law.output
    for _ in range(cartpole.steps):
        command = terms[1].denormalise(outputs(terms[0].normalise(states[-1])))
        states.append(world.step(command))
    each = np.stack(states, axis=1)
    goals = np.zeros((len(each[0]), 1))
    return float(np.mean([cartpole.score(one, goals).success for one in each]))


def control(device: str, steps: int) -> dict[str, float]:
    """Return the success of `cartpole` before and after, medians of three seeds."""
    rates: dict[str, list[float]] = {'before': [], 'trained with': []}
    for quantised in (0.0, 0.2):
        members = [make_ideal(device, (4, 3, 1), 4, seed) for seed in SEEDS]
        settings = replace(brief_settings(steps, RATE), quantised_share=quantised)
        train_networks(cartpole, members, settings, SEEDS)
        for member in members:
            program = member.export()
            if quantised:
                rates['trained with'].append(balanced(lambda x, p=program: p.evaluate(x)))
            else:
                rates['before'].append(balanced(lambda x, m=member: unrounded(m, x)))
    return {key: float(np.median(values)) for key, values in rates.items()}


def main() -> None:
    """Train, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path, required=True)
    parser.add_argument('--steps', type=int, default=800)
    options = parser.parse_args()
    found = {'problems': {}, 'cartpole': {}}
    print(f'{"rms error, median of 3 seeds":42} {"before":>9} {"after":>9} {"trained":>9} ratio')
    for device in ('bandpass', 'memdiode'):
        for name, shape in PROBLEMS.items():
            row = regression(name, shape, device, options.steps)
            found['problems'][f'{device} {name}'] = row
            numbers = (row[key] for key in ('before', 'after', 'trained with'))
            cells = ' '.join(f'{number:9.4g}' for number in numbers)
            print(f'{device + " " + name:42} {cells} {row["ratio"]:5.2f}')
    print(f'\n{"cartpole, success, median of 3 seeds":42} {"before":>9} {"trained":>19}')
    for device in ('bandpass', 'memdiode'):
        row = control(device, options.steps)
        found['cartpole'][device] = row
        print(f'{device:42} {row["before"]:9.0%} {row["trained with"]:19.0%}')
    options.json.write_text(json.dumps(found, indent=2) + '\n')


if __name__ == '__main__':
    main()
