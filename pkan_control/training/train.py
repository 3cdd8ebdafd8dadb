"""Training a controller for a task, by imitation, from examples or by reinforcement."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pkan_control.common.errors import Progress, UserError, check_whole, no_progress, unknown
from pkan_control.common.version import __version__
from pkan_control.control.controller_file import ControllerFile
from pkan_control.evaluation.rollouts.experiment import MAX_SEED
from pkan_control.networks.mlp import MLP
from pkan_control.networks.program import MAX_ELEMENTS, MAX_LAYERS, MAX_WIDTH
from pkan_control.tasks.options import configured
from pkan_control.tasks.task import Imitable, LearnsFromExamples, Task
from pkan_control.training.checkpoint import Checkpoint
from pkan_control.training.imitation import Settings
from pkan_control.training.imitation_run import Extras, imitate
from pkan_control.training.recipe import Recipe, find_recipe, untrained
from pkan_control.training.results import EPISODES, measure, reproducible
from pkan_control.training.sparsity import Sparsity
from pkan_control.training.stacked import Member
from pkan_control.training.supervised import ProblemInstance, fit
from pkan_control.training.tensorboard_log import TensorboardLog
from pkan_control.training.trainable import ChipNoise, Report

IMITATION, REINFORCEMENT, EXAMPLES = 'imitation', 'td3', 'examples'
METHODS = (IMITATION, REINFORCEMENT)
# Fewer steps are no training: the learning rate only warms up. Parts of a training's progress.
LEAST_STEPS, PARTS = 22, 1000
# Options that only networks of analogue elements have, and those that only imitation uses.
OF_ELEMENTS = ('k', 'noise', 'sparsity')
OF_IMITATION = ('noise', 'sparsity', 'patience', 'checkpoint', 'log_dir')


@dataclass(frozen=True)
class Options:
    """Changes to a task's recipe, and extras of a training run; by default there are none.

    Args:
        steps: optimiser steps, or with the method `td3` steps in the world
        method: `imitation` or `td3`; None for imitation, or for examples where the task has them
        hidden: nodes of each hidden layer, also of an MLP
        k: elements of each edge
        noise: deviations in training by name, in place of the recipe's; see `ChipNoise`
        sparsity: penalty on edges, and pruning
        patience: steps without a smaller loss on held-out episodes that end a round
        checkpoint: file that the run writes, and resumes from
        log_dir: folder of logs for TensorBoard
    """

    steps: int | None = None
    method: str | None = None
    hidden: tuple[int, ...] | None = None
    k: int | None = None
    noise: Mapping[str, float] = field(default_factory=dict)
    sparsity: Sparsity = field(default_factory=Sparsity)
    patience: int | None = None
    checkpoint: Path | None = None
    log_dir: Path | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown method, and sizes that no network has."""
        if self.method not in (None, *METHODS):
            raise unknown('method', self.method, METHODS)
        layers = self.hidden or ()
        fits = len(layers) < MAX_LAYERS and all(1 <= nodes <= MAX_WIDTH for nodes in layers)
        if self.hidden is not None and not (layers and fits):
            raise UserError(
                f'hidden layers {layers}: allowed are 1 to {MAX_LAYERS - 1} layers of '
                f'1 to {MAX_WIDTH} nodes'
            )
        if self.k is not None and not 1 <= self.k <= MAX_ELEMENTS:
            raise UserError(f'k={self.k}: must be in 1..{MAX_ELEMENTS}')
        for name in self.noise:
            if name not in asdict(ChipNoise()):
                raise unknown('noise in training', name, asdict(ChipNoise()))

    @property
    def given(self) -> set[str]:
        """Return the names of the options that differ from their defaults."""
        default = Options()
        return {name for name, value in vars(self).items() if value != getattr(default, name)}

    def applied_to(self, recipe: Recipe, device: str) -> Recipe:
        """Return a recipe with what is given for a network of a device, or for an MLP."""
        changes: dict[str, Any] = {'noise': replace(recipe.noise, **self.noise)}
        if self.steps is not None:
            changes['settings'] = replace(recipe.settings, steps=self.steps)
        if self.hidden is not None:
            changes['mlp_hidden' if device == MLP else 'hidden'] = self.hidden
        if self.k is not None:
            changes['k'] = self.k
        return replace(recipe, **changes)


def train(
    task: str,
    device: str = 'bandpass',
    hidden: Sequence[int] | None = None,
    k: int | None = None,
    seed: int = 0,
    *,
    noise: Mapping[str, float] | None = None,
    steps: int | None = None,
    airframe: str | Path | None = None,
    progress: Progress = no_progress,
) -> ControllerFile:
    """Train a controller and measure it on an ideal chip: the controller of `pkan train`.

    The same arguments give the same controller, bit by bit. The task's recipe decides what is not
    given.

    Args:
        task: name of the task, for example `drone_hover`
        device: device of the network's elements, `bandpass` or `memdiode`, or `mlp`
        hidden: nodes of each hidden layer
        k: elements of each edge
        seed: everything random follows from it
        noise: deviations of the chips in training, by name: `{'edge_gain': 0.07}`
        steps: optimiser steps
        airframe: for a drone, another quadrotor: a shipped name or a YAML file
        progress: callback that takes stage, how much is done, and of how much

    Returns:
        The controller, with its results on an ideal chip; `.save(path)` writes the controller
        file, and `load_controller`, `rollout` and `yield_study` take it as it is.

    Raises:
        UserError: an unknown name, a size out of range, an argument that would have no effect

    >>> import pkan_control as pk
    >>> controller = pk.train('cartpole', hidden=(2,), k=2, steps=22)
    >>> controller.policy.title
    'bandpass 4-2-1 K2'
    """
    check_whole('seed', seed, 0, MAX_SEED)
    if steps is not None:
        check_whole('steps', steps, LEAST_STEPS)
    nodes = None if hidden is None else tuple(check_whole('hidden', each, 1) for each in hidden)
    if k is not None:
        check_whole('k', k, 1)
    job = configured(task, None if airframe is None else str(airframe))
    options = Options(steps=steps, hidden=nodes, k=k, noise=noise or {})

    def report(share: float) -> None:
        progress('training', round(PARTS * share), PARTS)

    controller = train_controller(job, device, seed, report, options)
    figures = measure(job, controller, lambda done: progress('measuring', done, EPISODES))
    return replace(controller, results=reproducible(figures))


