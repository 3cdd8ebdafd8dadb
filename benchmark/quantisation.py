"""What quantisation costs in flight: a trained network before and after it, on the same episodes.

The network is trained as the shipped one is; its parameters as they are fly beside the realisable
settings that they become. `--json FILE` writes the figures.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from pkan_control.common.arrays import Floats
from pkan_control.control.controller import Controller, Evaluator
from pkan_control.evaluation.rollouts.record import EpisodeRecord, summary
from pkan_control.evaluation.rollouts.rollout import Plan, run_episode
from pkan_control.networks.program import SQUASH_SCALE, compile_layer, propagate, squash
from pkan_control.reporting.tables import console, progress, rollout_table
from pkan_control.sim.world import open_world
from pkan_control.tasks.task import find_task
from pkan_control.training.imitation_run import imitate
from pkan_control.training.recipe import find_recipe, untrained
from pkan_control.training.trainable import TrainableNetwork

TASK = find_task('drone_hover')


class Flawless:
    """A network on no chip: its elements as they are trained, or as they are realised."""

    def __init__(self, network: TrainableNetwork, quantised: bool) -> None:
        """Compile it in double precision."""
        self._device, self._terms = network.device, TASK.law.observation
        with torch.no_grad():
            physical = [self._device.bounded(layer.double()).numpy() for layer in network.layers]
        if quantised:
            physical = [self._device.decode(self._device.encode(each)) for each in physical]
        self._layers = [compile_layer(self._device, each) for each in physical]

    def begin(self, episode: int) -> None:
        """Do nothing: it is always the same."""

    def __call__(self, observation: Floats, time_s: float) -> Floats:
        """Evaluate the network."""
        x = squash(self._terms.normalise(observation), SQUASH_SCALE)
        outputs: Floats = propagate(x, self._layers, self._device.nodes)
        return outputs


def train(device: str, steps: int | None) -> TrainableNetwork:
    """Train the recipe's network of a device from seed 0."""
    recipe = find_recipe(TASK.name)
    settings = recipe.settings
    if steps is not None:
        settings = type(settings)(**{**vars(settings), 'steps': steps})
    network = untrained(TASK, recipe, device, 0)
    with progress(f'training {device}', 1000) as report:
        imitate(TASK, network, settings, 0, lambda share, _: report(1000 * share))
    return network


def fly(evaluator: Evaluator, plan: Plan, text: str) -> list[EpisodeRecord]:
    """Fly all episodes of a plan."""
    world = open_world(TASK.world, TASK.law, TASK.rate_hz, plan.effects)
    controller, records = Controller(TASK.law, evaluator), []
    try:
        with progress(text, plan.episodes) as report:
            for number in plan.numbers:
                records.append(run_episode(plan, world, controller, number))
                report(len(records))
    finally:
        world.close()
    return records


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--device', default='bandpass')
    parser.add_argument('--episodes', type=int, default=200)
    parser.add_argument('--steps', type=int, help='optimiser steps instead of the recipe')
    parser.add_argument('--json', type=Path)
    given = parser.parse_args()
    network = train(given.device, given.steps)
    plan = Plan(TASK, given.episodes, 0)
    rows: dict[str, dict[str, Any]] = {}
    for name, quantised in (('as trained', False), ('realisable settings', True)):
        row = f'{given.device}, {name}'
        rows[row] = summary(fly(Flawless(network, quantised), plan, row))
    console.print(rollout_table(f'{TASK.name}: {given.episodes} episodes, seed 0', rows))
    before, after = (figures['success_rate'] for figures in rows.values())
    console.print(f'success lost: {100 * (before - after):.1f} points')
    if given.json:
        given.json.write_text(json.dumps({'lost': before - after, 'rows': rows}))


if __name__ == '__main__':
    main()
