"""Runs pieces of work on the cores of this machine, or on a cluster through Ray."""

import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pkan_control.common.errors import UserError
from pkan_control.evaluation.rollouts.parallel import parallel_on

LOOPBACK, KNOCK_S = '127.0.0.1', 5.0
# Pieces for each core between two looks at the results.
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
        # This backend gives results at the end only: rounds are logged one after the other.
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
        _knock(address)
        ray.init(address=address, **QUIET)
    except (OSError, ValueError) as error:
        raise UserError(f'--ray {address}: {" ".join(str(error).split())[:200]}') from None


def _knock(address: str) -> None:
    """See whether anybody is there: Ray itself would wait for many minutes."""
    host, _, port = address.rpartition(':')
    if address != 'auto':
        with socket.create_connection((host, int(port)), KNOCK_S):
            pass


def _parallel(work: Work, workers: int) -> Iterator[Any]:
    from joblib import delayed

    found: Iterator[Any] = parallel_on(workers, 'generator_unordered')(
        delayed(piece)() for piece in work
    )
    return found
