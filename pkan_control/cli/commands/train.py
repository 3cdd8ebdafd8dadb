"""`pkan train`: make a controller from its seed, or train the trims of a chip in the loop."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkan_control.cli.commands.options import (
    AirframeName,
    JsonFile,
    RobotName,
    Seed,
    SplitName,
    TaskName,
    TipLink,
    UrdfFile,
    goes_on_from,
    writable,
    write_json,
)
from pkan_control.common.errors import UserError

if TYPE_CHECKING:
    from pkan_control.tasks.task import Task

# A trained controller is flown this often before it is written, from starts of this seed.
MEASURED, MEASURED_SEED = 50, 1_000_000
# Rounds of training in the loop: each measures all inputs and takes a step.
ROUNDS = 4
# What differs from machine to machine, and stays out of the controller file.
MACHINE_DEPENDENT = ('real_time_factor', 'inference_us', 'hash')

Mirrored = Annotated[
    bool,
    typer.Option(help='Ask the network for the mirror image, too: less offset, twice the energy.'),
]
Method = Annotated[str | None, typer.Option(help='imitation, or td3: reinforcement learning.')]
Steps = Annotated[int | None, typer.Option(help='Optimiser steps instead of the recipe.', min=22)]
L1 = Annotated[float, typer.Option(help='Weight of the sizes of edges in the loss.', min=0)]
Entropy = Annotated[float, typer.Option(help='Weight of the entropy of their shares.', min=0)]
Prune = Annotated[
    float, typer.Option(help='Drop edges below this size, half way, in gain units.', min=0)
]
Patience = Annotated[
    int | None,
    typer.Option(help='Steps without gain on held-out flights that end a round.', min=1),
]
CheckpointFile = Annotated[
    Path | None, typer.Option(help='Write this file; go on where it ends.', callback=writable)
]
LogDir = Annotated[Path | None, typer.Option(help='Folder of logs for TensorBoard.')]
ChipUri = Annotated[
    str | None, typer.Option(help='Train the trims of this chip in the loop instead.')
]
TrimmedFile = Annotated[
    Path | None, typer.Option(help='With --chip: its calibration file; improved in place.')
]
TunedController = Annotated[
    Path | None, typer.Option(help='With --chip: controller file; the shipped one.')
]
Bags = Annotated[
    Path | None, typer.Option(help='Clone what a rosbag2, or a folder of them, holds instead.')
]
Remaps = Annotated[
    list[str] | None, typer.Option(help='With --from-bag: odom:=/my/odom, rotor_1:=my_joint.')
]


def train(
    task: TaskName,
    out: Annotated[Path | None, typer.Option(help='Controller file; TASK.safetensors.')] = None,
    device: Annotated[str, typer.Option(help='Device of the elements, or mlp.')] = 'bandpass',
    seed: Seed = 0,
    method: Method = None,
    steps: Steps = None,
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
    chip: ChipUri = None,
    calibration: TrimmedFile = None,
    controller: TunedController = None,
    from_bag: Bags = None,
    remap: Remaps = None,
    json_file: JsonFile = None,
) -> None:
    """Train a controller from its seed and write the controller file.

    With --from-bag, learn from recorded flights; it is judged by time that was held out. With
    --chip, train the trims of a calibrated chip in the loop; it is never left worse than it was.
    """
    asked = {'l1': l1, 'entropy': entropy, 'prune': prune}
    options: dict[str, Any] = {'method': method, 'patience': patience, 'log_dir': log_dir}
    options |= {'checkpoint': checkpoint}
    in_the_loop = any(each is not None for each in (chip, calibration, controller))
    check(remap, from_bag, in_the_loop, {**asked, **options, 'mirrored': mirrored})
    if from_bag is not None:
        from pkan_control.cli.commands.train_from_bag import train_from_bag

        train_from_bag(task, from_bag, remap or [], out, device, seed, steps, airframe, json_file)
    elif in_the_loop:
        train_in_the_loop(task, chip, calibration, controller, out, json_file)
    else:
        job = job_for(task, airframe, split, mirrored, robot=robot, urdf=urdf, tip=tip)
        train_from_seed(job, out, device, seed, json_file, asked, steps=steps, **options)


def job_for(
    task: str, airframe: str | None, split: str | None, mirrored: bool, **arm: str | None
) -> 'Task':
    """Return the task for the robot that was asked for."""
    from pkan_control.tasks.options import ArmChoice, configured

    return configured(task, airframe, arm=ArmChoice(**arm), split=split, mirrored=mirrored)


def check(
    remap: list[str] | None, from_bag: Path | None, in_the_loop: bool, options: dict[str, Any]
) -> None:
    """Refuse options that go with another way of training."""
    _check_source(from_bag, remap, in_the_loop)
    if (from_bag is not None or in_the_loop) and any(options.values()):
        given = ', '.join(f'--{name.replace("_", "-")}' for name in options)
        raise UserError(f'{given}: go with training from a seed')


def _check_source(from_bag: Path | None, remap: list[str] | None, in_the_loop: bool) -> None:
    """Raise a `UserError` for words that do not go together."""
    if remap and from_bag is None:
        raise UserError('--remap: goes with --from-bag')
    if from_bag is not None and in_the_loop:
        raise UserError('--from-bag makes a controller, --chip trains the trims of one: give one')


def train_from_seed(
    job: 'Task',
    out: Path | None,
    device: str,
    seed: int,
    json_file: Path | None,
    sparsity: dict[str, float],
    **options: Any,
) -> None:
    """Train a controller, measure it on an ideal chip and write the controller file."""
    from dataclasses import replace

    from pkan_control.control.controller_file import save_controller_file
    from pkan_control.evaluation.rollouts.baselines import describe
    from pkan_control.evaluation.rollouts.record import summary
    from pkan_control.evaluation.rollouts.rollout import Plan, fly_controller
    from pkan_control.reporting.tables import console, progress, rollout_table
    from pkan_control.training.recipe import Options
    from pkan_control.training.recipe import train as train_controller
    from pkan_control.training.sparsity import Sparsity

    task = job.name
    path = out or Path(f'{task}.safetensors')
    writable(path)
    asked = Options(sparsity=Sparsity(**sparsity), **options)
    began = time.perf_counter()
    with goes_on_from(asked.checkpoint), progress(f'training {task}', 1000) as report:
        controller_file = train_controller(
            job, device, seed, lambda done, _: report(1000 * done), asked
        )
    took = time.perf_counter() - began
    plan = Plan(job, MEASURED, MEASURED_SEED)
    with progress('measuring', MEASURED) as report:
        figures = summary(fly_controller(plan, controller_file, 'ideal:', 1, report))
    checksum = save_controller_file(path, replace(controller_file, results=lasting(figures)))
    title = f'{path}: {MEASURED} episodes, seed {MEASURED_SEED}, ideal chip'
    console.print(rollout_table(title, {describe(controller_file): figures}))
    size = {
        'elements': controller_file.policy.elements,
        'parameters': controller_file.policy.parameters,
    }
    if sparsity['prune']:
        size['connected elements'] = controller_file.policy.facts()['connected']
    sizes = ', '.join(f'{count} {name}' for name, count in size.items() if count)
    console.print(f'{sizes}; trained in {took:.0f} s from seed {seed}, checksum {checksum[:16]}')
    run = {'task': task, 'device': device, 'seed': seed, 'training_s': took, 'checksum': checksum}
    write_json(json_file, {**run, **size, **figures})


def train_in_the_loop(
    task: str,
    chip: str | None,
    calibration: Path | None,
    controller: Path | None,
    out: Path | None,
    json_file: Path | None,
) -> None:
    """Train the trims of a calibrated chip, and write its calibration file."""
    from contextlib import closing

    from pkan_control.chips.calibration.calibrate import Bench
    from pkan_control.chips.calibration.calibration_file import load_calibration, save_calibration
    from pkan_control.chips.uri import open_chip
    from pkan_control.control.controller_file import load_controller_file
    from pkan_control.evaluation.rollouts.baselines import shipped
    from pkan_control.evaluation.rollouts.calibrating import calibration_inputs
    from pkan_control.evaluation.rollouts.rollout import check_fits
    from pkan_control.networks.policy import chip_program
    from pkan_control.reporting.tables import console, progress
    from pkan_control.tasks.options import configured
    from pkan_control.training.in_the_loop import tune

    if chip is None or calibration is None:
        raise UserError('training in the loop needs both, --chip and its --calibration')
    path = writable(out or calibration)
    controller_file, known = (
        load_controller_file(controller or shipped(task)),
        load_calibration(calibration),
    )
    check_fits(controller_file, configured(task, law=controller_file.law))
    program = chip_program(controller_file.policy, 'train in the loop')
    inputs = calibration_inputs(configured(task, law=controller_file.law), controller_file)
    with closing(open_chip(chip)) as opened:
        opened.program(program)
        known.apply(opened, program)
        bench = Bench(opened, program, inputs, lambda what, done, total: None)
        with progress('training in the loop', ROUNDS + 1) as report:
            tuned = tune(bench, known, ROUNDS, report)
    if path is not None:
        save_calibration(path, tuned.calibration)
    verdict = 'better' if tuned.after < tuned.before else 'no better, trims kept'
    change = f'{tuned.before:.2%} before, {tuned.after:.2%} after'
    console.print(f'{path}: RMSE of the outputs {change}; {verdict}')
    run = {'task': task, 'chip': chip, 'calibration': str(path)}
    write_json(json_file, {**run, 'before': tuned.before, 'after': tuned.after})


def lasting(figures: dict[str, Any]) -> dict[str, Any]:
    """Return the figures that are the same on every machine: no times of computation, no hash.

    They have six digits: whether there is a compiler shows in the 13th.
    """
    kept = {name: value for name, value in figures.items() if name not in MACHINE_DEPENDENT}
    return {name: six_digits(value) for name, value in kept.items()}


def six_digits(value: Any) -> Any:
    """Return a number, or a dictionary of numbers and dictionaries, with six digits."""
    if isinstance(value, dict):
        return {name: six_digits(inner) for name, inner in value.items()}
    return float(f'{value:.6g}') if isinstance(value, float) else value
