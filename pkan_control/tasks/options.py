"""A task as a command configures it: by name, for a robot, on a path."""

from dataclasses import dataclass
from typing import Any

from pkan_control.common.errors import UserError
from pkan_control.control.laws.law import HasAirframe, HasArm, Law
from pkan_control.robots.arm import Arm, load_arm, urdf_arm
from pkan_control.robots.quadrotor import Airframe, load_airframe
from pkan_control.tasks.paths import Path, load_path
from pkan_control.tasks.task import (
    ForAirframes,
    ForArms,
    ForSymmetryAveraging,
    OnPaths,
    Task,
    find_task,
)


@dataclass(frozen=True)
class ArmChoice:
    """An arm by a shipped name or YAML file, or by a URDF and the link of its tool."""

    robot: str | None = None
    urdf: str | None = None
    tip: str | None = None

    def __post_init__(self) -> None:
        """Raise a `UserError` for half a choice, and for two at once."""
        if (self.urdf is None) != (self.tip is None):
            raise UserError('--urdf FILE and --tip LINK: give both, or none')
        if self.robot is not None and self.urdf is not None:
            raise UserError('--robot and --urdf: give one of them')

    @property
    def name(self) -> str | None:
        """Name in files of results; None for the task's own arm."""
        return self.robot or (f'{self.urdf} {self.tip}' if self.urdf else None)

    def load(self) -> Arm | None:
        """Return the arm; None for the task's own."""
        if self.robot is not None:
            return load_arm(self.robot)
        if self.urdf is None or self.tip is None:
            return None
        return urdf_arm('urdf', self.urdf, self.tip)


ANY = ArmChoice()


def arm_named(name: str | None) -> ArmChoice:
    """Return the choice of that name in files of results."""
    urdf, space, tip = (name or '').rpartition(' ')
    return ArmChoice(None, urdf, tip) if space else ArmChoice(name)


def configured(
    name: str,
    airframe: str | None = None,
    path: str | None = None,
    law: Law | None = None,
    arm: ArmChoice = ANY,
    split: str | None = None,
    mirrored: bool = False,
) -> Task:
    """Return the task of that name, for a robot and on a path.

    Raises a `UserError` for an option that the task does not take.

    Args:
        name: name of the task
        airframe: quadrotor, by a shipped name or a YAML file
        path: path, by a shipped name or a YAML file
        law: law of a controller, whose robot the task gets where no other is given
        arm: choice of an arm
        split: part of an arm's task that is left to the network
        mirrored: whether the network is averaged over a symmetry of the robot
    """
    task = find_task(name)
    if airframe is not None:
        task = with_airframe(task, load_airframe(airframe))
    elif isinstance(law, HasAirframe) and isinstance(task, ForAirframes):
        task = task.with_airframe(law.airframe)
    if arm.name is not None or split is not None or isinstance(law, HasArm):
        task = _for_arm(task, law, arm.load(), split)
    task = _with_symmetry_averaging(task) if mirrored else task
    return task if path is None else with_path(task, load_path(path))


def with_airframe(task: Task, airframe: Airframe) -> Task:
    """Return a task for a quadrotor; raise a `UserError` for a task of another robot."""
    if not isinstance(task, ForAirframes):
        raise UserError(f'{task.name}: is not a task of a quadrotor, so it takes no airframe')
    return task.with_airframe(airframe)


def with_path(task: Task, path: Path) -> Task:
    """Return a task on a path; raise a `UserError` for a task that follows none."""
    if not isinstance(task, OnPaths):
        raise UserError(f'{task.name}: follows no path')
    return task.with_path(path)


def _with_symmetry_averaging(task: Task) -> Task:
    if not isinstance(task, ForSymmetryAveraging):
        raise UserError(f'{task.name}: has no choice of symmetry averaging')
    return task.with_symmetry_averaging()


def _for_arm(task: Task, law: Law | None, arm: Arm | None, split: str | None) -> Task:
    if not isinstance(task, ForArms):
        if arm is not None:
            raise UserError(f'{task.name}: is not a task of an arm, so it takes no robot')
        if split is not None:
            raise UserError(f'{task.name}: is not a task of an arm, so it has no split')
        return task
    if isinstance(law, HasArm):
        return task.with_law(law if arm is None else moved_to(law, arm))
    task = task if arm is None else task.with_arm(arm)
    return task if split is None else task.with_split(split)


def moved_to(law: HasArm, arm: Arm) -> Law:
    """Return a controller's law for an arm; refuse one with other kinematics."""
    if not same_kinematics(arm, law.arm):
        raise UserError(
            f'the controller was made for arm {law.arm.name}: the joints or the tool of '
            f'{arm.name} are elsewhere (train one for it)'
        )
    return law.with_arm(arm)


def same_kinematics(one: Arm, other: Arm) -> bool:
    """Return whether a controller for one arm moves the other, too."""
    return bool(_kinematics(one) == _kinematics(other))


def _kinematics(arm: Arm) -> Any:
    joints = [(j.name, j.turns, j.origin, j.axis, j.lower, j.upper) for j in arm.joints]
    return joints, arm.tool
