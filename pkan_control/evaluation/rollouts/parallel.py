"""Work on several cores, or on a cluster through Ray; results do not depend on how many."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from pkan_control.common.errors import UserError
from pkan_control.evaluation.rollouts.baselines import RunEpisodes
from pkan_control.evaluation.rollouts.record import EpisodeRecord
from pkan_control.evaluation.rollouts.rollout import Plan

# Episodes of one piece of work, and the number from which on workers pay off.
PIECE, WORTH = 5, 40
# Time between two checks of a worker whether its parent still runs.
POLL_S = 0.5


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def run_all(run: RunEpisodes, plan: Plan, workers: int) -> Iterator[EpisodeRecord]:
    """Yield the records of all episodes in order, as soon as they are done."""
    parts = _parts(plan)
    if workers == 1 or plan.episodes < WORTH:
        for part in parts:
            yield from run(part, _silent)
        return
    from joblib import delayed

    with parallel_on(workers, 'generator') as parallel:
        for records in parallel(delayed(run)(part, _silent) for part in parts):
            yield from records


def parallel_on(workers: int, return_as: str) -> Any:
    """Return joblib's `Parallel` on so many processes, which end when this one does."""
    from joblib import Parallel

    watched = {'initializer': _end_with, 'initargs': (os.getpid(),)}
    return Parallel(n_jobs=workers, return_as=return_as, **watched)


def _end_with(parent: int) -> None:
    """Watch the parent from a thread, since one that is killed cannot stop its workers.

    Ctrl-C is left to the parent, which ends its workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(POLL_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _parts(plan: Plan) -> list[Plan]:
    return [
        replace(plan, first=first, episodes=min(PIECE, plan.numbers.stop - first))
        for first in plan.numbers[::PIECE]
    ]


def _silent(done: int) -> None:
    """Report nothing."""


LOOPBACK, CONNECT_S = '127.0.0.1', 5.0
# Pieces for each core in a round, after which results are returned.
ROUNDS = 2
QUIET: dict[str, Any] = {'log_to_driver': False, 'logging_level': logging.ERROR}

Work = Sequence[Callable[[], Any]]


def on_cores(workers: int) -> Callable[[Work], Iterator[Any]]:
    """Return what runs work in so many processes."""

    def run(work: Work) -> Iterator[Any]:
        if workers == 1:
            return (piece() for piece in work)
        return _parallel(work, workers)

    return run


def on_ray(address: str) -> Callable[[Work], Iterator[Any]]:
    """Return what runs work on a Ray cluster: an address, `auto`, or `local` for this machine."""
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError:
        raise UserError('--ray: Ray is not installed: pip install ray') from None

    def run(work: Work) -> Iterator[Any]:
        from joblib import Parallel, delayed, parallel_config

        if not ray.is_initialized():
            _connect(address)
        register_ray()  # type: ignore[no-untyped-call]
        # This backend returns results at the end only, so work is done in rounds.
        found: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
        size = ROUNDS * max(1, int(found.get('CPU', 1)))
        with parallel_config(backend='ray'):
            for first in range(0, len(work), size):
                yield from Parallel(-1)(delayed(each)() for each in work[first : first + size])

    return run


def _connect(address: str) -> None:
    import ray

    if address == 'local':
        ray.init(address='local', _node_ip_address=LOOPBACK, **QUIET)
        return
    try:
        _check_reachable(address)
        ray.init(address=address, **QUIET)
    except (OSError, ValueError) as error:
        raise UserError(f'--ray {address}: {" ".join(str(error).split())[:200]}') from None


def _check_reachable(address: str) -> None:
    """Fail at once if nothing listens: Ray itself would wait for many minutes."""
    host, _, port = address.rpartition(':')
    if address != 'auto':
        with socket.create_connection((host, int(port)), CONNECT_S):
            pass


def _parallel(work: Work, workers: int) -> Iterator[Any]:
    from joblib import delayed

    found: Iterator[Any] = parallel_on(workers, 'generator_unordered')(
        delayed(piece)() for piece in work
    )
    return found
