"""Faults of an emulated board, by name, at times of its clock in us."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pkan_control.boards.emulator.board import BROWN_OUT
from pkan_control.boards.emulator.firmware import CREDITS, Firmware
from pkan_control.bridge.codes import BoardFault
from pkan_control.chips.chip import Index
from pkan_control.common.errors import UserError, unknown


def reboot(firmware: Firmware, now_us: int) -> None:
    """Reset the board."""
    firmware.reboot(now_us)


def brown_out(firmware: Firmware, now_us: int) -> None:
    """Reset the board because its supply broke down."""
    firmware.reboot(now_us, BROWN_OUT)


def over_temperature(firmware: Firmware, now_us: int) -> None:
    """Latch an over-temperature fault until the next reboot."""
    firmware.board.fail(BoardFault.TEMPERATURE)


def no_credit(firmware: Firmware, now_us: int) -> None:
    """Run out of free receive slots; the second time, have them again."""
    firmware.credits = 0 if firmware.credits else CREDITS


def wrong_program(firmware: Firmware, now_us: int) -> None:
    """Hold another program than the host loaded, as if another host had loaded it."""
    firmware.board.memory.swap_program()


def dead_element(firmware: Firmware, now_us: int) -> None:
    """Let the first element of the network die, for good."""
    firmware.board.memory.fail_element(Index(0))


_ALL = (reboot, brown_out, over_temperature, no_credit, wrong_program, dead_element)
FAULTS: Mapping[str, Callable[[Firmware, int], None]] = MappingProxyType(
    {fault.__name__: fault for fault in _ALL}
)


class FaultSchedule:
    """Which faults strike a board, and when."""

    def __init__(self, entries: list[str]) -> None:
        """Parse entries such as `reboot@12.5`: a name and a time in s."""
        self._pending = sorted(map(_parse, entries), reverse=True)

    def strike(self, firmware: Firmware, now_us: int) -> list[str]:
        """Trigger the faults that are due; return their names."""
        names = []
        while self._pending and self._pending[-1][0] <= now_us:
            names.append(self._pending.pop()[1])
            FAULTS[names[-1]](firmware, now_us)
        return names


def _parse(entry: str) -> tuple[int, str]:
    name, _, time = entry.partition('@')
    if name not in FAULTS:
        raise unknown('mishap', name, FAULTS)
    try:
        time_us = round(float(time) * 1e6)
    except (ValueError, OverflowError):
        time_us = -1
    if time_us < 0:
        raise UserError(f'mishap {entry!r}: write {name}@SECONDS, for example {name}@12.5')
    return time_us, name
