"""`pkan train`: make a controller from its seed."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from pkan_control.commands.options import JsonFile, Seed, TaskName, writable, write_json

# A trained controller is flown this often before it is written, from starts of this seed.
MEASURED, MEASURED_SEED = 50, 1_000_000
# What differs from machine to machine, and stays out of the controller file.
MACHINE_DEPENDENT = ('real_time_factor', 'inference_us', 'hash')


def train(
    task: TaskName,
    out: Annotated[Path | None, typer.Option(help='Controller file; TASK.safetensors.')] = None,
    device: Annotated[str, typer.Option(help='Device of the elements, or mlp.')] = 'bandpass',
    seed: Seed = 0,
    steps: Annotated[
        int | None, typer.Option(help='Optimiser steps instead of the recipe.', min=22)
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Train a controller from its seed and write the controller file."""
    from dataclasses import replace

    from pkan_control.controller.bundle import save_bundle
    from pkan_control.rollouts.beside import describe
    from pkan_control.rollouts.record import summary
    from pkan_control.rollouts.rollout import Plan, fly_bundle
    from pkan_control.tables import console, progress, rollout_table
    from pkan_control.tasks.task import find_task
    from pkan_control.training.recipe import train as train_controller

    job = find_task(task)
    path = out or Path(f'{task}.safetensors')
    writable(path)
    began = time.perf_counter()
    with progress(f'training {task}', 1000) as report:
        bundle = train_controller(job, device, seed, lambda done, _: report(1000 * done), steps)
    took = time.perf_counter() - began
    plan = Plan(job, MEASURED, MEASURED_SEED)
    with progress('measuring', MEASURED) as report:
        figures = summary(fly_bundle(plan, bundle, 'ideal:', 1, report))
    checksum = save_bundle(path, replace(bundle, results=lasting(figures)))
    title = f'{path}: {MEASURED} episodes, seed {MEASURED_SEED}, ideal chip'
    console.print(rollout_table(title, {describe(bundle): figures}))
    size = {'elements': bundle.program.elements, 'parameters': bundle.program.parameters}
    sizes = ', '.join(f'{count} {name}' for name, count in size.items() if count)
    console.print(f'{sizes}; trained in {took:.0f} s from seed {seed}, checksum {checksum[:16]}')
    run = {'task': task, 'device': device, 'seed': seed, 'training_s': took, 'checksum': checksum}
    write_json(json_file, {**run, **size, **figures})


def lasting(figures: dict[str, Any]) -> dict[str, Any]:
    """Return the figures that are the same on every machine: no times of computation, no hash."""
    return {name: value for name, value in figures.items() if name not in MACHINE_DEPENDENT}
