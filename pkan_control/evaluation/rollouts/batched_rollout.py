"""Many episodes at once, where a task's world takes many robots as it takes one."""

from collections.abc import Callable

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.seeding import stream
from pkan_control.control.guard import CommandGuard
from pkan_control.sim.world import find_world, open_world
from pkan_control.tasks.task import Score, Task


def runs_batched(task: Task) -> bool:
    """Return whether a task's world takes states `[episodes, n]`."""
    return find_world(task.world).batched


def run_batched(
    task: Task, outputs: Callable[[Floats], Floats], seed: int, episodes: int
) -> list[Score]:
    """Judge a function from normalised observations to outputs, both `[episodes, ...]`.

    The episodes are those of a rollout of the same seed, undisturbed, on an ideal chip.
    """
    law = task.law
    guard = CommandGuard(law.command)
    world = open_world(task.world, law, task.rate_hz)
    numbers = range(episodes)
    starts = np.stack([task.start(seed, number) for number in numbers])
    states = [world.reset(starts, stream(seed, 'disturbances'))]
    goals = [np.stack([task.goal(seed, number, 0) for number in numbers])]
    memory = law.start(states[0])
    for step in range(task.steps):
        memory, values = law.observe(memory, states[-1], goals[-1])
        action = law.output.denormalise(outputs(law.observation.normalise(values)))
        memory, command = law.act(memory, states[-1], action)
        states.append(world.step(np.clip(command, guard.low, guard.high)))
        goals.append(np.stack([task.goal(seed, number, step + 1) for number in numbers]))
    world.close()
    each = zip(np.stack(states, axis=1), np.stack(goals, axis=1), strict=True)
    return [task.score(path, wanted) for path, wanted in each]
