"""What can happen to a board itself, at its time, by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.boards.emulator.board import BOOT_US, BROWN_OUT
from pkan_control.boards.emulator.faults import FAULTS, FaultSchedule
from pkan_control.boards.emulator.firmware import CREDITS, UID, Firmware
from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import BoardFault, BoardState, MessageKind, SweepTarget
from pkan_control.bridge.layouts import ONE_INPUT, ONE_VALUE
from pkan_control.common.errors import UserError
from pkan_control.devices.deviations import Deviations


@pytest.fixture
def firmware(make_program):
    """Return a firmware with a program, as after COMMIT."""
    firmware = Firmware(7, Deviations())
    firmware.tick(BOOT_US)
    memory, program = firmware.board.memory, make_program((3, 4, 2))
    memory.model = memory.fabricate(program, 77)
    firmware.board.state = BoardState.PROGRAMMED
    return firmware


def outputs(firmware) -> tuple[int, ...]:
    values, _ = firmware.board.memory.model.evaluate((3000, 9000, 20000), 1, 0.0)
    return values


def test_a_reboot_and_a_brown_out_differ_in_their_cause(firmware):
    assert firmware.uid.startswith(UID)
    for name, cause in (('reboot', 1), ('brown_out', BROWN_OUT)):
        boots = firmware.board.boot_count
        FAULTS[name](firmware, 50_000)
        assert (firmware.board.state, firmware.board.reset_cause) == (BoardState.BOOT, cause)
        assert firmware.board.boot_count == boots + 1
        firmware.tick(50_000 + BOOT_US)
        assert firmware.board.state == BoardState.PROGRAMMED


def test_over_temperature_is_latched(firmware):
    FAULTS['over_temperature'](firmware, 50_000)
    assert firmware.board.state == BoardState.FAULT
    assert firmware.board.faults == BoardFault.TEMPERATURE


def test_credit_goes_and_comes_back(firmware):
    FAULTS['no_credit'](firmware, 0)
    assert firmware.credits == 0
    FAULTS['no_credit'](firmware, 0)
    assert firmware.credits == CREDITS


def test_another_program_has_another_checksum_and_other_outputs(firmware):
    before, crc = outputs(firmware), firmware.board.crc
    FAULTS['wrong_program'](firmware, 0)
    assert firmware.board.crc != crc
    assert outputs(firmware) != before


def test_a_dead_element_stays_dead_through_a_reboot(firmware):
    def reading() -> float:
        job = m.Sweep(SweepTarget.ELEMENT, 6, 50, 0, 0, ONE_INPUT, 0, 0)
        return max(map(abs, firmware.board.memory.model.sweep(job))) / ONE_VALUE

    assert reading() > 0.02
    FAULTS['dead_element'](firmware, 0)
    assert reading() < 0.005
    firmware.reboot(100)
    firmware.tick(100 + BOOT_US)
    assert reading() < 0.005


def test_mishaps_come_in_order_at_their_times_and_once(firmware):
    plan = FaultSchedule(['no_credit@2.5', 'reboot@1', 'no_credit@2'])
    assert plan.strike(firmware, 999_999) == []
    assert plan.strike(firmware, 1_000_000) == ['reboot']
    assert plan.strike(firmware, 9_000_000) == ['no_credit', 'no_credit']
    assert plan.strike(firmware, 99_000_000) == []


@given(st.text())
def test_words_that_are_no_mishap_are_refused_in_one_line(word):
    name, _, time = word.partition('@')
    if name in FAULTS and time.isdigit():
        return
    with pytest.raises(UserError) as refused:
        FaultSchedule([word])
    assert '\n' not in str(refused.value)


@pytest.mark.parametrize('word', ['reboot', 'reboot@', 'reboot@-1', 'reboot@nan', 'reboot@inf'])
def test_a_mishap_needs_a_time(word):
    with pytest.raises(UserError, match='write reboot@SECONDS'):
        FaultSchedule([word])


def test_a_board_that_browned_out_says_so(bench):
    FAULTS['brown_out'](bench.firmware, bench.now_us)
    bench.wait(BOOT_US)
    assert bench.hello().reset_cause == BROWN_OUT
    assert bench.ask(MessageKind.STATE, m.Empty())[1].state == BoardState.IDLE
