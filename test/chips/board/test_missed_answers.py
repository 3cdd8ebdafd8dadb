"""When a board that misses deadlines is given up: by a scripted session, without real time."""

from types import SimpleNamespace

import numpy as np
import pytest

from pkan_control.bridge.codes import BoardKind, MessageKind, Status
from pkan_control.bridge.link import LOST_S
from pkan_control.bridge.messages import EvaluateReply
from pkan_control.bridge.responses import BoardError, LinkTimeoutError
from pkan_control.chips.board.board_chip import BoardChip

PERIOD_S, DEADLINE_S = 0.02, 0.015
ANSWER = EvaluateReply(1, 0, 0, 0, 0, 0, (1 << 16, -(1 << 15)))


class ScriptedSession:
    """Answers or misses each EVALUATE as the script says, and keeps what else was sent."""

    def __init__(self) -> None:
        hello = SimpleNamespace(kind=BoardKind.FPAA, uid=b'x', layer_latency_us=100)
        self.link = SimpleNamespace(name='b', generation=1, watched=True, hello=hello)
        self.time_s, self.script, self.sent = 0.0, '', []
        self.safe_is_lost = False

    def now_s(self) -> float:
        return self.time_s

    def request_once(self, kind, message, wait_s):
        self.sent.append(kind)
        if kind == MessageKind.SAFE:
            if self.safe_is_lost:
                raise LinkTimeoutError('no answer to SAFE')
            return Status.OK, None
        answers, self.script = self.script[0] == '+', self.script[1:]
        if not answers:
            self.time_s += wait_s
            raise LinkTimeoutError('no answer to EVALUATE')
        return Status.OK, ANSWER


@pytest.fixture
def session():
    return ScriptedSession()


@pytest.fixture
def chip(session, make_program):
    chip = BoardChip(session)
    chip._program = make_program((2, 2))
    return chip


def run(chip, session, script: str) -> str:
    """Evaluate once every period; return `+` for outputs, `-` for a miss, `!` for a refusal."""
    session.script, results = script, ''
    for step in range(len(script)):
        session.time_s = max(session.time_s, step * PERIOD_S)
        try:
            outputs = chip.evaluate(np.full(2, 0.5), 0.0, DEADLINE_S)
        except TimeoutError:
            results += '-'
        except BoardError:
            results += '!'
        else:
            np.testing.assert_array_equal(outputs, [1.0, -0.5])
            results += '+'
    return results


@pytest.mark.parametrize('script', ['-+' * 50, '--+' * 40, '-------+' * 20])
def test_an_answer_resets_the_count_of_misses(chip, session, script):
    assert run(chip, session, script) == script
    assert MessageKind.SAFE not in session.sent


def test_misses_in_a_row_for_the_lost_time_make_the_board_safe(chip, session):
    script = '+' + '-' * 20
    results = run(chip, session, script)
    # Starts 20 ms apart; the next deadline would be over LOST_S after the first missed one.
    misses = int(np.ceil((LOST_S - 1e-3 - 2 * DEADLINE_S) / PERIOD_S)) + 1
    assert results == '+' + '-' * misses + '!' * (20 - misses)
    assert session.sent.count(MessageKind.SAFE) == 1
    with pytest.raises(BoardError, match=r'^no answer to EVALUATE; arm it to go on$') as raised:
        chip.evaluate(np.full(2, 0.5), 0.0, DEADLINE_S)
    assert raised.value.status == Status.SAFE


def test_two_slow_misses_are_not_enough(chip, session):
    """However long two take: the last command is held for two periods."""
    session.script = '--'
    for _ in range(2):
        with pytest.raises(TimeoutError):
            chip.evaluate(np.full(2, 0.5), 0.0, LOST_S)
    assert MessageKind.SAFE not in session.sent


def test_three_slow_misses_are_enough(chip, session):
    session.script = '---'
    for _ in range(3):
        with pytest.raises(TimeoutError):
            chip.evaluate(np.full(2, 0.5), 0.0, LOST_S)
    assert session.sent.count(MessageKind.SAFE) == 1


def test_a_board_that_is_not_armed_is_not_given_up(chip, session):
    session.link.watched = False
    assert run(chip, session, '-' * 30) == '-' * 30
    assert MessageKind.SAFE not in session.sent


def test_safe_is_repeated_until_the_board_confirms_it(chip, session):
    session.safe_is_lost = True
    run(chip, session, '-' * 20)
    lost = session.sent.count(MessageKind.SAFE)
    assert lost > 3
    session.safe_is_lost = False
    run(chip, session, '-' * 5)
    assert session.sent.count(MessageKind.SAFE) == lost + 1
