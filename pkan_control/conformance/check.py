"""One thing that is asked of a board."""

from collections.abc import Callable
from dataclasses import dataclass

from pkan_control.conformance.bench import Bench, DeviationError


@dataclass(frozen=True)
class Check:
    """What is asked, the section of doc/bridge_protocol.md that says it, and how."""

    name: str
    section: str
    ask: Callable[[Bench], None]


@dataclass(frozen=True)
class Verdict:
    """How a check went: expected and came are empty where it passed."""

    check: Check
    expected: str = ''
    came: str = ''

    @property
    def passed(self) -> bool:
        """Whether the board does what is asked."""
        return not self.expected


def run(check: Check, bench: Bench) -> Verdict:
    """Ask in a session of its own, so that no check depends on those before it."""
    try:
        bench.begin()
        check.ask(bench)
    except DeviationError as deviation:
        return Verdict(check, deviation.expected, deviation.came)
    except ValueError as error:
        return Verdict(check, 'payloads of their layouts', str(error))
    return Verdict(check)
