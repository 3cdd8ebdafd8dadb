"""A task as the command line asks for it: of a name, for a quadrotor, on a path."""

from pkan_control.airframe import load_airframe
from pkan_control.controller.laws.drone import DroneLaw
from pkan_control.controller.laws.law import Law
from pkan_control.tasks.drone_path import load_path
from pkan_control.tasks.task import Task, find_task, with_airframe, with_path


def configured(
    name: str, airframe: str | None = None, path: str | None = None, law: Law | None = None
) -> Task:
    """Return the task of that name; airframe and path are shipped names or YAML files.

    Where no airframe is named, the robot is the one that a controller's law was made for.
    """
    task = find_task(name)
    if airframe is not None:
        task = with_airframe(task, load_airframe(airframe))
    elif isinstance(law, DroneLaw) and isinstance(task.law, DroneLaw):
        task = with_airframe(task, law.airframe)
    return task if path is None else with_path(task, load_path(path))
