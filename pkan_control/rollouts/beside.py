"""A controller, the MLP of equal parameters and the expert, to fly the same episodes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
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

Flights = Callable[[Report], list[EpisodeRecord]]


def shipped(task: str) -> Path:
    """Return the path of the controller that ships for a task."""
    return share(f'controllers/{task}.safetensors')


def shipped_mlp(task: str) -> Path:
    """Return the path of the MLP of equal parameters that ships for a task."""
    return share(f'controllers/{task}_mlp.safetensors')


def contenders(
    plan: Plan,
    bundle: Bundle,
    chip: str,
    chips: int,
    calibration: Calibration | None = None,
    off: Sequence[str] = (),
) -> dict[str, Flights]:
    """Return what flies, the controller first: functions that report how far they are.

    `off` names parts of the law's outer loop; without each of them the controller flies once more.
    """
    own = partial(fly_bundle, plan, bundle, chip, chips, calibration=calibration)
    rows: dict[str, Flights] = {describe(bundle): own}
    for part in off:
        less = replace(bundle, law=without(bundle.law, part))
        flown = partial(fly_bundle, plan, less, chip, chips, calibration=calibration)
        rows[f'{describe(bundle)}, {part} off'] = flown
    if shipped_mlp(plan.task.name).exists():
        mlp = fitted(load_bundle(shipped_mlp(plan.task.name)), plan.task)
        rows.setdefault(describe(mlp), partial(fly_bundle, plan, mlp, 'ideal:', 1))
    rows['expert'] = partial(fly_expert, plan)
    if isinstance(plan.task, Compared):
        rows['cascaded PID'] = partial(fly_classic, plan)
    return rows


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
