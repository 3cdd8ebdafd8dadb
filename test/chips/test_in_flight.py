"""Faults of a board in mid-flight: a safe command soon, one clear reason, no silent re-arming."""

import time
from functools import partial

import numpy as np
import pytest

from pkan_control.bridge.codes import BoardState
from pkan_control.chips.board.program_image import pack_program
from pkan_control.chips.ideal import IdealChip
from pkan_control.chips.uri import open_chip
from pkan_control.control.controller import make_controller
from pkan_control.control.controller_file import ControllerFile
from pkan_control.control.supervisor import Limits, Supervisor
from pkan_control.tasks.task import find_task

TASK = find_task('drone_hover')
STATE = np.array([0.1, 0, 1.5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
STEP_S, LIMIT_S = 0.02, 0.2


def reboot(firmware, endpoint) -> None:
    """Let the board lose its power for a moment."""
    firmware.reboot(firmware.board._fed_us)


def pull_the_cable(firmware, endpoint) -> None:
    """Cut the connection; it can be made again at once."""
    host, endpoint._host = endpoint._host, None
    host.close()


def swap_the_program(firmware, endpoint) -> None:
    """Let somebody else load another program."""
    firmware.board.memory.swap_program()


FAULTS = {
    reboot: ['boot count'],
    pull_the_cable: ['the link was interrupted', 'closed the connection'],
    swap_the_program: ['wrong program'],
}


@pytest.mark.parametrize(
    ('fault', 'words'), FAULTS.items(), ids=lambda f: getattr(f, '__name__', '')
)
def test_fault_25_in_mid_flight(run_board, make_program, fault, words):
    controller_file = ControllerFile('drone_hover', TASK.law, 50.0, make_program((12, 16, 4)))
    assert len(pack_program(controller_file.policy)) > 1000
    with run_board() as (firmware, uri):
        chip = open_chip(uri)
        supervisor = Supervisor(TASK.law, make_controller(controller_file, chip), Limits())
        supervisor.on_goal(1, 0.0, TASK.goal(0, 0, 0))
        try:
            safe_after_s, reasons, last = fly(
                supervisor, lambda: fault(firmware, run_board.endpoint)
            )
            state = firmware.board.state
        finally:
            chip.close()
    assert safe_after_s < LIMIT_S
    assert all(decision.safe for decision in last)
    assert state != BoardState.ARMED
    assert any(word in reasons[-1] for word in words), reasons[-1]
    assert len(set(reasons)) <= 2
    assert not any('\n' in reason for reason in reasons)


def test_the_twin_flies_on_and_the_chip_only_after_a_request(
    run_board, make_program, exact_calibration
):
    controller_file = ControllerFile('drone_hover', TASK.law, 50.0, make_program((12, 16, 4)))
    with run_board() as (firmware, uri):
        chip = open_chip(uri)
        calibration = exact_calibration(chip.identity.uid, controller_file.policy)
        controller = make_controller(controller_file, chip, calibration, 'twin')
        supervisor = Supervisor(TASK.law, controller, Limits())
        supervisor.on_goal(1, 0.0, TASK.goal(0, 0, 0))
        try:
            fault = partial(pull_the_cable, firmware, run_board.endpoint)
            safe_after_s, _, last = fly(supervisor, fault)
            assert safe_after_s is None
            assert not any(decision.safe for decision in last)
            assert 'running on its twin' in supervisor.reason
            assert firmware.board.state != BoardState.ARMED
            assert supervisor.rearm() == ''
            stamp = 10**12
            assert not supervisor.on_state(stamp, stamp, time.monotonic(), STATE).safe
            assert supervisor.reason == ''
            assert firmware.board.state == BoardState.ARMED
        finally:
            chip.close()


def test_a_twin_needs_a_calibration(run_board, make_program, refused):
    controller_file = ControllerFile('drone_hover', TASK.law, 50.0, make_program((12, 16, 4)))
    with refused('twin', 'calibration'):
        make_controller(controller_file, IdealChip(), None, 'twin')
    with refused('on_link_lost', "'land'", 'safe', 'twin'):
        make_controller(controller_file, IdealChip(), None, 'land')


def fly(supervisor, fault, before=15, after=100):
    """Fly in real time; return when the first safe command came, reasons, and the last second."""
    decisions, reasons, struck, safe_s = [], [], 0.0, None
    for step in range(1, before + after):
        time.sleep(STEP_S)
        if step == before:
            fault()
            struck = time.monotonic()
        stamp = step * 20_000_000
        decision = supervisor.on_state(stamp, stamp, time.monotonic(), STATE + step * 1e-3)
        decisions.append(decision)
        if step < before:
            assert not decision.safe
        elif decision.safe and safe_s is None:
            safe_s = time.monotonic() - struck
        if decision.safe:
            reasons.append(supervisor.reason)
    return safe_s, reasons, decisions[-50:]
