"""`pkan train`: train a controller from a seed."""

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkan_control.cli.commands.options import (
    AirframeName,
    DeviceName,
    JsonFile,
    NewController,
    RobotName,
    Seed,
    SplitName,
    Steps,
    TaskName,
    TipLink,
    UrdfFile,
    parse_counts,
    parse_magnitudes,
    resumable,
    writable,
    write_json,
)

if TYPE_CHECKING:
    from pkan_control.control.controller_file import ControllerFile
    from pkan_control.tasks.task import Task
    from pkan_control.training.train import Options

Method = Annotated[
    str | None,
    typer.Option(metavar='NAME', help='imitation, or td3 for reinforcement learning.'),
]
Hidden = Annotated[
    str | None,
    typer.Option(
        metavar='N,N', help="Nodes of each hidden layer, such as 12,8; the recipe's by default."
    ),
]
Elements = Annotated[
    int | None,
    typer.Option('-k', '--k', metavar='N', help="Elements of each edge; the recipe's by default."),
]
Noise = Annotated[
    str | None,
    typer.Option(
        metavar='NAME=X,...', help="Deviations in training in place of the recipe's: see above."
    ),
]
Mirrored = Annotated[
    bool,
    typer.Option('--mirrored', help='Symmetry averaging: less offset for twice the energy.'),
]
L1 = Annotated[float, typer.Option(metavar='X', help='Weight of the L1 penalty on edges.', min=0)]
Entropy = Annotated[
    float, typer.Option(metavar='X', help='Weight of the entropy penalty on edges.', min=0)
]
Prune = Annotated[
    float,
    typer.Option(
        metavar='X',
        help='Prune edges whose largest response is below this (gain units), half way through '
        'training.',
        min=0,
    ),
]
Patience = Annotated[
    int | None,
    typer.Option(
        metavar='N', help='End a round after N steps without a smaller held-out loss.', min=1
    ),
]
CheckpointFile = Annotated[
    Path | None,
    typer.Option(
        metavar='FILE',
        help='Write a checkpoint to FILE; resume from it if it exists.',
        callback=writable,
    ),
]
LogDir = Annotated[
    Path | None, typer.Option(metavar='FOLDER', help='Write logs for TensorBoard to FOLDER.')
]


def train(
    task: TaskName,
    out: NewController = None,
    device: DeviceName = 'bandpass',
    seed: Seed = 0,
    method: Method = None,
    steps: Steps = None,
    hidden: Hidden = None,
    k: Elements = None,
    noise: Noise = None,
    airframe: AirframeName = None,
    robot: RobotName = None,
    urdf: UrdfFile = None,
    tip: TipLink = None,
    split: SplitName = None,
    mirrored: Mirrored = False,
    l1: L1 = 0.0,
    entropy: Entropy = 0.0,
    prune: Prune = 0.0,
    patience: Patience = None,
    checkpoint: CheckpointFile = None,
    log_dir: LogDir = None,
    json_file: JsonFile = None,
) -> None:
    """Train a controller from a seed, and write the controller file.

    The task's recipe decides what is not given. The same command gives the same controller. A
    network of two hidden layers, trained for larger errors of gains and more dead elements:

    pkan train drone_hover --hidden 12,8 --k 2 --noise edge_gain=0.1,dead=0.01

    The deviations are edge_gain, edge_gain_mean, offset (of an edge), node_noise and dead (the
    probability of a dead element).
    """
    from pkan_control.tasks.options import ArmChoice, configured
    from pkan_control.training.sparsity import Sparsity
    from pkan_control.training.train import Options

    arm = ArmChoice(robot, urdf, tip)
    job = configured(task, airframe, arm=arm, split=split, mirrored=mirrored)
    options = Options(
        steps=steps,
        method=method,
        hidden=parse_counts('--hidden', hidden),
        k=k,
        noise=parse_magnitudes('--noise', noise),
        sparsity=Sparsity(l1, entropy, prune),
        patience=patience,
        checkpoint=checkpoint,
        log_dir=log_dir,
    )
    path = out or Path(f'{task}.safetensors')
    writable(path)
    controller, seconds = _trained(job, device, seed, options)
    _write(path, job, controller, seconds, json_file)


def _trained(
    job: 'Task', device: str, seed: int, options: 'Options'
) -> tuple['ControllerFile', float]:
    """Return a controller, and the seconds that its training took."""
    from pkan_control.reporting.tables import progress
    from pkan_control.training.train import train_controller

    began = time.perf_counter()
    with resumable(options.checkpoint), progress(f'training {job.name}', 1000) as report:
        controller = train_controller(job, device, seed, lambda done: report(1000 * done), options)
    return controller, time.perf_counter() - began


def _write(
    path: Path, job: 'Task', controller: 'ControllerFile', seconds: float, json_file: Path | None
) -> None:
    """Measure a controller, write its file, and print and write the figures."""
    from pkan_control.control.controller_file import save_controller_file
    from pkan_control.evaluation.rollouts.baselines import describe
    from pkan_control.reporting.tables import console, progress, rollout_table
    from pkan_control.training.results import EPISODES, SEED, measure, reproducible

    with progress('measuring', EPISODES) as report:
        figures = measure(job, controller, report)
    checksum = save_controller_file(path, replace(controller, results=reproducible(figures)))
    title = f'{path}: {EPISODES} episodes, seed {SEED}, ideal chip'
    console.print(rollout_table(title, {describe(controller): figures}))
    policy, made = controller.policy, controller.provenance
    size: dict[str, Any] = {'elements': policy.elements, 'parameters': policy.parameters}
    if made.get('sparsity', {}).get('prune'):
        size['connected elements'] = policy.facts()['connected']
    sizes = ', '.join(f'{count} {name}' for name, count in size.items() if count)
    console.print(
        f'{sizes}; trained in {seconds:.0f} s from seed {made["seed"]}, checksum {checksum[:16]}'
    )
    run = {'task': job.name, 'device': made['device'], 'seed': made['seed']}
    write_json(json_file, {**run, 'training_s': seconds, 'checksum': checksum, **size, **figures})
