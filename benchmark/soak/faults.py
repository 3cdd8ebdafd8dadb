"""What happens to the board and its wire in the soak, and what each must leave in the counters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from pkan_control.boards.emulator.fault_plans import FrameFault, Outage
from pkan_control.boards.emulator.faults import FAULTS
from pkan_control.boards.emulator.virtual_wire import VirtualWire
from pkan_control.bridge.codes import MessageKind
from pkan_control.bridge.frame import Decoder

# How much a counter may change, from and to; those that are not named must stay.
Expected = Mapping[str, tuple[int, int]]
# Outages last between these times, a short one so long that two answers or three come late.
OUTAGE_S, SHORT_S = (0.4, 0.9), 0.05
MANY = 1_000_000


@dataclass(frozen=True)
class Trouble:
    """One kind of fault: what it does, and whether host and board must go safe."""

    name: str
    strike: Callable[[VirtualWire, float], None]
    expected: Expected
    # Seconds until it is over; None for a fault that is over at once.
    lasts: tuple[float, float] | None = None
    safe: bool = False
    # What the operator has to do besides arming.
    remedy: str = ''
    while_loading: bool = field(default=False)


def once(*names: str, **others: int) -> Expected:
    """Return that each of these counters rises by one, and others by so much."""
    return dict.fromkeys(names, (1, 1)) | {name: (n, n) for name, n in others.items()}


def is_evaluation(piece: bytes) -> bool:
    """Tell an evaluation, or its answer."""
    return Decoder().feed(piece + b'\0')[0].kind == MessageKind.EVALUATE


def is_telemetry(piece: bytes) -> bool:
    """Tell a board's telemetry."""
    return Decoder().feed(piece + b'\0')[0].kind == MessageKind.TELEMETRY


def hit(
    direction: str, fault: FrameFault, meant: Callable[[bytes], bool]
) -> Callable[[VirtualWire, float], None]:
    """Let the next frame in a direction that is meant suffer a fault."""
    return lambda wire, seconds: getattr(wire, direction).strike(fault, meant)


def silence(*directions: str, stalled: bool = False) -> Callable[[VirtualWire, float], None]:
    """Let nothing pass for a while."""

    def strike(wire: VirtualWire, seconds: float) -> None:
        begin = wire.now_s()
        for direction in directions:
            getattr(wire, direction).fail(Outage(begin, begin + seconds, stalled))

    return strike


def mishap(name: str) -> Callable[[VirtualWire, float], None]:
    """Let something happen to the board itself."""
    return lambda wire, seconds: FAULTS[name](wire.firmware, wire.now_us)


def no_credit(wire: VirtualWire, seconds: float) -> None:
    """Take the board's receive slots away for a while."""
    mishap('no_credit')(wire, 0.0)
    wire.at(wire.now_s() + seconds, lambda: mishap('no_credit')(wire, 0.0))


UP, DOWN = 'to_board', 'to_host'
# An evaluation is lost: on the way there the board notices that a number is missing.
LOST = {UP: once('timeouts', 'board gaps'), DOWN: once('timeouts')}
DAMAGED = {UP: once('timeouts', 'board gaps', 'board damaged'), DOWN: once('timeouts', 'damaged')}
BACK = {'timeouts': (0, 3), 'reconnects': (1, 1), 'chip missed': (3, MANY)}
REBOOTED = BACK | {'board gaps': (0, 1), 'boots': (1, 1)}


def _frames() -> list[Trouble]:
    """Return what happens to single frames of evaluations, each way, and of telemetry."""
    found = []
    for way in (UP, DOWN):
        effects = {
            FrameFault.DROP: LOST[way],
            FrameFault.DUPLICATE: once('late'),
            FrameFault.INSERT: DAMAGED[way],
            FrameFault.FLIP: DAMAGED[way],
            FrameFault.TRUNCATE: DAMAGED[way],
            FrameFault.MERGE: DAMAGED[way] | {'timeouts': (1, 2), 'event gaps': (0, 1)},
            FrameFault.DELAY: once('timeouts', 'late'),
            FrameFault.STALE: {'late': (0, 1), 'board gaps': (0, 2), 'event gaps': (0, 2)},
        }
        for fault, expected in effects.items():
            missed = {'chip missed': expected['timeouts']} if 'timeouts' in expected else {}
            name = f'evaluation {fault.value}, {way.replace("_", " ")}'
            found.append(Trouble(name, hit(way, fault, is_evaluation), {**expected, **missed}))
    for fault, expected in (
        (FrameFault.DROP, once('event gaps')),
        (FrameFault.FLIP, once('event gaps', 'damaged')),
        (FrameFault.DUPLICATE, once('event gaps')),
    ):
        found.append(Trouble(f'telemetry {fault.value}', hit(DOWN, fault, is_telemetry), expected))
    return found


def _outages() -> list[Trouble]:
    """Return what happens to the wire for a while."""
    lost = {'timeouts': (3, 60), 'chip missed': (3, MANY), 'reconnects': (1, 1)}
    short = dict.fromkeys(('timeouts', 'late', 'chip missed'), (1, 3))
    return [
        Trouble('stalled for 50 ms', silence(UP, DOWN, stalled=True), short, lasts=(SHORT_S,) * 2),
        Trouble(
            'half open: the board hears nothing', silence(UP),
            {'timeouts': (3, 60), 'board gaps': (1, 1), 'chip missed': (3, MANY)},
            lasts=OUTAGE_S, safe=True,
        ),
        Trouble(
            'half open: the host hears nothing', silence(DOWN),
            lost, lasts=OUTAGE_S, safe=True,
        ),
        Trouble(
            'both ways silent', silence(UP, DOWN),
            lost, lasts=OUTAGE_S, safe=True,
        ),
        Trouble(
            'both ways stalled', silence(UP, DOWN, stalled=True),
            lost | {'late': (0, 2)}, lasts=OUTAGE_S, safe=True,
        ),
        Trouble(
            'cable pulled', lambda wire, seconds: wire.unplug(seconds), BACK,
            lasts=OUTAGE_S, safe=True,
        ),
    ]  # fmt: skip


def _mishaps() -> list[Trouble]:
    """Return what happens to the board."""
    return [
        Trouble('board rebooted', mishap('reboot'), REBOOTED, safe=True),
        Trouble('supply broke down', mishap('brown_out'), REBOOTED, safe=True),
        Trouble('over-temperature', mishap('over_temperature'), REBOOTED, safe=True,
                remedy='power cycle'),
        Trouble('program swapped', mishap('wrong_program'), {'chip missed': (3, MANY)}, safe=True,
                remedy='load'),
        Trouble('reboot while a program is loaded', mishap('reboot'),
                REBOOTED | {'retransmitted': (0, 3)}, safe=True, remedy='load',
                while_loading=True),
        Trouble('no credit while a program is loaded', no_credit, {}, lasts=OUTAGE_S,
                while_loading=True),
    ]  # fmt: skip


TROUBLES = (*_frames(), *_outages(), *_mishaps())


def draw_length(trouble: Trouble, generator: np.random.Generator) -> float:
    """Return how long this one lasts in s."""
    return float(generator.uniform(*trouble.lasts)) if trouble.lasts else 0.0
