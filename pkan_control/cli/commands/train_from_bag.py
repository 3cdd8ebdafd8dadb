"""`pkan train --from-bag`: clone the controller whose flights somebody recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pkan_control.cli.commands.options import writable, write_json
from pkan_control.cli.commands.train import MEASURED, MEASURED_SEED
from pkan_control.common.errors import UserError


def train_from_bag(
    task: str,
    folder: Path,
    remap: Sequence[str],
    out: Path | None,
    device: str,
    seed: int,
    steps: int | None,
    airframe: str | None,
    json_file: Path | None,
) -> None:
    """Clone, judge on held-out time, fly, and write the controller file."""
    from pkan_control.control.controller_file import save_controller_file
    from pkan_control.evaluation.bags.demonstrations import read_lessons
    from pkan_control.reporting.tables import console, progress
    from pkan_control.tasks.options import configured
    from pkan_control.training.cloning import cloned, judge

    job = configured(task, airframe)
    names = parse_remaps(remap)
    path = out or Path(f'{task}.safetensors')
    writable(path)
    with progress(f'reading {folder}', 1000) as report:
        lessons, source = read_lessons(
            folder, job.law, names, lambda done, total: report(1000 * done / total)
        )
    kept = lessons.held_out.sum() / job.rate_hz
    console.print(
        f'{source.recordings} recordings, {source.usable_s:.1f} of {source.seconds:.1f} s usable, '
        f'{kept:.1f} s held out\n{source.gaps} gaps, {source.broken_messages} broken messages'
    )
    with progress('cloning', 1000) as report:
        controller_files = cloned(
            job, lessons, device, seed, lambda done, _: report(1000 * done), steps
        )
    held = {
        kind: judge(lessons, controller_file) for kind, controller_file in controller_files.items()
    }
    results = {on: asdict(found) for on, found in held[device].items()}
    checksum = save_controller_file(path, replace(controller_files[device], results=results))
    run = {'task': task, 'device': device, 'seed': seed, 'checksum': checksum}
    write_json(
        json_file, {**run, 'source': asdict(source), **_compare(job, controller_files, held)}
    )
    console.print(f'{path}, checksum {checksum[:16]}')


def _compare(job: Any, controller_files: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
    """Fly the clones; show and return how they did, the one that was wanted first."""
    from pkan_control.evaluation.rollouts.baselines import describe
    from pkan_control.reporting.study_tables import cloning_table
    from pkan_control.reporting.tables import console, progress, rollout_table

    wanted_first = list(reversed(controller_files.items()))
    rows = {
        f'{describe(controller_file)}, {on}': found
        for kind, controller_file in wanted_first
        for on, found in held[kind].items()
    }
    console.print(cloning_table(rows))
    flown = {
        describe(controller_file): _flown(job, controller_file, progress)
        for _, controller_file in wanted_first
    }
    console.print(rollout_table(f'flown: {MEASURED} episodes, ideal chip', flown))
    return {'held_out': {name: asdict(found) for name, found in rows.items()}, 'flown': flown}


def parse_remaps(remap: Sequence[str]) -> Mapping[str, str]:
    """Return their names for our topics and joints, of texts such as `odom:=/my/odom`."""
    pairs = [text.partition(':=') for text in remap]
    for text, (ours, sign, theirs) in zip(remap, pairs, strict=True):
        if not (ours and sign and theirs):
            raise UserError(f'--remap {text!r}: write OURS:=THEIRS, such as odom:=/my_drone/odom')
    return {ours.lstrip('/'): theirs for ours, _, theirs in pairs}


def _flown(job: Any, controller_file: Any, progress: Any) -> dict[str, Any]:
    """Return the figures of flights of a clone on an ideal chip."""
    from pkan_control.evaluation.rollouts.record import summary
    from pkan_control.evaluation.rollouts.rollout import Plan, fly_controller

    plan = Plan(job, MEASURED, MEASURED_SEED)
    with progress('flying', MEASURED) as report:
        return summary(fly_controller(plan, controller_file, 'ideal:', 1, report))
