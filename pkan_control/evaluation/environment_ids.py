"""Ids of the Gymnasium environments: one for each task that is installed, also of other packages.

This module loads no task and no physics engine.
"""

from importlib.metadata import entry_points
from typing import Any

# An arm's network of `kinematics` sees no goal: what learns by reward does more of the task.
DEFAULTS: dict[str, dict[str, Any]] = {
    'arm_reach': {'split': 'cylindrical'},
    'arm_track': {'split': 'cylindrical'},
}


def environment_id(task: str) -> str:
    """Return the id of a task's environment.

    >>> environment_id('drone_hover')
    'pkan_control/DroneHover-v0'
    """
    return f'pkan_control/{"".join(word.capitalize() for word in task.split("_"))}-v0'


def register_environments() -> None:
    """Register the environments of all tasks; `import pkan_control` does it with Gymnasium."""
    import gymnasium

    for task in sorted({entry.name for entry in entry_points(group='pkan_control.tasks')}):
        if environment_id(task) not in gymnasium.registry:
            gymnasium.register(
                id=environment_id(task),
                entry_point='pkan_control.evaluation.gym:TaskEnvironment',
                kwargs={'task': task, **DEFAULTS.get(task, {})},
            )
