"""Faults of a chip and of its wire under the controller node as a process."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from std_srvs.srv import SetBool, Trigger

from pkan_control.bridge.codes import State
from pkan_control.chips.calibration.file import save_calibration
from pkan_control.chips.calibration.self_test import Fault
from pkan_control.devices.deviations import Deviations
from pkan_control.emulator.endpoint import TcpEndpoint, serve
from pkan_control.emulator.firmware import Firmware

HERE = np.array([0.1, 0, 1.5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
GOAL = np.array([0, 0, 1.5])
LIVE = {'autostart': 'true', 'enable': 'true', 'state_timeout': 5.0}


class Board:
    """An emulated board in a thread; `strike` is done there, once."""

    def __init__(self):
        self.firmware, self.endpoint = Firmware(7, Deviations()), TcpEndpoint('127.0.0.1', 0)
        self.stopped, self.strike = threading.Event(), None
        self.thread = threading.Thread(
            target=serve, args=(self.firmware, self.endpoint, self.stopped.is_set, self._pass)
        )

    def _pass(self, firmware, now_us):
        strike, self.strike = self.strike, None
        if strike:
            strike(now_us)


@pytest.fixture
def board():
    board = Board()
    board.thread.start()
    yield board
    board.stopped.set()
    board.thread.join(10)
    board.endpoint.close()


def keep_flying(probe, condition, what):
    """Send states, 50 a second, until something holds."""
    for _ in range(1000):
        probe.send_state(HERE, GOAL)
        if probe.spin(condition, 0.02):
            return
    pytest.fail(f'waited in vain for {what}')


def take_off(probe):
    """Fly; on a machine that is busy a board may go safe before, and is armed again then."""
    for _ in range(10):
        for _ in range(100):
            probe.send_state(HERE, GOAL)
            if probe.spin(lambda: probe.commands and any(probe.commands[-1].velocity), 0.02):
                return
        probe.call(Trigger, 'controller_node/reset')
    pytest.fail('waited in vain for flying')


def diagnosis(probe) -> tuple[bytes, str, dict[str, str]]:
    """Return level, message and values of the latest diagnostics."""
    if not probe.diagnostics:
        return b'', '', {}
    (status,) = probe.diagnostics[-1].status
    return status.level, status.message, {pair.key: pair.value for pair in status.values}


def test_fault_25_a_board_that_reboots_is_named_and_flies_only_on_request(
    start, controller, probe, board
):
    running = start('controller_node', controller=controller, chip=board.endpoint.name, **LIVE)
    take_off(probe)
    board.strike = board.firmware.reboot
    keep_flying(probe, lambda: not any(probe.commands[-1].velocity), 'the safe command')
    keep_flying(probe, lambda: 'boot count 2, was 1' in diagnosis(probe)[1], 'the reason')
    count = len(probe.commands)
    keep_flying(probe, lambda: len(probe.commands) > count + 25, 'half a second')
    assert not any(any(each.velocity) for each in probe.commands[count:])
    assert board.firmware.device.state != State.ARMED
    assert int(diagnosis(probe)[2]['link reconnects']) >= 1
    warned = [line for line in running.text.splitlines() if '[WARN]' in line]
    assert sum('boot count 2, was 1; arm it to go on' in line for line in warned) == 1
    assert probe.call(Trigger, 'controller_node/reset').success
    take_off(probe)


def test_fault_27_beyond_the_budget_of_its_calibration_a_chip_is_not_armed(
    start, controller, bundle, probe, exact_calibration, tmp_path
):
    path, dead = tmp_path / 'chip.calibration', Fault(0, 11, 9, 2, 'dead')
    known = replace(exact_calibration('sim-2', bundle.program), faults=(dead,))
    save_calibration(path, known)
    chip = "'sim:?seed=2&temperature_c=36'"
    running = start('controller_node', controller=controller, chip=chip, calibration=path, **LIVE)
    keep_flying(probe, lambda: probe.shadows, 'a dry run')
    keep_flying(probe, lambda: diagnosis(probe)[0] == b'\x02', 'an error')
    reason = 'chip at 36.0 degC, calibrated at 25.0: calibrate it again'
    assert reason in diagnosis(probe)[1]
    assert diagnosis(probe)[2]['chip elements dead or stuck'] == str(dead)
    refused = probe.call(SetBool, 'controller_node/enable', data=True)
    assert (refused.success, refused.message) == (False, reason)
    assert f'enable refused: {reason}' in running.text
    assert probe.commands == []
