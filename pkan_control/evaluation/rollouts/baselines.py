"""A controller and its baselines: MLP of equal parameters, expert, reference controller."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from pkan_control.chips.calibration.calibration import Calibration
from pkan_control.common.errors import UserError
from pkan_control.control.controller_file import ControllerFile, load_controller_file
from pkan_control.control.laws.law import HasAirframe, HasArm, Law, Switchable
from pkan_control.evaluation.controllers import shipped_mlp
from pkan_control.evaluation.rollouts.record import EpisodeRecord
from pkan_control.evaluation.rollouts.rollout import (
    Plan,
    Report,
    run_controller,
    run_expert,
    run_reference,
)
from pkan_control.tasks.options import moved_to, same_kinematics
from pkan_control.tasks.task import HasReference, Task

RunEpisodes = Callable[[Plan, Report], list[EpisodeRecord]]


def with_baselines(
    task: Task,
    controller_file: ControllerFile,
    chip: str,
    chips: int,
    calibration: Calibration | None = None,
    off: Sequence[str] | None = None,
) -> dict[str, RunEpisodes]:
    """Return functions that run a plan, by title: the controller first, then its baselines.

    `off` names parts of the law's outer loop; the controller runs once more without each of them.
    """
    own = _runner(controller_file, chip, chips, calibration)
    rows: dict[str, RunEpisodes] = {describe(controller_file): own}
    for part in off or ():
        less = replace(controller_file, law=without(controller_file.law, part))
        rows[f'{describe(controller_file)}, {part} off'] = _runner(less, chip, chips, calibration)
    mlp = _mlp_for(task)
    if mlp is not None:
        rows.setdefault(describe(mlp), _runner(mlp, 'ideal:', 1, None))
    rows['expert'] = run_expert
    if isinstance(task, HasReference):
        rows[task.reference_name] = run_reference
    return rows


def _mlp_for(task: Task) -> ControllerFile | None:
    """Return the MLP that ships for a task and its robot, None where there is none."""
    arm = task.law.arm if isinstance(task.law, HasArm) else None
    path = shipped_mlp(task.name, arm.name if arm else None)
    if not path.exists():
        return None
    mlp = load_controller_file(path)
    if arm and isinstance(mlp.law, HasArm) and not same_kinematics(arm, mlp.law.arm):
        return None
    return fitted(mlp, task)


def _runner(
    controller_file: ControllerFile, chip: str, chips: int, calibration: Calibration | None
) -> RunEpisodes:
    def run(plan: Plan, report: Report) -> list[EpisodeRecord]:
        return run_controller(plan, controller_file, chip, chips, report, calibration)

    return run


def without(law: Law, part: str) -> Law:
    """Return a law without a part of its outer loop; refuse a law that has none."""
    if not isinstance(law, Switchable):
        raise UserError(f'law {law.name}: has no outer loop to switch off')
    return law.switched_off(part)


def fitted(controller_file: ControllerFile, task: Task) -> ControllerFile:
    """Return a controller with the robot of a task: an airframe, or the same arm driven otherwise.

    The network of a drone commands accelerations, which do not depend on the airframe.
    """
    law = controller_file.law
    if isinstance(law, HasAirframe) and isinstance(task.law, HasAirframe):
        return replace(controller_file, law=law.with_airframe(task.law.airframe))
    if isinstance(law, HasArm) and isinstance(task.law, HasArm):
        return replace(controller_file, law=moved_to(law, task.law.arm))
    return controller_file


def describe(controller_file: ControllerFile) -> str:
    """Return device, shape and K of a controller in a few characters."""
    return controller_file.policy.title
