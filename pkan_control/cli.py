"""The command line, `pkan`. A user's mistake is one line on stderr and exit code 2."""

import errno
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer

from pkan_control.errors import UserError
from pkan_control.files import replace_file

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help='Train, fly and measure robot controllers that run on analogue KANs.',
)

# A trained controller is flown this often before it is written, from starts of this seed.
MEASURED, MEASURED_SEED = 50, 1_000_000

Seed = Annotated[
    int,
    typer.Option(help='Seed of the starts and, in training, of everything.', min=0, max=2**31 - 1),
]
JsonFile = Annotated[
    Path | None,
    typer.Option(
        '--json', help='Write the figures to this file.', callback=lambda path: writable(path)
    ),
]
TaskName = Annotated[str, typer.Argument(help='Task, for example drone_hover.')]


@app.command()
def demo(
    episodes: Annotated[int, typer.Option(help='Number of flights.', min=1)] = 10,
    seed: Seed = 0,
    controller: Annotated[
        Path | None, typer.Option(help='Controller file; the shipped one.')
    ] = None,
    chip: Annotated[str, typer.Option(help='Chip URI.')] = 'sim:?seed=1&preset=typical',
    out: Annotated[Path, typer.Option(help='Folder for pictures and records.')] = Path('out'),
    json_file: JsonFile = None,
) -> None:
    """Fly drone_hover over ROS 2: simulation and controller as two processes."""
    from pkan_control.demo import run_demo

    write_json(json_file, run_demo(controller, chip, episodes, seed, out))


@app.command()
def rollout(
    task: TaskName,
    controller: Annotated[
        Path | None, typer.Option(help='Controller file; the shipped one.')
    ] = None,
    chip: Annotated[
        str, typer.Option(help='Chip URI: ideal:, sim:?seed=1&... or tcp://...')
    ] = 'ideal:',
    episodes: Annotated[int, typer.Option(help='Number of episodes.', min=1)] = 100,
    seed: Seed = 0,
    chips: Annotated[int, typer.Option(help='Spread over chips of consecutive seeds.', min=1)] = 1,
    json_file: JsonFile = None,
) -> None:
    """Run episodes in process; expert and MLP fly the same ones beside the controller."""
    from pkan_control.controller.bundle import load_bundle
    from pkan_control.rollouts.beside import contenders, shipped
    from pkan_control.rollouts.record import summary
    from pkan_control.tables import console, progress, rollout_table
    from pkan_control.tasks.task import find_task

    job = find_task(task)
    path = controller or shipped(task)
    figures = {}
    for row, fly in contenders(job, load_bundle(path), chip, chips).items():
        with progress(row, episodes) as report:
            figures[row] = summary(fly(episodes, seed, report))
    where = chip if chips == 1 else f'{chips} chips {chip}'
    console.print(rollout_table(f'{task}: {episodes} episodes, seed {seed}, {where}', figures))
    run = {'task': task, 'controller': str(path), 'chip': chip, 'chips': chips}
    run |= {'episodes': episodes, 'seed': seed}
    own = figures.pop(next(iter(figures)))
    write_json(json_file, {**run, **own, 'beside': figures})


@app.command()
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
    from pkan_control.rollouts.rollout import fly_bundle
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
    with progress('measuring', MEASURED) as report:
        figures = summary(fly_bundle(job, bundle, 'ideal:', 1, MEASURED, MEASURED_SEED, report))
    checksum = save_bundle(path, replace(bundle, results=lasting(figures)))
    title = f'{path}: {MEASURED} episodes, seed {MEASURED_SEED}, ideal chip'
    console.print(rollout_table(title, {describe(bundle): figures}))
    size = {'elements': bundle.program.elements, 'parameters': bundle.program.parameters}
    sizes = ', '.join(f'{count} {name}' for name, count in size.items() if count)
    console.print(f'{sizes}; trained in {took:.0f} s from seed {seed}, checksum {checksum[:16]}')
    run = {'task': task, 'device': device, 'seed': seed, 'training_s': took, 'checksum': checksum}
    write_json(json_file, {**run, **size, **figures})


@app.command()
def inspect(
    controller: Annotated[Path, typer.Argument(help='Controller file.')],
    out: Annotated[Path, typer.Option(help='Picture of the edges.')] = Path('edges.png'),
    json_file: JsonFile = None,
) -> None:
    """Print what a controller file holds, and draw each edge as the curve that it computes."""
    from pkan_control.controller.bundle import facts, load_bundle
    from pkan_control.mlp import Mlp
    from pkan_control.pictures import draw_edges
    from pkan_control.tables import console, fact_table

    bundle = load_bundle(controller)
    values = facts(bundle)
    console.print(fact_table(str(controller), values))
    if not isinstance(bundle.program, Mlp):
        law = bundle.law
        draw_edges(out, bundle.program, law.observation.names, law.output.names)
        console.print(f'Picture: {out}')
    write_json(json_file, values)


@app.command()
def emulate(
    tcp: Annotated[
        str | None, typer.Option(help='Listen on HOST:PORT, for example 127.0.0.1:7700.')
    ] = None,
    pty: Annotated[
        Path | None, typer.Option(help='Make a serial port of this name instead.')
    ] = None,
    preset: Annotated[str, typer.Option(help='Deviations of the chip.')] = 'typical',
    seed: Annotated[int, typer.Option(help='Seed of the chip.', min=0, max=2**63 - 1)] = 0,
) -> None:
    """Be a board with a simulated chip, until interrupted; --chip tcp://... flies on it."""
    from pkan_control.devices.deviations import find_deviations
    from pkan_control.emulator.endpoint import open_endpoint, serve
    from pkan_control.emulator.firmware import Firmware

    firmware = Firmware(seed, find_deviations(preset))
    endpoint = open_endpoint(tcp, pty)
    print(f'{endpoint.name}: board with chip {seed}, {preset}', flush=True)
    try:
        serve(firmware, endpoint, stop_on_signals())
    finally:
        endpoint.close()


def stop_on_signals() -> Callable[[], bool]:
    """Return what tells whether the process was told to end, by Ctrl-C or SIGTERM."""
    stopped = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped.is_set


def lasting(figures: dict[str, Any]) -> dict[str, Any]:
    """Return the figures that are the same on every machine: no times of computation, no hash."""
    return {name: figures[name] for name in ('success_rate', 'final_error_m', 'settling_time_s')}


def writable(path: Path | None) -> Path | None:
    """Return the path of a file to write; refuse it at once, and not after hours of work."""
    if path is None:
        return None
    partial = path.with_name(path.name + '.partial')
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.touch()
        partial.unlink()
    except OSError as error:
        raise UserError(f'cannot write {path}: {error.strerror}') from None
    return path


def write_json(path: Path | None, values: dict[str, Any]) -> None:
    """Write values to a file, completely or not at all; do nothing without a path."""
    if path is None:
        return
    text = json.dumps(values, indent=2, allow_nan=False) + '\n'
    replace_file(path, text.encode())


def main() -> None:
    """Run the command line."""
    try:
        raise SystemExit(app(standalone_mode=False))
    except UserError as error:
        print(f'error: {error}', file=sys.stderr)
        raise SystemExit(2) from None
    except typer.TyperException as error:
        # Without a command the message is empty: the help has been printed.
        if error.format_message():
            print(f'error: {error.format_message().rstrip(".")} (see --help)', file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == '__main__':
    main()
