"""Measurements of a report: rollouts with baselines, edges, fidelity, yields, power."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pkan_control.chips.calibration.calibration import Calibration, load_calibration
from pkan_control.chips.chip import Index
from pkan_control.chips.power import estimate_power
from pkan_control.chips.uri import is_simulated, open_chip
from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.control.controller_file import ControllerFile, load_controller_file
from pkan_control.devices.element import find_device
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.evaluation.rollouts.baselines import fitted, with_baselines
from pkan_control.evaluation.rollouts.parallel import cores, run_all
from pkan_control.evaluation.rollouts.record import EpisodeRecord
from pkan_control.evaluation.rollouts.rollout import IDEAL, Plan, check_uses_chip
from pkan_control.networks.program import Program
from pkan_control.sim.scenarios import load_scenario
from pkan_control.tasks.options import configured
from pkan_control.tasks.task import Task, find_task

# Edges that are drawn, the most important ones; points of a curve, and averages of a reading.
EDGES, POINTS, AVERAGES = 12, 41, 16
# The chip by default; a policy that needs none has an ideal one.
TYPICAL = 'sim:?preset=typical'
Progress = Callable[[str, int], AbstractContextManager[Any]]


@dataclass(frozen=True)
class ReportRequest:
    """The controller, chip and conditions of a report."""

    task: str
    controller: Path | None
    chip: str | None
    chips: int
    scenario: str
    episodes: int
    seed: int
    calibration: Path | None
    yields: Sequence[Path]


@dataclass(frozen=True)
class Edge:
    """The response of an edge as programmed, and on the chip, at `x[n]` in [0, 1].

    `raw` is that on the chip before it was calibrated, None where it was not.
    """

    name: str
    x: Floats
    wanted: Floats
    found: Floats
    raw: Floats | None = None


@dataclass(frozen=True)
class Evidence:
    """Everything that was measured for a report; the controller is the first of the rows."""

    about: Mapping[str, Any]
    task: Task
    rows: Mapping[str, Sequence[EpisodeRecord]]
    edges: Sequence[Edge]
    fidelity: Mapping[str, Mapping[str, float]]
    yields: Sequence[Mapping[str, Any]]
    power_w: Mapping[str, float]


def gather(request: ReportRequest, bar: Progress) -> Evidence:
    """Run all episodes and measurements of a report."""
    yields = [read_yield(path) for path in request.yields]
    file = request.controller or shipped_controller(find_task(request.task).name)
    controller_file = load_controller_file(file)
    task = configured(request.task, law=controller_file.law)
    controller_file = fitted(controller_file, task)
    trims = load_calibration(request.calibration) if request.calibration else None
    default = IDEAL if controller_file.policy.chip_program is None else TYPICAL
    chip = request.chip or default
    check_uses_chip(controller_file.policy, chip, request.chips, trims)
    plan = Plan(task, request.episodes, request.seed, load_scenario(request.scenario))
    workers = cores() if is_simulated(chip) else 1
    rows = {}
    for name, run in with_baselines(task, controller_file, chip, request.chips, trims).items():
        with bar(name, request.episodes) as report:
            records: list[EpisodeRecord] = []
            for record in run_all(run, plan, workers):
                records.append(record)
                report(len(records))
        rows[name] = records
    about = {
        'task': request.task,
        'controller': file.name,
        'chip': chip,
        'chips': request.chips,
        'scenario': request.scenario,
        'episodes': request.episodes,
        'seed': request.seed,
    }
    edges = measure_edges(controller_file, chip, trims)
    return Evidence(about, task, rows, edges, _fidelity(trims), yields, _power(controller_file))


def read_yield(path: Path) -> Mapping[str, Any]:
    """Return the figures of a file of `pkan yield --json`."""
    try:
        figures = json.loads(path.read_text())
    except OSError as error:
        raise UserError(f'yield {path}: {error.strerror}') from None
    except ValueError as error:
        raise UserError(f'yield {path}: no JSON ({error})') from None
    if not isinstance(figures, dict) or not {'yield', 'sensitivity', 'task'} <= set(figures):
        raise UserError(f'yield {path}: no figures of pkan yield')
    return figures


def measure_edges(
    controller_file: ControllerFile, uri: str, trims: Calibration | None
) -> list[Edge]:
    """Measure the edges with the largest responses, on the chip raw and with its trims."""
    program = controller_file.policy.chip_program
    if program is None:
        return []
    places = important_edges(program)
    x = np.linspace(0, 1, POINTS)
    with closing(open_chip(uri)) as chip:
        chip.program(program)
        found = [chip.sweep('edge', place, x, AVERAGES) for place in places]
        raw: list[Floats | None] = [None] * len(places)
        if trims is not None:
            raw = list(found)
            trims.apply(chip, program)
            found = [chip.sweep('edge', place, x, AVERAGES) for place in places]
    wanted = [edge_values(program, place, x) for place in places]
    return [
        Edge(_name(controller_file, place), x, right, measured, before)
        for place, right, measured, before in zip(places, wanted, found, raw, strict=True)
    ]


def important_edges(program: Program) -> list[Index]:
    """Return the edges with the largest range of values."""
    x = np.linspace(0, 1, POINTS)
    places = [
        Index(layer, source, target)
        for layer, codes in enumerate(program.layers)
        for source, target in np.ndindex(codes.shape[:2])
    ]
    swings = [float(np.ptp(edge_values(program, place, x))) for place in places]
    return [places[i] for i in np.argsort(swings)[::-1][:EDGES]]


def edge_values(program: Program, place: Index, x: Floats) -> Floats:
    """Return the programmed values of an edge at inputs `x[n]`."""
    device = find_device(program.device)
    codes = program.layers[place.layer][place.source, place.target]
    values: Floats = device.response(x[:, None], device.decode(codes)).sum(axis=-1)
    return values


def _name(controller_file: ControllerFile, place: Index) -> str:
    layers = len(controller_file.policy.shape) - 1
    first, last = place.layer == 0, place.layer == layers - 1
    source = (
        controller_file.law.observation.names[place.source] if first else f'h{place.source + 1}'
    )
    target = controller_file.law.output.names[place.target] if last else f'h{place.target + 1}'
    return f'{source} → {target}'


def _fidelity(trims: Calibration | None) -> dict[str, dict[str, float]]:
    return {} if trims is None else {'raw': asdict(trims.raw), 'trimmed': asdict(trims.trimmed)}


def _power(controller_file: ControllerFile) -> dict[str, float]:
    program = controller_file.policy.chip_program
    return {} if program is None else dict(estimate_power(program)._asdict())
