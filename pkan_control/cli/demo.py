"""Demo: episodes over ROS 2 in processes of their own, then a table and pictures."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, cast

from pkan_control.chips.power import estimate_power
from pkan_control.chips.uri import open_chip
from pkan_control.common.errors import UserError
from pkan_control.control.controller import make_controller
from pkan_control.control.controller_file import ControllerFile, load_controller_file
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.evaluation.rollouts.baselines import describe
from pkan_control.evaluation.rollouts.record import (
    EpisodeRecord,
    read_records,
    rollout_hash,
    summary,
)
from pkan_control.evaluation.rollouts.rollout import (
    IDEAL,
    Plan,
    check_fits,
    check_uses_chip,
    run_controller,
)
from pkan_control.reporting.pictures.edges import draw_edges
from pkan_control.reporting.pictures.trajectories import draw_trajectories
from pkan_control.reporting.tables import console, episode_table, progress
from pkan_control.tasks.options import configured
from pkan_control.tasks.task import PositionTask, find_task

# The chip by default; a policy that needs none has an ideal one.
TYPICAL = 'sim:?seed=1&preset=typical'
# An episode takes less than a second: after so long without one, the launch has failed.
PATIENCE_S = 60.0
POLL_S = 0.1
# Episodes of a film.
FILMED = 2


def run_demo(
    name: str,
    controller: Path | None,
    chip: str | None,
    episodes: int,
    seed: int,
    out: Path,
    film: Path | None = None,
) -> dict[str, Any]:
    """Run a task over ROS 2, print the table and draw the pictures; return the figures."""
    if not isinstance(find_task(name), PositionTask):
        raise UserError(f'task {name}: the demo shows drone_hover or arm_reach')
    path = (controller or shipped_controller(name)).resolve()
    # SIGTERM ends the demo and its nodes as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    controller_file = load_controller_file(path)
    task = cast('PositionTask', configured(name, law=controller_file.law))
    check_fits(controller_file, task)
    chip = chip or (IDEAL if controller_file.policy.chip_program is None else TYPICAL)
    check_uses_chip(controller_file.policy, chip, 1, None)
    with closing(open_chip(chip)) as opened:
        make_controller(controller_file, opened)
    record = (out / 'episodes.jsonl').resolve()
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f'cannot write to {out}: {error.strerror}') from None
    arguments = {
        'controller': path,
        'chip': chip,
        'episodes': episodes,
        'seed': seed,
        'record': record,
        'lockstep': 'true',
        'real_time_factor': '0.0',
        'namespace': 'pkan_demo',
    }
    given = [f'{key}:={value}' for key, value in arguments.items()]
    code = _launch(name, given, record, episodes, out / 'launch.log')
    records = read_records(record)
    if code != 0 or len(records) < episodes:
        print(
            f'error: {len(records)} of {episodes} episodes: see {out}/launch.log', file=sys.stderr
        )
        raise SystemExit(code or 1)
    title = f'{name} over ROS 2 in lockstep: {describe(controller_file)}'
    _show(task, controller_file, records, f'{title} on {chip}', out)
    if film is not None:
        _film(film, task, records[:FILMED], title)
    return _figures(task, controller_file, chip, records, seed)


def launch_command(task: str) -> list[str]:
    """Return the command of a launch file: `ros2 launch`, or the package's own runner."""
    if shutil.which('ros2') and importlib.util.find_spec('launch_xml'):
        return ['ros2', 'launch', 'pkan_control', f'{task}.launch.xml']
    return [sys.executable, '-m', 'pkan_control.ros.launch_runner', f'{task}.launch.xml']


def ros_environment() -> dict[str, str]:
    """Return the environment of the nodes: a ROS domain of their own, on this machine only."""
    environment = dict(os.environ)
    environment.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    environment.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 100))
    return environment


def _launch(name: str, given: list[str], record: Path, episodes: int, log: Path) -> int:
    """Run the launch file until it ends, with a progress bar; return its exit code."""
    with log.open('w') as output, _launched([*launch_command(name), *given], output) as process:
        with progress(f'{name} over ROS 2', episodes) as report:
            done, since = 0, time.monotonic()
            while process.poll() is None:
                time.sleep(POLL_S)
                now = record.read_bytes().count(b'\n') if record.exists() else 0
                if now > done:
                    done, since = now, time.monotonic()
                    report(done)
                if time.monotonic() - since > PATIENCE_S:
                    raise UserError(f'no episode ended within {PATIENCE_S:.0f} s: see {log}')
        return process.returncode


@contextmanager
def _launched(command: list[str], output: IO[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process in a group of its own; interrupt it when the block is left early."""
    process = subprocess.Popen(  # noqa: S603 (the command is our own)
        command,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=ros_environment(),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait()


def _figures(
    task: PositionTask,
    controller_file: ControllerFile,
    chip: str,
    records: list[EpisodeRecord],
    seed: int,
) -> dict[str, Any]:
    """Return the figures, and the hash of the same episodes without ROS, which must be equal.

    Only a simulated chip can be reset for that; the noise of a board continues.
    """
    episodes = len(records)
    run = {'task': task.name, 'chip': chip, 'episodes': episodes, 'seed': seed, **summary(records)}
    if not chip.startswith(('ideal:', 'sim:')):
        return run
    with progress('the same in process', episodes) as report:
        flown = run_controller(Plan(task, episodes, seed), controller_file, chip, 1, report)
    alone = rollout_hash(flown)
    same = 'bit-equal' if run['hash'] == alone else 'NOT bit-equal'
    console.print(f'The same episodes in one process, without ROS: {same} ({alone[:16]})')
    return {**run, 'hash_in_process': alone}


def _film(path: Path, task: PositionTask, records: list[EpisodeRecord], title: str) -> None:
    from pkan_control.reporting.pictures.film import draw_film, frames_of

    with progress(f'filming {path}', frames_of(records)) as report:
        draw_film(path, task, records, title, report)
    console.print(f'Film: {path}')


def _show(
    task: PositionTask,
    controller_file: ControllerFile,
    records: list[EpisodeRecord],
    title: str,
    out: Path,
) -> None:
    console.print(episode_table(title, records))
    draw_trajectories(out / 'flights.png', task, records, title)
    pictures = [out / 'flights.png']
    program = controller_file.policy.chip_program
    if program is not None:
        power = [watts * 1e6 for watts in estimate_power(program)]
        console.print(
            f'Power of the network on a dedicated CMOS chip, estimated: {power[1]:.0f} uW '
            f'(P10 {power[0]:.0f}, P90 {power[2]:.0f}); law and guard, which are digital, apart.'
        )
        law = controller_file.law
        draw_edges(out / 'edges.png', program, law.observation.names, law.output.names)
        pictures.append(out / 'edges.png')
    console.print('Pictures: ' + ', '.join(str(picture) for picture in pictures))
