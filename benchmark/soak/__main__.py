"""Fly on an emulated board for a day of virtual time, with a fault every ten seconds.

Every fault must show in the counters as it should, and no counter may move without one; where it
is serious, host and board must go safe, and stay so until an operator arms. `--hours H` flies for
less, `--json FILE` writes the figures.
"""

import argparse
import gc
import json
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil
from faults import TROUBLES, draw_length
from flight import PERIOD_S, Flight, Outcome

from pkan_control.common.seeding import stream

FAULT_EVERY_S, FIRST_S = 10.0, 2.0
# Times of an outcome that are told: how long each took at most.
TIMES = ('host_s', 'board_s', 'recovered_s')
# So many things that went wrong are told.
SHOWN = 10


@dataclass
class Tally:
    """How one kind of fault went: how often, how often wrong, and the longest times in s."""

    count: int = 0
    unaccounted: int = 0
    host_s: float | None = None
    board_s: float | None = None
    recovered_s: float | None = None
    first_wrong: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count one."""
        wrong = [f'{outcome.name}: {why}' for why in outcome.wrong]
        times = (outcome.host_s, outcome.board_s, outcome.recovered_s)
        self.join(Tally(1, int(bool(wrong)), *times, wrong))

    def join(self, other: 'Tally') -> None:
        """Count all of another."""
        self.count += other.count
        self.unaccounted += other.unaccounted
        for name in TIMES:
            mine, theirs = getattr(self, name), getattr(other, name)
            there = [time_s for time_s in (mine, theirs) if time_s is not None]
            setattr(self, name, max(there, default=None))
        self.first_wrong = (self.first_wrong + other.first_wrong)[:SHOWN]


def growth() -> dict[str, int]:
    """Return what must not grow."""
    gc.collect()
    process = psutil.Process()
    return {
        'threads': threading.active_count(),
        'descriptors': process.num_fds(),
        'objects': len(gc.get_objects()),
        'memory_kib': process.memory_info().rss // 1024,
    }


def shift(hours: float, seed: int) -> dict[str, Any]:
    """Fly one shift; return how each kind of fault went, and what grew."""
    flight, draw = Flight(seed), stream(seed, 'soak')
    faults = round(hours * 3600 / FAULT_EVERY_S)
    kinds = {trouble.name: Tally() for trouble in TROUBLES}
    settled, began = growth(), time.monotonic()
    for number in range(faults):
        if number % len(TROUBLES) == 0:
            order = draw.permutation(len(TROUBLES))
        trouble = TROUBLES[order[number % len(TROUBLES)]]
        begin_s = FIRST_S + number * FAULT_EVERY_S + draw.uniform(0, PERIOD_S)
        outcome = flight.suffer(trouble, begin_s, draw_length(trouble, draw))
        kinds[trouble.name].add(outcome)
        if number == faults // 10:
            settled = growth()
        show(number + 1, faults, time.monotonic() - began)
    now, commands = growth(), flight.supervisor.counters.commands
    grown = {name: now[name] - settled[name] for name in now}
    return {'kinds': kinds, 'grown': grown, 'commands': commands}


def run(hours: float, shifts: int, seed: int) -> dict[str, Any]:
    """Fly all shifts side by side, and return the figures."""
    began = time.monotonic()
    with ProcessPoolExecutor(shifts) as pool:
        seeds = range(seed, seed + shifts)
        flown = list(pool.map(shift, [hours / shifts] * shifts, seeds))
    kinds = {name: Tally() for name in flown[0]['kinds']}
    for each in flown:
        for name, tally in each['kinds'].items():
            kinds[name].join(tally)
    everything = Tally()
    for tally in kinds.values():
        everything.join(tally)
    return {
        'hours': everything.count * FAULT_EVERY_S / 3600,
        'shifts': shifts,
        'commands': sum(each['commands'] for each in flown),
        'all': asdict(everything),
        'kinds': {name: asdict(tally) for name, tally in sorted(kinds.items())},
        'grown': {key: max(each['grown'][key] for each in flown) for key in flown[0]['grown']},
        'wall_s': time.monotonic() - began,
    }


def show(done: int, total: int, seconds: float) -> None:
    """Say how far it is, on a terminal."""
    if sys.stderr.isatty() and done % 20 == 0:
        print(f'\r{done} of {total} faults, {seconds:.0f} s', end='',
              file=sys.stderr)  # fmt: skip


def main() -> None:
    """Fly and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').splitlines()[0])
    parser.add_argument('--hours', type=float, default=24.0)
    parser.add_argument('--shifts', type=int, default=2)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--json', type=Path)
    options = parser.parse_args()
    figures = run(options.hours, options.shifts, options.seed)
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + '\n')
    raise SystemExit(figures['all']['unaccounted'] > 0)


def table(figures: dict[str, Any]) -> str:
    """Return the figures as lines."""
    heads = ('times', 'unaccounted', 'host safe', 'board safe', 'recovered')
    lines = [f'{"fault":40}' + ''.join(f'{head:>13}' for head in heads)]
    for name, kind in figures['kinds'].items():
        times = [kind[key] for key in TIMES]
        cells = ['-' if t is None else f'{1e3 * t:.1f} ms' for t in times]
        cells = [str(kind['count']), str(kind['unaccounted']), *cells]
        lines.append(f'{name:40}' + ''.join(f'{cell:>13}' for cell in cells))
    grown = ', '.join(f'{name} {rise:+d}' for name, rise in figures['grown'].items())
    return '\n'.join([
        *lines, '',
        f'{figures["all"]["count"]} faults in {figures["hours"]:.1f} h of virtual time '
        f'({figures["shifts"]} shifts side by side), {figures["commands"]} commands, '
        f'{figures["all"]["unaccounted"]} unaccounted; {figures["wall_s"]:.0f} s',
        f'grown after the first tenth of a shift: {grown}', *figures['all']['first_wrong'],
    ])  # fmt: skip


if __name__ == '__main__':
    main()
