"""A controller, the MLP of equal parameters and the expert, to fly the same episodes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pkan_control.chips.calibration.calibration import Calibration
from pkan_control.common.errors import UserError
from pkan_control.common.resources import share
from pkan_control.control.controller_file import Bundle, load_bundle
from pkan_control.control.laws.arm import ArmLaw
from pkan_control.control.laws.drone import DroneLaw
from pkan_control.control.laws.law import Law, Switchable
from pkan_control.evaluation.rollouts.record import EpisodeRecord
from pkan_control.evaluation.rollouts.rollout import (
    Plan,
    Report,
    fly_bundle,
    fly_classic,
    fly_expert,
)
from pkan_control.tasks.options import moved_to, same_shape
from pkan_control.tasks.task import Compared, Task

Flights = Callable[[Plan, Report], list[EpisodeRecord]]


def shipped(task: str, robot: str | None = None) -> Path:
    """Return the path of the controller that ships for a task, for a robot where there is one."""
    own = share(f'controllers/{task}_{robot}.safetensors')
    return own if robot and own.exists() else share(f'controllers/{task}.safetensors')


def shipped_mlp(task: str, robot: str | None = None) -> Path:
    """Return the path of the MLP of equal parameters that ships for a task and a robot."""
    own = share(f'controllers/{task}_{robot}_mlp.safetensors')
    return own if robot and own.exists() else share(f'controllers/{task}_mlp.safetensors')


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
    mlp = _mlp_for(task)
    if mlp is not None:
        rows.setdefault(describe(mlp), _flights(mlp, 'ideal:', 1, None))
    rows['expert'] = fly_expert
    if isinstance(task, Compared):
        rows[task.usual] = fly_classic
    return rows


def _mlp_for(task: Task) -> Bundle | None:
    """Return the MLP that ships for a task and its robot, None where there is none."""
    arm = task.law.arm if isinstance(task.law, ArmLaw) else None
    path = shipped_mlp(task.name, arm.name if arm else None)
    if not path.exists():
        return None
    mlp = load_bundle(path)
    if arm and isinstance(mlp.law, ArmLaw) and not same_shape(arm, mlp.law.arm):
        return None
    return fitted(mlp, task)


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
    """Return a controller with the robot of a task: an airframe, or the same arm driven otherwise.

    A drone's outputs are accelerations, which any airframe can be asked for.
    """
    if isinstance(bundle.law, DroneLaw) and isinstance(task.law, DroneLaw):
        return replace(bundle, law=replace(bundle.law, airframe=task.law.airframe))
    if isinstance(bundle.law, ArmLaw) and isinstance(task.law, ArmLaw):
        return replace(bundle, law=moved_to(bundle.law, task.law.arm))
    return bundle


def describe(bundle: Bundle) -> str:
    """Return what a controller is, in a few characters: device, shape, K."""
    return bundle.policy.title
