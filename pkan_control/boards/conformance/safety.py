"""Safety: arming, SAFE, watchdog, and who may end it."""

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
    bench.accept(MessageKind.EVALUATE, bench.evaluation())
    expect('state', BoardState.ARMED, BoardState(bench.state().state))
    expect('state', BoardState.PROGRAMMED, bench.accept(MessageKind.DISARM, m.Empty()).state)


def wrong_program(bench: Bench) -> None:
    """Arm another program than the active one."""
    bench.load()
    answer = bench.refuse(Status.WRONG_PROGRAM, MessageKind.ARM, m.Arm(1, 200, SAFE_ACTION))
    expect_values(answer, 1, bench.crc)


def wrong_action(bench: Bench) -> None:
    """Arm with a safe action of one number for two outputs."""
    bench.load()
    bench.refuse(Status.ARGUMENT, MessageKind.ARM, m.Arm(bench.crc, 200, SAFE_ACTION[:1]))


def latched(bench: Bench) -> None:
    """Make it safe: that stays, outputs are the safe action, only DISARM ends it."""
    bench.load()
    bench.arm()
    bench.accept(MessageKind.SAFE, m.Safe(SafeReason.HOST), session=WILDCARD)
    state = bench.state()
    expect('state', BoardState.SAFE, BoardState(state.state))
    expect('reason', SafeReason.HOST, state.safe_reason)
    _expect_safe_action(bench)
    bench.refuse(Status.SAFE, MessageKind.ARM, m.Arm(bench.crc, 200, SAFE_ACTION))
    bench.refuse(Status.SAFE, MessageKind.COMMIT, m.Commit(0, bench.crc))
    expect('state', BoardState.PROGRAMMED, bench.accept(MessageKind.DISARM, m.Empty()).state)
    bench.arm()


def _expect_safe_action(bench: Bench) -> None:
    answer = bench.refuse(Status.SAFE, MessageKind.EVALUATE, bench.evaluation())
    reply = RESPONSES[MessageKind.EVALUATE].unpack(answer.payload)
    expect('outputs', SAFE_ACTION, reply.outputs)
    if not reply.flags & EvaluationFlag.SAFE_VALUE:
        raise DeviationError('flag 128, safe value returned', f'flags {reply.flags}')


def any_session(bench: Bench) -> None:
    """Make it safe with the number of no session."""
    bench.load()
    bench.arm()
    bench.accept(MessageKind.SAFE, m.Safe(SafeReason.HOST), session=0x1234)
    expect('state', BoardState.SAFE, BoardState(bench.state().state))


def watchdog(bench: Bench) -> None:
    """Be silent for one and a half times the watchdog."""
    bench.load()
    bench.arm(WATCHDOG_MS)
    bench.wait(1.5 * WATCHDOG_MS / 1000)
    state = bench.state()
    expect('state', BoardState.SAFE, BoardState(state.state))
    expect('reason', SafeReason.WATCHDOG, state.safe_reason)


def fed(bench: Bench) -> None:
    """Keep the board armed by PING within the watchdog; STATE does not count."""
    bench.load()
    bench.arm(WATCHDOG_MS)
    for _ in range(4):
        bench.wait(0.4 * WATCHDOG_MS / 1000)
        bench.accept(MessageKind.PING, m.Ping(0))
    expect('state, fed by PING', BoardState.ARMED, BoardState(bench.state().state))
    for _ in range(4):
        bench.wait(0.4 * WATCHDOG_MS / 1000)
        state = bench.state()
    expect('state, fed by STATE', BoardState.SAFE, BoardState(state.state))


def new_session(bench: Bench) -> None:
    """Say HELLO as another host while it is armed."""
    bench.load()
    bench.arm()
    bench.session = bench.accept(
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
