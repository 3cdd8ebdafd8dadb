"""Recipes: the network, the noise and the schedule by which a task is trained by default.

A package registers the recipe of its task under the task's name, by an entry point of the group
`pkan_control.recipes`.
"""

import itertools
from dataclasses import dataclass, field

from pkan_control.common.registry import Registry
from pkan_control.devices.element import find_device
from pkan_control.networks.mlp import MLP, equal_shape
from pkan_control.tasks.task import Task
from pkan_control.training.imitation import Settings
from pkan_control.training.stacked import Member
from pkan_control.training.trainable import ChipNoise, TrainableMlp, TrainableNetwork


@dataclass(frozen=True)
class Recipe:
    """What is trained for a task, and how.

    Args:
        hidden: nodes of each hidden layer
        k: elements of each edge
        noise: deviations of the chips that the network is trained on
        settings: schedule of the training
        device: the device whose network an MLP equals in the number of parameters
        mlp_hidden: nodes of each hidden layer of an MLP; None for two equal layers with as many
            parameters as the network
    """

    hidden: tuple[int, ...] = (16,)
    k: int = 4
    noise: ChipNoise = field(default_factory=ChipNoise)
    settings: Settings = field(default_factory=Settings)
    device: str = 'bandpass'
    mlp_hidden: tuple[int, ...] | None = None


RECIPES: Registry[Recipe] = Registry('pkan_control.recipes', 'recipe', Recipe)

# Dead elements and gain errors are drawn more often than typical chips have them, so that the
# network depends on no single element.
drone = Recipe((20,), 3, ChipNoise(edge_gain=0.07, dead=8e-3), Settings(steps=9000))
# An inverse is a smooth function of few joints: few episodes suffice.
arm = Recipe((10,), 4, ChipNoise(), Settings(rounds=3, flight_s=2.0, steps=2500))
# On average, a chip's gains are 2 % too small in each layer. A car that is steered back by that
# much less stays off its path by that much more.
vehicle = Recipe((10,), 5, ChipNoise(edge_gain_mean=-0.02))
cartpole = Recipe(
    (3,),
    4,
    settings=Settings(
        rounds=6, expert_flights=64, flights=32, flight_s=5.0, steps=1500, batch=256, pairs=128
    ),
)
solar = Recipe((6,), 4, settings=Settings(steps=1500, batch=256))


def find_recipe(task: str) -> Recipe:
    """Return the recipe of a task, or the default one for a task that has none."""
    return RECIPES.find(task) if task in RECIPES.names() else Recipe()


def untrained(task: Task, recipe: Recipe, device: str, seed: int) -> Member:
    """Return a network of a device, or an `mlp`, with parameters drawn from a seed."""
    inputs, outputs = len(task.law.observation), len(task.law.output)
    shape = (inputs, *recipe.hidden, outputs)
    if device != MLP:
        return TrainableNetwork(device, shape, recipe.k, recipe.noise, seed)
    if recipe.mlp_hidden is not None:
        return TrainableMlp((inputs, *recipe.mlp_hidden, outputs), seed)
    elements = sum(a * b for a, b in itertools.pairwise(shape)) * recipe.k
    parameters = elements * len(find_device(recipe.device).parameters)
    return TrainableMlp(equal_shape(inputs, outputs, parameters), seed)
