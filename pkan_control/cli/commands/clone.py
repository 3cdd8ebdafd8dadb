"""`pkan clone`: train a controller on recorded flights."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkan_control.cli.commands.options import (
    AirframeName,
    DeviceName,
    JsonFile,
    NewController,
    Seed,
    Steps,
    TaskName,
    writable,
    write_json,
)
from pkan_control.common.errors import UserError

if TYPE_CHECKING:
    from pkan_control.control.controller_file import ControllerFile
    from pkan_control.tasks.task import Task
    from pkan_control.training.cloning import Fidelity

Recordings = Annotated[
    Path, typer.Argument(metavar='FOLDER', help='A rosbag2, or a folder of several.')
]
Remaps = Annotated[
    list[str] | None,
    typer.Option(
        metavar='OURS:=THEIRS', help='Name of a topic or joint in the recordings; may be repeated.'
    ),
]


def clone(
    task: TaskName,
    recordings: Recordings,
    remap: Remaps = None,
    out: NewController = None,
    device: DeviceName = 'bandpass',
    seed: Seed = 0,
    steps: Steps = None,
    airframe: AirframeName = None,
    json_file: JsonFile = None,
) -> None:
    """Train a controller on recorded flights, and write the controller file.

    A fifth of the recorded time is held out to test the clone on.

    pkan clone drone_hover bags --remap odom:=/my/odom --remap rotor_1:=m1
    """
    from pkan_control.control.controller_file import save_controller_file
    from pkan_control.evaluation.bags.demonstrations import read_demonstrations
    from pkan_control.reporting.tables import console, progress
    from pkan_control.tasks.options import configured
    from pkan_control.training.cloning import clone as clone_flights
    from pkan_control.training.cloning import fidelity_of

    job = configured(task, airframe)
    names = parse_remaps(remap or [])
    path = out or Path(f'{task}.safetensors')
    writable(path)
    with progress(f'reading {recordings}', 1000) as report:
        recorded, source = read_demonstrations(
            recordings, job.law, names, lambda done, total: report(1000 * done / total)
        )
    kept = recorded.held_out.sum() / job.rate_hz
    console.print(
        f'{source.recordings} recordings, {source.usable_s:.1f} of {source.seconds:.1f} s usable, '
        f'{kept:.1f} s held out\n{source.gaps} gaps, {source.broken_messages} broken messages'
    )
    with progress('cloning', 1000) as report:
        clones = clone_flights(
            job, recorded, device, seed, lambda done: report(1000 * done), steps
        )
    fidelity = {kind: fidelity_of(recorded, controller) for kind, controller in clones.items()}
    results = {on: asdict(found) for on, found in fidelity[device].items()}
    checksum = save_controller_file(path, replace(clones[device], results=results))
    run = {'task': task, 'device': device, 'seed': seed, 'checksum': checksum}
    figures = _compare(job, clones, fidelity)
    write_json(json_file, {**run, 'source': asdict(source), **figures})
    console.print(f'{path}, checksum {checksum[:16]}')


def _compare(
    job: 'Task', clones: dict[str, 'ControllerFile'], fidelity: dict[str, dict[str, 'Fidelity']]
) -> dict[str, Any]:
    """Run the clones; print and return their figures, those of the requested device first."""
    from pkan_control.evaluation.rollouts.baselines import describe
    from pkan_control.reporting.study_tables import cloning_table
    from pkan_control.reporting.tables import console, progress, rollout_table
    from pkan_control.training.results import EPISODES, measure

    requested_first = list(reversed(clones.items()))
    rows = {
        f'{describe(controller)}, {on}': found
        for kind, controller in requested_first
        for on, found in fidelity[kind].items()
    }
    console.print(cloning_table(rows))
    figures = {}
    for _, controller in requested_first:
        with progress('measuring', EPISODES) as report:
            figures[describe(controller)] = measure(job, controller, report)
    console.print(rollout_table(f'{EPISODES} episodes, ideal chip', figures))
    return {'held_out': {name: asdict(found) for name, found in rows.items()}, 'flown': figures}


def parse_remaps(remap: Sequence[str]) -> Mapping[str, str]:
    """Return the names in recordings by ours, from texts such as `odom:=/my/odom`."""
    pairs = [text.partition(':=') for text in remap]
    for text, (ours, sign, theirs) in zip(remap, pairs, strict=True):
        if not (ours and sign and theirs):
            raise UserError(f'--remap {text!r}: write OURS:=THEIRS, such as odom:=/my_drone/odom')
    return {ours.lstrip('/'): theirs for ours, _, theirs in pairs}
