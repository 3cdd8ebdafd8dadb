"""Steps of a Gymnasium environment, in any candidate's own."""

from collections.abc import Callable, Sequence
from typing import Any


def stepping(env: Any, actions: Sequence[Any]) -> Callable[[], None]:
    """Return a call that takes one step; after the last action it begins anew, which counts.

    Every episode has the same seed, so that actions which were chosen for one fit all.
    """
    count = 0

    def step() -> None:
        nonlocal count
        place = count % len(actions)
        if place == 0:
            env.reset(seed=0)
        env.step(actions[place])
        count += 1

    return step
