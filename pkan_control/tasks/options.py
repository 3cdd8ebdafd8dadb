"""A task as the command line asks for it: of a name, for a robot, on a path."""

from dataclasses import dataclass
from typing import Any

from pkan_control.common.errors import UserError
from pkan_control.control.laws.law import HasAirframe, HasArm, Law
from pkan_control.robots.arm import Arm, load_arm, urdf_arm
from pkan_control.robots.quadrotor import load_airframe
from pkan_control.tasks.paths import load_path
from pkan_control.tasks.task import (
    ForAirframes,
    ForArms,
    Task,
    find_task,
    with_airframe,
    with_arm,
    with_mirror,
    with_path,
    with_split,
)


@dataclass(frozen=True)
class ArmChoice:
    """Which arm was asked for: a shipped name or YAML file, or a URDF and the link of its tool."""

    robot: str | None = None
    urdf: str | None = None
    tip: str | None = None

    def __post_init__(self) -> None:
        """Refuse half a choice, and two at once."""
        if (self.urdf is None) != (self.tip is None):
            raise UserError('--urdf FILE and --tip LINK: give both, or none')
        if self.robot is not None and self.urdf is not None:
            raise UserError('--robot and --urdf: give one of them')

    @property
    def name(self) -> str | None:
        """What it is called in files; None where nothing was asked for."""
        return self.robot or (f'{self.urdf} {self.tip}' if self.urdf else None)

    def load(self) -> Arm | None:
        """Return the arm, None where nothing was asked for."""
        if self.robot is not None:
            return load_arm(self.robot)
        if self.urdf is None or self.tip is None:
            return None
        return urdf_arm('urdf', self.urdf, self.tip)


ANY = ArmChoice()


def arm_named(name: str | None) -> ArmChoice:
    """Return the choice that is called so in files."""
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
    """Return the task of that name; airframe, path and robot are shipped names or YAML files.

    Where no robot is named, it is the one that a controller's law was made for.
    """
    task = find_task(name)
    if airframe is not None:
        task = with_airframe(task, load_airframe(airframe))
    elif isinstance(law, HasAirframe) and isinstance(task, ForAirframes):
        task = task.with_airframe(law.airframe)
    if arm.name is not None or split is not None or isinstance(law, HasArm):
        task = _for_arm(task, law, arm.load(), split)
    task = with_mirror(task) if mirrored else task
    return task if path is None else with_path(task, load_path(path))


def _for_arm(task: Task, law: Law | None, arm: Arm | None, split: str | None) -> Task:
    if isinstance(law, HasArm) and isinstance(task, ForArms):
        return task.with_law(law if arm is None else moved_to(law, arm))
    task = task if arm is None else with_arm(task, arm)
    return task if split is None else with_split(task, split)


def moved_to(law: HasArm, arm: Arm) -> Law:
    """Return a controller's law for an arm; refuse one whose joints or tool are elsewhere."""
    if not same_shape(arm, law.arm):
        raise UserError(
            f'the controller was made for arm {law.arm.name}: the joints or the tool of '
            f'{arm.name} are elsewhere (train one for it)'
        )
    return law.with_arm(arm)


def same_shape(one: Arm, other: Arm) -> bool:
    """Return whether a controller of one arm moves the other."""
    return bool(_shape(one) == _shape(other))


def _shape(arm: Arm) -> Any:
    """Return what the kinematics depend on."""
    joints = [(j.name, j.turns, j.origin, j.axis, j.lower, j.upper) for j in arm.joints]
    return joints, arm.tool
