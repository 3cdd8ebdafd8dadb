"""Steps of a Gymnasium environment, in any candidate's own."""

from collections.abc import Callable
from typing import Any


def stepping(env: Any, action: Any, episode: int) -> Callable[[], None]:
    """Return a call that takes one step, and begins anew every `episode` steps, which counts."""
    count = 0

    def step() -> None:
        nonlocal count
        if count % episode == 0:
            env.reset(seed=count)
        env.step(action)
        count += 1

    return step
