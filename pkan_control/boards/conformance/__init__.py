"""The protocol conformance suite: tests doc/bridge_protocol.md over the wire alone."""

from collections.abc import Callable

from pkan_control.boards.conformance import measuring, programs, safety, sessions
from pkan_control.boards.conformance.bench import Bench, Check, Verdict, run
from pkan_control.bridge.transport import Transport

CHECKS: tuple[Check, ...] = (
    *sessions.CHECKS,
    *programs.CHECKS,
    *safety.CHECKS,
    *measuring.CHECKS,
)


def conformance(transport: Transport, report: Callable[[int], None]) -> list[Verdict]:
    """Run all checks; `report` receives the number done. The board's program is overwritten."""
    bench, verdicts = Bench(transport), []
    try:
        bench.send(b'\0')
        for number, check in enumerate(CHECKS):
            verdicts.append(run(check, bench))
            report(number + 1)
    finally:
        bench.close()
    return verdicts
