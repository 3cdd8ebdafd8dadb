"""A controller, the MLP of equal parameters and the expert, to fly the same episodes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pkan_control.chips.calibration.calibration import Calibration
from pkan_control.controller.bundle import Bundle, load_bundle
from pkan_control.controller.laws.drone import DroneLaw
from pkan_control.controller.laws.law import Law, Switchable
from pkan_control.errors import UserError
from pkan_control.mlp import Mlp
from pkan_control.rollouts.record import EpisodeRecord
from pkan_control.rollouts.rollout import Plan, Report, fly_bundle, fly_classic, fly_expert
from pkan_control.share import share
from pkan_control.tasks.task import Compared, Task

Flights = Callable[[Plan, Report], list[EpisodeRecord]]


def shipped(task: str) -> Path:
    """Return the path of the controller that ships for a task."""
    return share(f'controllers/{task}.safetensors')


def shipped_mlp(task: str) -> Path:
    """Return the path of the MLP of equal parameters that ships for a task."""
    return share(f'controllers/{task}_mlp.safetensors')


def contenders(
    task: Task,
    bundle: Bundle,
    chip: str,
    chips: int,
    calibration: Calibration | None = None,
    off: Sequence[str] | None = None,
) -> dict[str, Flights]:
    """Return what flies a task, the controller first: functions of a plan that say how far it is.

    `off` names parts of the law's outer loop; without each of them the controller flies once more.
    """
    own = _flights(bundle, chip, chips, calibration)
    rows: dict[str, Flights] = {describe(bundle): own}
    for part in off or ():
        less = replace(bundle, law=without(bundle.law, part))
        rows[f'{describe(bundle)}, {part} off'] = _flights(less, chip, chips, calibration)
    if shipped_mlp(task.name).exists():
        mlp = fitted(load_bundle(shipped_mlp(task.name)), task)
        rows.setdefault(describe(mlp), _flights(mlp, 'ideal:', 1, None))
    rows['expert'] = fly_expert
    if isinstance(task, Compared):
        rows[task.usual] = fly_classic
    return rows


def _flights(bundle: Bundle, chip: str, chips: int, calibration: Calibration | None) -> Flights:
    def fly(plan: Plan, report: Report) -> list[EpisodeRecord]:
        return fly_bundle(plan, bundle, chip, chips, report, calibration)

    return fly


def without(law: Law, part: str) -> Law:
    """Return a law without a part of its outer loop; refuse a law that has none."""
    if not isinstance(law, Switchable):
        raise UserError(f'law {law.name}: has no outer loop that could be switched off')
    return law.switched_off(part)


def fitted(bundle: Bundle, task: Task) -> Bundle:
    """Return a controller with the airframe of a task: its outputs are accelerations."""
    if isinstance(bundle.law, DroneLaw) and isinstance(task.law, DroneLaw):
        return replace(bundle, law=replace(bundle.law, airframe=task.law.airframe))
    return bundle


def describe(bundle: Bundle) -> str:
    """Return what a controller is, in a few characters: device, shape, K."""
    shape = '-'.join(str(size) for size in bundle.program.shape)
    if isinstance(bundle.program, Mlp):
        return f'MLP {shape}'
    return f'{bundle.device} {shape} K{bundle.program.layers[0].shape[2]}'
