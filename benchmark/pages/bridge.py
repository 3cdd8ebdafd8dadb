"""The hardware bridge, on an emulated board."""

from collections.abc import Callable

from pages.page import Bar, Figures, Page, Section

SECTIONS = (
    Section('In mid-flight, under the controller node', 'mid_flight',
            'python benchmark/mid_flight.py --json {json}'),
    Section('Time on the wire', 'bridge', 'python benchmark/bridge.py --json {json}'),
    Section('Damaged frames, wild payloads', 'fuzz', 'python benchmark/fuzz.py --json {json}'),
    Section('A day of faults', 'soak', 'python benchmark/soak --json {json}'),
)  # fmt: skip


def _longest(figures: Figures, *names: str) -> float:
    return float(max(row[name] for row in figures.values() for name in names))


def _worst(figures: Figures) -> float:
    return float(sum(each['wrong'] + each.get('raised', 0) for each in figures.values()))


def _time(text: str, bar_us: float, row: str, column: str) -> Bar:
    return Bar(
        text, f'<= {bar_us:g} us', 'bridge', lambda f: float(f[row][column]), '{:.0f} us',
        lambda us: us <= bar_us,
    )  # fmt: skip


def _soak(text: str, name: str, bar_s: float) -> Bar:
    return Bar(
        text, f'<= {bar_s:g} s', 'soak', lambda f: float(f['all'][name]), '{:.2f} s',
        lambda seconds: seconds <= bar_s,
    )  # fmt: skip


def _none(text: str, section: str, read: Callable[[Figures], float]) -> Bar:
    return Bar(text, '0', section, read, '{:.0f}', lambda count: count == 0)


BARS = (
    Bar('board rebooted, cable pulled, program swapped under the controller node: longest time to '
        'the safe command', '<= 200 ms', 'mid_flight',
        lambda f: 1e3 * _longest(f, 'command_s'), '{:.0f} ms', lambda ms: ms <= 200),
    Bar('the same: longest time until the board is not armed any more', '<= 200 ms', 'mid_flight',
        lambda f: 1e3 * _longest(f, 'board_s'), '{:.0f} ms', lambda ms: ms <= 200),
    _none('the same: commands before arming was asked for', 'mid_flight',
          lambda f: float(sum(row['flew_unasked'] for row in f.values()))),
    Bar('the same: lines in the log, what is wrong and that the board must be armed', '<= 2',
        'mid_flight', lambda f: _longest(f, 'most_lines'), '{:.0f}', lambda lines: lines <= 2),
    _time('host side of one EVALUATE, median', 60, 'pack and unpack one EVALUATE', 'us_p50'),
    _time('EVALUATE over TCP, median', 400, 'EVALUATE over TCP', 'us_p50'),
    _time('EVALUATE over TCP, 99 %', 2000, 'EVALUATE over TCP', 'us_p99'),
    _time('EVALUATE over a pty, median', 400, 'EVALUATE over pty', 'us_p50'),
    _time('EVALUATE over a pty, 99 %', 2000, 'EVALUATE over pty', 'us_p99'),
    _none('200,000 frames, 12 % damaged, and 2,000,000 wild payloads: wrong ones believed, '
          'exceptions', 'fuzz', _worst),
    _none('whole frames that were missed after a damaged one', 'fuzz',
          lambda f: float(f['damaged frames']['missed'])),
    _none('a day of faults: faults that the counters do not account for', 'soak',
          lambda f: float(f['all']['unaccounted'])),
    _soak('safe command of the host after a fault, longest', 'host_s', 0.2),
    _soak('board SAFE after a fault, longest', 'board_s', 0.2),
    _soak('recovery after the end of a fault, longest', 'recovered_s', 2.0),
    _none('growth of threads and descriptors in a day', 'soak',
          lambda f: float(f['grown']['threads'] + f['grown']['descriptors'])),
    Bar('growth of memory in a day', '<= 1 MB', 'soak', lambda f: f['grown']['memory_kib'] / 1024,
        '{:.2f} MB', lambda mb: mb <= 1),
    Bar('real time of that day', '<= 10 min', 'soak', lambda f: f['wall_s'] / 60, '{:.1f} min',
        lambda minutes: minutes <= 10),
)  # fmt: skip

PAGE = Page('bridge', 'The hardware bridge', SECTIONS, BARS)
