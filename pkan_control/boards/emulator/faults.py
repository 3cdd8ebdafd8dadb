"""What can happen to a board itself, by name, at a time of its clock in us."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pkan_control.boards.emulator.device import BROWN_OUT
from pkan_control.boards.emulator.firmware import CREDITS, Firmware
from pkan_control.bridge.codes import BoardFault
from pkan_control.chips.chip import Index
from pkan_control.common.errors import UserError, unknown


def reboot(board: Firmware, now_us: int) -> None:
    """Start anew, after a reset."""
    board.reboot(now_us)


def brown_out(board: Firmware, now_us: int) -> None:
    """Start anew, after the supply broke down."""
    board.reboot(now_us, BROWN_OUT)


def over_temperature(board: Firmware, now_us: int) -> None:
    """Latch a fault until a reboot."""
    board.device.fail(BoardFault.TEMPERATURE)


def no_credit(board: Firmware, now_us: int) -> None:
    """Have no free receive slots, or have them again."""
    board.credits = 0 if board.credits else CREDITS


def wrong_program(board: Firmware, now_us: int) -> None:
    """Hold another program than the host loaded, as if somebody else had been there."""
    board.device.store.swap_program()


def dead_element(board: Firmware, now_us: int) -> None:
    """Let the first element of the network stop, for good."""
    board.device.store.fail_element(Index(0))


MISHAPS: Mapping[str, Callable[[Firmware, int], None]] = MappingProxyType(
    {f.__name__: f for f in (
        reboot, brown_out, over_temperature, no_credit, wrong_program, dead_element,
    )}
)  # fmt: skip


class Mishaps:
    """What happens to a board, and when."""

    def __init__(self, words: list[str]) -> None:
        """Take words such as `reboot@12.5`: a name and a time in s."""
        self._plan = sorted(map(_parse, words), reverse=True)

    def strike(self, board: Firmware, now_us: int) -> list[str]:
        """Let happen what is due; return the names."""
        names = []
        while self._plan and self._plan[-1][0] <= now_us:
            names.append(self._plan.pop()[1])
            MISHAPS[names[-1]](board, now_us)
        return names


def _parse(word: str) -> tuple[int, str]:
    name, _, time = word.partition('@')
    if name not in MISHAPS:
        raise unknown('mishap', name, MISHAPS)
    try:
        time_us = round(float(time) * 1e6)
    except (ValueError, OverflowError):
        time_us = -1
    if time_us < 0:
        raise UserError(f'mishap {word!r}: write {name}@SECONDS, for example {name}@12.5')
    return time_us, name
