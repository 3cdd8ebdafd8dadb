"""The nodes in a ROS 2 graph: latency, CPU, starts, kills, hostile messages."""

from pages.page import REPORTED, Bar, Page, Section

SECTIONS = (
    Section(
        'Beside an echo node, at 250 Hz', 'fast',
        'python benchmark/ros_latency.py --rate 250 --rounds 12 --json {json}',
    ),
    Section(
        'Beside an echo node, at 100 Hz', 'usual',
        'python benchmark/ros_latency.py --rate 100 --rounds 12 --json {json}',
    ),
    Section(
        'The same on a simulated chip with flaws, at 250 Hz', 'flawed_fast',
        "python benchmark/ros_latency.py --rate 250 --rounds 6 --chip 'sim:?seed=1&preset=typical'"
        ' --json {json}',
    ),
    Section(
        'The same on a simulated chip with flaws, at 100 Hz', 'flawed_usual',
        "python benchmark/ros_latency.py --rate 100 --rounds 6 --chip 'sim:?seed=1&preset=typical'"
        ' --json {json}',
    ),
    Section(
        'Start and lockstep', 'lockstep',
        'python benchmark/ros_lockstep.py --json {json}',
    ),
    Section(
        'Hostile messages', 'hostile',
        'python benchmark/ros_hostile.py --sequences 10000 --json {json}',
    ),
    Section('Kills', 'kills', 'python benchmark/ros_kills.py --kills 50 --json {json}'),
    Section('Twice at once', 'twice', 'python benchmark/ros_twice.py --json {json}'),
)  # fmt: skip


def _ratio(text: str, most: float, section: str, name: str) -> Bar:
    return Bar(
        text, f'<= {most:g}', section, lambda f: float(f['ratio'][name]), '{:.2f}',
        lambda ratio: ratio <= most,
    )  # fmt: skip


def _reported(text: str, section: str, name: str) -> Bar:
    return Bar(
        text, REPORTED, section, lambda f: float(f['ratio'][name]), '{:.2f}', lambda ratio: True
    )


def _none(text: str, section: str, *names: str) -> Bar:
    return Bar(
        text, '0', section, lambda f: float(sum(f[name] for name in names)), '{:.0f}',
        lambda count: count == 0,
    )  # fmt: skip


BARS = (
    _ratio('state in to command out at 250 Hz, median, against a node that echoes (chip `ideal:`)',
           1.4, 'fast', 'p50'),
    _ratio('the same, 99 %', 1.5, 'fast', 'p99'),
    _ratio('CPU of controller_node at 100 Hz, against that node', 1.5, 'usual', 'cpu'),
    _reported('while it also simulates the flaws of a chip: median', 'flawed_fast', 'p50'),
    _reported('the same, 99 %', 'flawed_fast', 'p99'),
    _reported('the same, CPU at 100 Hz', 'flawed_usual', 'cpu'),
    Bar('start to active', '<= 2 s', 'lockstep', lambda f: float(f['start_s']), '{:.2f} s',
        lambda seconds: seconds <= 2),
    Bar('drone_hover over ROS in lockstep', '>= 5 x', 'lockstep',
        lambda f: float(f['real_time_factor']), '{:.1f} x real time', lambda times: times >= 5),
    _none('10,000 sequences of hostile messages: exceptions, commands not finite or out of range',
          'hostile', 'raised', 'wrong'),
    _none('50 kills of either node: not safe within its limit, not started again, left behind',
          'kills',
          'not safe', 'not restarted', 'exit codes not 0', 'commands not finite',
          'processes left'),
    _none('tests of the nodes, run twice at once: failed', 'twice', 'wrong'),
)  # fmt: skip

PAGE = Page('ros', 'In a ROS 2 graph', SECTIONS, BARS)
