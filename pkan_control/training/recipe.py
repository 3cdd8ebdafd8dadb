"""What is trained for each task, by default: one command and a seed make a shipped controller."""

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pkan_control
from pkan_control.controller.bundle import MLP, Bundle
from pkan_control.devices.element import find_device
from pkan_control.errors import UserError
from pkan_control.mlp import equal_shape
from pkan_control.tasks.task import FromExamples, Imitable, Task
from pkan_control.training.imitation import Report, Settings, imitate
from pkan_control.training.side_by_side import Member
from pkan_control.training.supervised import Lesson, fit
from pkan_control.training.trainable import ChipNoise, Trainable, TrainableMlp, TrainableNetwork


@dataclass(frozen=True)
class Recipe:
    """Hidden nodes, elements an edge, what the network is exposed to, and how long it trains.

    `device` is the one whose network an MLP is given as many parameters as.
    """

    hidden: tuple[int, ...] = (16,)
    k: int = 4
    noise: ChipNoise = field(default_factory=ChipNoise)
    settings: Settings = field(default_factory=Settings)
    device: str = 'bandpass'


# Dead parts and gains that are off are drawn more often than typical chips have them: an element
# on which much depends is then avoided.
DRONE = Recipe((20,), 3, ChipNoise(edge_gain=0.07, dead=8e-3), Settings(steps=9000))
CARTPOLE = Recipe((3,), 4, settings=Settings(
    rounds=6, expert_flights=64, flights=32, flight_s=5.0, steps=1500, batch=256, pairs=128,
))  # fmt: skip
RECIPES = {
    'drone_hover': DRONE,
    'drone_track': DRONE,
    'vehicle_track': Recipe((16,), 4),
    'cartpole': CARTPOLE,
}


def brief(steps: int, learning_rate: float) -> Settings:
    """Return the settings of a comparison: small batches, few flights, one ideal chip."""
    return Settings(
        rounds=5, expert_flights=64, flights=32, flight_s=5.0, steps=steps, chips=1, batch=256,
        pairs=64, learning_rate=learning_rate,
    )  # fmt: skip


def train(task: Task, device: str, seed: int, report: Report, steps: int | None = None) -> Bundle:
    """Train a controller for a task; `device` is that of its elements, or `mlp`.

    The MLP has two hidden layers and just as many parameters as the recipe's network has.
    """
    if not isinstance(task, Imitable):
        raise UserError(f'{task.name}: its task has no training starts and goals to imitate from')
    recipe = RECIPES.get(task.name, Recipe())
    if steps is not None:
        recipe = replace(recipe, settings=replace(recipe.settings, steps=steps))
    network = make_trainable(task, recipe, device, seed)
    losses = imitate(task, network, recipe.settings, seed, report)
    provenance = _provenance(recipe, device, seed, losses)
    return Bundle(task.name, task.law, task.rate_hz, network.export(), provenance)


def teach(
    task: Task, networks: Sequence[Member], settings: Settings, seeds: Sequence[int]
) -> None:
    """Train networks for a task, one for each seed: from its examples, or else by imitation."""
    if isinstance(task, FromExamples):
        fit(networks, [Lesson(task.lesson, seed) for seed in seeds], settings, lambda share: None)
        return
    if not isinstance(task, Imitable):
        raise UserError(f'{task.name}: its task has nothing to imitate, and no examples')
    for network, seed in zip(networks, seeds, strict=True):
        imitate(task, network, settings, seed, lambda share, text: None)


def make_trainable(task: Task, recipe: Recipe, device: str, seed: int) -> Trainable:
    """Return an untrained network for a task."""
    inputs, outputs = len(task.law.observation), len(task.law.output)
    shape = (inputs, *recipe.hidden, outputs)
    if device != MLP:
        return TrainableNetwork(device, shape, recipe.k, recipe.noise, seed)
    elements = sum(a * b for a, b in itertools.pairwise(shape)) * recipe.k
    parameters = elements * len(find_device(recipe.device).parameters)
    return TrainableMlp(equal_shape(inputs, outputs, parameters), seed)


def _provenance(recipe: Recipe, device: str, seed: int, losses: list[float]) -> dict[str, Any]:
    return {
        'version': pkan_control.__version__,
        'method': 'imitation (DAgger)',
        'seed': seed,
        'device': device,
        'settings': asdict(recipe.settings),
        'noise': asdict(recipe.noise),
        'losses': [round(loss, 6) for loss in losses],
    }
