"""Flies the episodes of a plan on several cores; results do not depend on how many."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pkan_control.evaluation.rollouts.baselines import RunEpisodes
from pkan_control.evaluation.rollouts.record import EpisodeRecord
from pkan_control.evaluation.rollouts.rollout import Plan

# Episodes of one piece of work, and from how many on workers are worth their start.
PIECE, WORTH = 5, 40
# How often a worker looks whether its parent is still there.
LOOK_S = 0.5


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def run_all(fly: RunEpisodes, plan: Plan, workers: int) -> Iterator[EpisodeRecord]:
    """Yield the records of all episodes in their order, as they are there."""
    parts = _parts(plan)
    if workers == 1 or plan.episodes < WORTH:
        for part in parts:
            yield from fly(part, _silent)
        return
    from joblib import delayed

    with parallel_on(workers, 'generator') as parallel:
        for records in parallel(delayed(fly)(part, _silent) for part in parts):
            yield from records


def parallel_on(workers: int, return_as: str) -> Any:
    """Return joblib's `Parallel` on so many processes, which end when this one does."""
    from joblib import Parallel

    watched = {'initializer': _end_with, 'initargs': (os.getpid(),)}
    return Parallel(n_jobs=workers, return_as=return_as, **watched)


def _end_with(parent: int) -> None:
    """Watch from a thread: a parent that was killed tells its workers nothing.

    Ctrl-C is for the parent alone, which ends its workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _parts(plan: Plan) -> list[Plan]:
    return [
        replace(plan, first=first, episodes=min(PIECE, plan.numbers.stop - first))
        for first in plan.numbers[::PIECE]
    ]


def _silent(done: int) -> None:
    """Say nothing."""