def train_controller(
    task: Task, device: str, seed: int, report: Report, options: Options | None = None
) -> ControllerFile:
    """Return a controller for a task, trained from a seed.

    Args:
        task: what the controller is trained for
        device: name of the device of its elements, or `mlp`
        seed: everything random follows from it
        report: progress callback, which takes the share that is done
        options: changes to the recipe, and extras of the run

    Raises:
        UserError: an option that this method or network does not use, or an unknown name
    """
    options = options or Options()
    method = _method(task, options)
    _refuse_unused(options, method, device)
    recipe = options.applied_to(find_recipe(task.name), device)
    network = untrained(task, recipe, device, seed)
    about = _provenance(recipe, device, seed, options)
    if method == REINFORCEMENT:
        about |= _reinforce(task, network, options, seed, report)
    elif method == EXAMPLES:
        train_networks(task, [network], recipe.settings, [seed])
        about |= {'method': 'examples'}
    else:
        about |= _imitate(_imitable(task), network, recipe, about, seed, report, options)
    return ControllerFile(task.name, task.law, task.rate_hz, network.export(), about)


def _method(task: Task, options: Options) -> str:
    if not isinstance(task, LearnsFromExamples):
        return options.method or IMITATION
    if options.method == IMITATION:
        raise UserError(f'{task.name}: learns from examples, not by imitation: omit the method')
    return options.method or EXAMPLES


def _refuse_unused(options: Options, method: str, device: str) -> None:
    """Refuse what would be ignored."""
    if device == MLP and (unused := options.given.intersection(OF_ELEMENTS)):
        raise UserError(f'{_listed(unused)}: an MLP has no edges of analogue elements')
    if method != IMITATION and (unused := options.given.intersection(OF_IMITATION)):
        raise UserError(f'{_listed(unused)}: only for training by imitation, not for {method}')


def _listed(names: set[str]) -> str:
    return ', '.join(sorted(names)).replace('_', '-')


def _imitable(task: Task) -> Imitable:
    if not isinstance(task, Imitable):
        raise UserError(f'{task.name}: has neither an expert to imitate nor examples')
    return task


def _imitate(
    task: Imitable,
    network: Member,
    recipe: Recipe,
    about: dict[str, Any],
    seed: int,
    report: Report,
    options: Options,
) -> dict[str, Any]:
    """Train by imitation; return what that adds to the provenance."""
    checkpoint = None
    if options.checkpoint is not None:
        shape = {'hidden': recipe.hidden, 'k': recipe.k}
        run = {'task': task.name, 'law': task.law.to_json(), **shape, **about}
        checkpoint = Checkpoint(options.checkpoint, run)
    with TensorboardLog(options.log_dir) if options.log_dir else nullcontext() as log:
        extras = Extras(options.sparsity, options.patience, checkpoint, log)
        losses = imitate(task, network, recipe.settings, seed, report, extras)
    return {'losses': [round(loss, 6) for loss in losses]}


def _reinforce(
    task: Task, network: Member, options: Options, seed: int, report: Report
) -> dict[str, Any]:
    """Train by reinforcement; return what that adds to the provenance."""
    from pkan_control.training.reinforcement import Td3Settings, reinforce

    settings = Td3Settings() if options.steps is None else Td3Settings(steps=options.steps)
    taken = reinforce(task, network, settings, seed, report)
    return {'method': 'TD3', 'lessons': asdict(settings), 'steps': taken}


def train_networks(
    task: Task, networks: Sequence[Member], settings: Settings, seeds: Sequence[int]
) -> None:
    """Train networks for a task, one for each seed: from its examples, or else by imitation."""
    if isinstance(task, LearnsFromExamples):
        instances = [ProblemInstance(task.problem, seed) for seed in seeds]
        fit(networks, instances, settings, lambda done: None)
        return
    for network, seed in zip(networks, seeds, strict=True):
        imitate(_imitable(task), network, settings, seed, lambda done: None)


def _provenance(recipe: Recipe, device: str, seed: int, options: Options) -> dict[str, Any]:
    """Return what made a controller; of the options, those that are given."""
    given: dict[str, Any] = {}
    if options.hidden is not None:
        given['hidden'] = list(options.hidden)
    if options.k is not None:
        given['k'] = options.k
    if not options.sparsity.is_off:
        given['sparsity'] = asdict(options.sparsity)
    if options.patience is not None:
        given['patience'] = options.patience
    return {
        'version': __version__,
        'method': 'imitation (DAgger)',
        'seed': seed,
        'device': device,
        'settings': asdict(recipe.settings),
        'noise': recipe.noise.to_json(),
        **given,
    }
