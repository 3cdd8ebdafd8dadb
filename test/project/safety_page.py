"""`doc/safety.md`, from the tests: `python test/project/safety_page.py`.

A test that is named `test_fault_07_...` proves what is said of fault 7.
"""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOC = ROOT / 'doc' / 'safety.md'
PREFIX = 'test_fault_'
HEAD = """# Faults, and what happens

Written by `python test/project/safety_page.py`. Each fault has tests that bear its number; they
are named beside it. All of them run with `make test`, those of nodes with real processes over DDS.

What decides is pure logic without a clock (`control/guard.py`, `control/supervisor.py`): for any
sequence of inputs no command leaves it that is not finite, out of range or too fast.

This is software for research. It has no safety certificate: keep a hardware stop within reach.

| # | fault | what happens | tests |
|---|---|---|---|
"""
# The fault, and what is expected.
FAULTS = {
    1: ('an input never received',
        'not ready, no command; after `startup_grace` the input is named'),
    2: ('an input older than its limit',
        'no inference, safe command; the input and its age are named'),
    3: ('a stamp of zero, or from another clock',
        'refused; ages are judged by the stamp and by the time of receipt'),
    4: ('a stamp slightly in the future', 'taken; beyond `future_tolerance` refused'),
    5: ('NaN or Inf in an input', 'dropped and counted; the age of the input keeps growing'),
    6: ('NaN or Inf in the output', 'never published; every actuator gets its safe value'),
    7: ('an output out of range', 'clipped and counted; WARN, where it persists ERROR'),
    8: ('a command that changes too fast', 'limited to `slew_limit`, and counted'),
    9: ('wrong length, unknown or missing joint',
        'refused by name; nothing is filled with zeros'),
    10: ('joints in another order', 'the same command'),
    11: ('controller file: wrong shape, version or checksum, truncated, hostile',
         'refused with both values; nothing is executed; the size is bounded'),
    12: ('stored self-test vectors not reproduced', 'the node is not configured'),
    13: ('a stale set-point (`setpoint_timeout`)',
         'a drone holds its position; a robot that cannot hold gets the safe command'),
    14: ('overrun ticks', 'skipped, never made up for; counted; WARN, then ERROR'),
    15: ('inference slower than its deadline',
         'the last command is held for two ticks, then the safe one'),
    16: ('time jumps back (a simulation is reset)',
         'memory is cleared; no command from old data'),
    17: ('the clock stops', 'no new command; the watchdog on the steady clock fires'),
    18: ('a second publisher of commands', 'WARN in the diagnostics, by its name'),
    19: ('qualities of service that do not fit', 'logged with both profiles'),
    20: ('deactivation, shutdown, SIGTERM, Ctrl-C',
         'exactly one safe command, then silence; exit code 0'),
    21: ('an exception in a callback', 'logged with its trace; safe command; exit code 1'),
    22: ('an emergency stop', 'latched; a reset only when healthy, and it leaves a dry run'),
    23: ('the controller is killed',
         'simulation and board zero the actuators within their own limit'),
    24: ('link: flipped bit, truncation, split, junk, worst stuffing',
         'dropped, found again at the next frame, counted'),
    25: ('link: unplugged, rebooted, another schema',
         'fault, back-off, verified before it is armed'),
    26: ('converter saturated, drive over its limit', 'refused before anything is written'),
    27: ('drift beyond the budget of the calibration', 'WARN, then ERROR; arming is refused'),
    28: ('invalid or contradictory parameters',
         'refused as a whole with the reason; the old values stand'),
    29: ('physics server lost, model file missing',
         'one clear line; the process ends and leaves none behind'),
    30: ('one output cannot be written', 'all the others are still made safe'),
    31: ('a node is restarted after a crash',
         'no duplicate, no stale command; it starts disarmed'),
    32: ('an action at an end of its range', 'the documented command, never "disarmed"'),
    33: ('the safe value', 'documented for each kind of command'),
    34: ('a dead element in the chip',
         'found by one calibration, and named'),
    35: ('the same seed in lockstep',
         'the same hash of the rollout, over ROS and in process'),
}  # fmt: skip


def named_tests() -> dict[int, list[tuple[str, Path]]]:
    """Return name and file of every test that bears the number of a fault."""
    found = defaultdict(list)
    for path in sorted((ROOT / 'test').rglob('test_*.py')):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith(PREFIX):
                number = int(node.name.removeprefix(PREFIX).split('_')[0])
                found[number].append((node.name, path.relative_to(ROOT)))
    return found


def page() -> str:
    """Return the page."""
    tests, rows = named_tests(), []
    for number, (fault, expected) in FAULTS.items():
        named = '<br>'.join(f'[`{name}`](../{path})' for name, path in tests[number])
        rows.append(f'| {number} | {fault} | {expected} | {named} |')
    return HEAD + '\n'.join(rows) + '\n'


if __name__ == '__main__':
    DOC.write_text(page())
