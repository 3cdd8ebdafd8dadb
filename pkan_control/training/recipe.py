"""What is trained for each task, by default: one command and a seed make a shipped controller."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pkan_control
from pkan_control.common.errors import UserError, unknown
from pkan_control.control.controller_file import ControllerFile
from pkan_control.devices.element import find_device
from pkan_control.networks.mlp import MLP, equal_shape
from pkan_control.tasks.task import FromExamples, Imitable, Task
from pkan_control.training.checkpoint import Checkpoint
from pkan_control.training.imitation import Report, Settings
from pkan_control.training.run import Extras, imitate
from pkan_control.training.sparsity import Sparsity
from pkan_control.training.stacked import Member
from pkan_control.training.supervised import Lesson, fit
from pkan_control.training.tensorboard_log import Diary
from pkan_control.training.trainable import ChipNoise, TrainableMlp, TrainableNetwork

IMITATION, REINFORCEMENT = 'imitation', 'td3'
METHODS = (IMITATION, REINFORCEMENT)


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
# An inverse is a smooth function of few joints: little is to be learnt, and from few flights.
ARM = Recipe((10,), 4, ChipNoise(), Settings(rounds=3, flight_s=2.0, steps=2500))
CARTPOLE = Recipe((3,), 4, settings=Settings(
    rounds=6, expert_flights=64, flights=32, flight_s=5.0, steps=1500, batch=256, pairs=128,
))  # fmt: skip
SOLAR = Recipe((6,), 4, settings=Settings(steps=1500, batch=256))
# Chips multiply by 2 % too little on the mean, in each layer: a car that is steered back by that
# much less is off by so much more.
VEHICLE = Recipe((10,), 5, ChipNoise(edge_gain_mean=-0.02))
RECIPES = {
    'drone_hover': DRONE,
    'drone_track': DRONE,
    'vehicle_track': VEHICLE,
    'arm_reach': ARM,
    'arm_track': ARM,
    'arm_pick_place': ARM,
    'cartpole': CARTPOLE,
    'solar_mppt': SOLAR,
}


def brief(steps: int, learning_rate: float) -> Settings:
    """Return the settings of a comparison: small batches, few flights, one ideal chip."""
    return Settings(
        rounds=5, expert_flights=64, flights=32, flight_s=5.0, steps=steps, chips=1, batch=256,
        pairs=64, learning_rate=learning_rate,
    )  # fmt: skip


@dataclass(frozen=True)
class Options:
    """What a user asks of a training run; nothing changes what a recipe makes unless it is given.

    `checkpoint` is a file that the run writes and goes on from, `log_dir` one for TensorBoard. All
    but steps and method are for imitation, which None as a method is.
    """

    steps: int | None = None
    method: str | None = None
    sparsity: Sparsity = field(default_factory=Sparsity)
    patience: int | None = None
    checkpoint: Path | None = None
    log_dir: Path | None = None


def train(
    task: Task, device: str, seed: int, report: Report, options: Options | None = None
) -> ControllerFile:
    """Train a controller for a task; `device` is that of its elements, or `mlp`.

    The MLP has two hidden layers and just as many parameters as the recipe's network has.
    """
    options = options or Options()
    if options.method not in (None, *METHODS):
        raise unknown('method', options.method, METHODS)
    if device == MLP and not options.sparsity.is_off:
        raise UserError('an MLP has no edges that could be thinned out or pruned')
    recipe = RECIPES.get(task.name, Recipe())
    if options.steps is not None:
        recipe = replace(recipe, settings=replace(recipe.settings, steps=options.steps))
    network = make_trainable(task, recipe, device, seed)
    about = _provenance(recipe, device, seed, options)
    if options.method == REINFORCEMENT or isinstance(task, FromExamples):
        about |= _otherwise(task, network, recipe, seed, report, options)
        return ControllerFile(task.name, task.law, task.rate_hz, network.export(), about)
    if not isinstance(task, Imitable):
        raise UserError(f'{task.name}: its task has no training starts and goals to imitate from')
    with _diary(options.log_dir) as diary:
        checkpoint = _checkpoint(options.checkpoint, task, recipe, about)
        extras = Extras(options.sparsity, options.patience, checkpoint, diary)
        losses = imitate(task, network, recipe.settings, seed, report, extras)
    provenance = {**about, 'losses': [round(loss, 6) for loss in losses]}
    return ControllerFile(task.name, task.law, task.rate_hz, network.export(), provenance)


def _otherwise(
    task: Task, network: Member, recipe: Recipe, seed: int, report: Report, options: Options
) -> dict[str, Any]:
    """Train by reinforcement, or from a task's examples; return how."""
    asked = (options.patience, options.checkpoint, options.log_dir)
    if any(asked) or not options.sparsity.is_off:
        raise UserError(f'{task.name}: sparsity, patience, checkpoint, log-dir are for imitation')
    if options.method != REINFORCEMENT:
        teach(task, [network], recipe.settings, [seed])
        return {'method': 'examples'}
    from pkan_control.training.reinforcement import Lessons, reinforce

    lessons = Lessons() if options.steps is None else Lessons(steps=options.steps)
    taken = reinforce(task, network, lessons, seed, lambda share: report(share, ''))
    return {'method': 'TD3', 'lessons': asdict(lessons), 'steps': taken}


def _checkpoint(
    path: Path | None, task: Task, recipe: Recipe, about: dict[str, Any]
) -> Checkpoint | None:
    if path is None:
        return None
    network = {'hidden': recipe.hidden, 'k': recipe.k}
    return Checkpoint(path, {'task': task.name, 'law': task.law.to_json(), **network, **about})


@contextmanager
def _diary(folder: Path | None) -> Iterator[Diary | None]:
    if folder is None:
        yield None
        return
    diary = Diary(folder)
    try:
        yield diary
    finally:
        diary.close()


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


def make_trainable(task: Task, recipe: Recipe, device: str, seed: int) -> Member:
    """Return an untrained network for a task."""
    inputs, outputs = len(task.law.observation), len(task.law.output)
    shape = (inputs, *recipe.hidden, outputs)
    if device != MLP:
        return TrainableNetwork(device, shape, recipe.k, recipe.noise, seed)
    elements = sum(a * b for a, b in itertools.pairwise(shape)) * recipe.k
    parameters = elements * len(find_device(recipe.device).parameters)
    return TrainableMlp(equal_shape(inputs, outputs, parameters), seed)


def _provenance(recipe: Recipe, device: str, seed: int, options: Options) -> dict[str, Any]:
    """Return what a controller came from; options that are off leave no trace."""
    asked: dict[str, Any] = {}
    if not options.sparsity.is_off:
        asked['sparsity'] = asdict(options.sparsity)
    if options.patience is not None:
        asked['patience'] = options.patience
    return {
        'version': pkan_control.__version__,
        'method': 'imitation (DAgger)',
        'seed': seed,
        'device': device,
        'settings': asdict(recipe.settings),
        'noise': recipe.noise.to_json(),
        **asked,
    }
