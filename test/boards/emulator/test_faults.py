"""What can happen to a board itself, at its time, by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.boards.emulator.device import BOOT_US, BROWN_OUT
from pkan_control.boards.emulator.faults import MISHAPS, Mishaps
from pkan_control.boards.emulator.firmware import CREDITS, UID, Firmware
from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import BoardFault, Kind, State, SweepTarget
from pkan_control.bridge.layouts import ONE_INPUT, ONE_VALUE
from pkan_control.common.errors import UserError
from pkan_control.devices.deviations import Deviations


@pytest.fixture
def board(make_program):
    """Return a board with a program, as after COMMIT."""
    firmware = Firmware(7, Deviations())
    firmware.tick(BOOT_US)
    store, program = firmware.device.store, make_program((3, 4, 2))
    store.model = store._fabricated(program, 77)
    firmware.device.state = State.PROGRAMMED
    return firmware


def outputs(board) -> tuple[int, ...]:
    values, _ = board.device.store.model.evaluate((3000, 9000, 20000), 1, 0.0)
    return values


def test_a_reboot_and_a_brown_out_differ_in_their_cause(board):
    assert board.uid.startswith(UID)
    for name, cause in (('reboot', 1), ('brown_out', BROWN_OUT)):
        boots = board.device.boot_count
        MISHAPS[name](board, 50_000)
        assert (board.device.state, board.device.reset_cause) == (State.BOOT, cause)
        assert board.device.boot_count == boots + 1
        board.tick(50_000 + BOOT_US)
        assert board.device.state == State.PROGRAMMED


def test_over_temperature_is_latched(board):
    MISHAPS['over_temperature'](board, 50_000)
    assert board.device.state == State.FAULT
    assert board.device.faults == BoardFault.TEMPERATURE


def test_credit_goes_and_comes_back(board):
    MISHAPS['no_credit'](board, 0)
    assert board.credits == 0
    MISHAPS['no_credit'](board, 0)
    assert board.credits == CREDITS


def test_another_program_has_another_checksum_and_other_outputs(board):
    before, crc = outputs(board), board.device.crc
    MISHAPS['wrong_program'](board, 0)
    assert board.device.crc != crc
    assert outputs(board) != before


def test_a_dead_element_stays_dead_through_a_reboot(board):
    def reading() -> float:
        job = m.Sweep(SweepTarget.ELEMENT, 6, 50, 0, 0, ONE_INPUT, 0, 0)
        return max(map(abs, board.device.store.model.sweep(job))) / ONE_VALUE

    assert reading() > 0.02
    MISHAPS['dead_element'](board, 0)
    assert reading() < 0.005
    board.reboot(100)
    board.tick(100 + BOOT_US)
    assert reading() < 0.005


def test_mishaps_come_in_order_at_their_times_and_once(board):
    plan = Mishaps(['no_credit@2.5', 'reboot@1', 'no_credit@2'])
    assert plan.strike(board, 999_999) == []
    assert plan.strike(board, 1_000_000) == ['reboot']
    assert plan.strike(board, 9_000_000) == ['no_credit', 'no_credit']
    assert plan.strike(board, 99_000_000) == []


@given(st.text())
def test_words_that_are_no_mishap_are_refused_in_one_line(word):
    name, _, time = word.partition('@')
    if name in MISHAPS and time.isdigit():
        return
    with pytest.raises(UserError) as refused:
        Mishaps([word])
    assert '\n' not in str(refused.value)


@pytest.mark.parametrize('word', ['reboot', 'reboot@', 'reboot@-1', 'reboot@nan', 'reboot@inf'])
def test_a_mishap_needs_a_time(word):
    with pytest.raises(UserError, match='write reboot@SECONDS'):
        Mishaps([word])


def test_a_board_that_browned_out_says_so(bench):
    MISHAPS['brown_out'](bench.firmware, bench.now_us)
    bench.wait(BOOT_US)
    assert bench.hello().reset_cause == BROWN_OUT
    assert bench.ask(Kind.STATE, m.Empty())[1].state == State.IDLE
