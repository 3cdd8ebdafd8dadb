"""Candidates in a process of their own: makes them, and runs each as often as it is asked to.

Lines of JSON come on standard input and go to the descriptor that was standard output; whatever a
library prints goes to standard error. This file runs in the environment of a peer as well, so that
it imports nothing but the standard library.

    {"make": "training:ours", "with": {"quantised": false}}   ->  {"facts": {...}, "units": 1}
    {"of": 0, "calls": 20}                                    ->  {"value": 0.0123}
"""

import gc
import importlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any


class NotHereError(Exception):
    """The candidate cannot run on this machine; the message says why."""


@dataclass(frozen=True)
class Work:
    """What a candidate does in one call, how many units that is, and what shows that it is right.

    Where `measured` is set a call returns its own figure, and no time is taken.
    """

    call: Callable[[], Any]
    units: int = 1
    facts: dict[str, Any] = field(default_factory=dict)
    measured: bool = False


def cpu_s() -> float:
    """Return the processor time in s of this process and of those that it started and awaited.

    For work on one core that waits for nothing it is the time that passes on an idle machine, and
    others' work on the same machine does not change it.
    """
    usages = (getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def run(work: Work, calls: int) -> float:
    """Return the mean of that many calls: seconds a unit, or what the calls return."""
    if work.measured:
        return float(sum(work.call() for _ in range(calls)) / calls)
    gc.collect()
    gc.disable()
    begin = cpu_s()
    for _ in range(calls):
        work.call()
    took = cpu_s() - begin
    gc.enable()
    return took / calls / work.units


def make(name: str, options: dict[str, Any]) -> Work:
    """Return the candidate `module:function` of the folder `candidates`."""
    module, function = name.split(':')
    work: Work = getattr(importlib.import_module(f'candidates.{module}'), function)(**options)
    return work


def main() -> None:
    """Answer line by line until the input ends."""
    with os.fdopen(os.dup(1), 'w') as answers:
        os.dup2(2, 1)
        works: list[Work] = []
        for line in sys.stdin:
            request = json.loads(line)
            try:
                if 'make' in request:
                    works.append(make(request['make'], request['with']))
                    answer = {'facts': works[-1].facts, 'units': works[-1].units}
                else:
                    answer = {'value': run(works[request['of']], request['calls'])}
            except NotHereError as error:
                answer = {'skip': str(error)}
            except Exception as error:
                answer = {'error': f'{type(error).__name__}: {" ".join(str(error).split())}'}
            print(json.dumps(answer), file=answers, flush=True)


if __name__ == '__main__':
    # Candidates import this file as a module: `NotHereError` must be the same class for both.
    sys.modules['worker'] = sys.modules['__main__']
    main()
