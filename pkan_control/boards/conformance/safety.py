"""Checks of safety: arming, SAFE, and the watchdog."""

from pkan_control.boards.conformance.bench import (
    SAFE_ACTION,
    Bench,
    Check,
    DeviationError,
    expect,
    expect_values,
)
from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import BoardState, EvaluationFlag, MessageKind, SafeReason, Status
from pkan_control.bridge.frame import WILDCARD
from pkan_control.bridge.layouts import RESPONSES

WATCHDOG_MS = 200


def armed(bench: Bench) -> None:
    """Arm, evaluate, disarm."""
    bench.load()
    bench.arm()
    bench.expect_ok(MessageKind.EVALUATE, bench.evaluation())
    expect('state', BoardState.ARMED, BoardState(bench.state().state))
    expect('state', BoardState.PROGRAMMED, bench.expect_ok(MessageKind.DISARM, m.Empty()).state)


def wrong_program(bench: Bench) -> None:
    """Arm with the checksum of another program."""
    bench.load()
    answer = bench.expect_refusal(
        Status.WRONG_PROGRAM, MessageKind.ARM, m.Arm(1, 200, SAFE_ACTION)
    )
    expect_values(answer, 1, bench.crc)


def wrong_action(bench: Bench) -> None:
    """Arm with a safe action of one value for two outputs."""
    bench.load()
    bench.expect_refusal(Status.ARGUMENT, MessageKind.ARM, m.Arm(bench.crc, 200, SAFE_ACTION[:1]))


def latched(bench: Bench) -> None:
    """Send SAFE: it is latched, outputs are the safe action, only DISARM ends it."""
    bench.load()
    bench.arm()
    bench.expect_ok(MessageKind.SAFE, m.Safe(SafeReason.HOST), session=WILDCARD)
    state = bench.state()
    expect('state', BoardState.SAFE, BoardState(state.state))
    expect('reason', SafeReason.HOST, state.safe_reason)
    _expect_safe_action(bench)
    bench.expect_refusal(Status.SAFE, MessageKind.ARM, m.Arm(bench.crc, 200, SAFE_ACTION))
    bench.expect_refusal(Status.SAFE, MessageKind.COMMIT, m.Commit(0, bench.crc))
    expect('state', BoardState.PROGRAMMED, bench.expect_ok(MessageKind.DISARM, m.Empty()).state)
    bench.arm()


def _expect_safe_action(bench: Bench) -> None:
    answer = bench.expect_refusal(Status.SAFE, MessageKind.EVALUATE, bench.evaluation())
    reply = RESPONSES[MessageKind.EVALUATE].unpack(answer.payload)
    expect('outputs', SAFE_ACTION, reply.outputs)
    if not reply.flags & EvaluationFlag.SAFE_VALUE:
        raise DeviationError('flag 128, safe value returned', f'flags {reply.flags}')


def any_session(bench: Bench) -> None:
    """Send SAFE with the number of no session."""
    bench.load()
    bench.arm()
    bench.expect_ok(MessageKind.SAFE, m.Safe(SafeReason.HOST), session=0x1234)
    expect('state', BoardState.SAFE, BoardState(bench.state().state))


def watchdog(bench: Bench) -> None:
    """Send nothing for 1.5 times the watchdog period."""
    bench.load()
    bench.arm(WATCHDOG_MS)
    bench.wait(1.5 * WATCHDOG_MS / 1000)
    state = bench.state()
    expect('state', BoardState.SAFE, BoardState(state.state))
    expect('reason', SafeReason.WATCHDOG, state.safe_reason)


def fed(bench: Bench) -> None:
    """Keep the board armed by PING within the watchdog period; STATE does not feed it."""
    bench.load()
    bench.arm(WATCHDOG_MS)
    for _ in range(4):
        bench.wait(0.4 * WATCHDOG_MS / 1000)
        bench.expect_ok(MessageKind.PING, m.Ping(0))
    expect('state, fed by PING', BoardState.ARMED, BoardState(bench.state().state))
    for _ in range(4):
        bench.wait(0.4 * WATCHDOG_MS / 1000)
        state = bench.state()
    expect('state, fed by STATE', BoardState.SAFE, BoardState(state.state))


def new_session(bench: Bench) -> None:
    """Send HELLO as another host while the board is armed."""
    bench.load()
    bench.arm()
    bench.session = bench.expect_ok(
        MessageKind.HELLO, bench.greeting()._replace(nonce=bench.greeting().nonce ^ 1), session=0
    ).session
    state = bench.state()
    expect('state', BoardState.SAFE, BoardState(state.state))
    expect('reason', SafeReason.NEW_SESSION, state.safe_reason)


CHECKS = (
    Check('it arms, evaluates, disarms', 'States of a board', armed),
    Check('arming another program is refused', 'States of a board', wrong_program),
    Check('a safe action of another size is refused', 'Statuses', wrong_action),
    Check('SAFE is latched until DISARM', 'States of a board', latched),
    Check('SAFE works in any session', 'States of a board', any_session),
    Check('the watchdog makes it safe', 'States of a board', watchdog),
    Check('PING feeds the watchdog, STATE does not', 'States of a board', fed),
    Check('a new session makes it safe', 'States of a board', new_session),
)
