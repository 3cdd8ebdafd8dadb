"""Faults of a chip and of its wire under the controller node as a process."""

import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from std_srvs.srv import SetBool, Trigger

from pkan_control.chips.calibration.calibration import save_calibration
from pkan_control.chips.calibration.self_test import ElementFault

LIVE = {'autostart': 'true', 'enable': 'true', 'state_timeout': 5.0}
# An emulated board that prints its states, and reboots on SIGUSR1.
BOARD = """
import signal
from pkan_control.cli.commands.emulate import stop_on_signals
from pkan_control.devices.deviations import Deviations
from pkan_control.boards.emulator.endpoint import TcpEndpoint, serve
from pkan_control.boards.emulator.firmware import Firmware
requested, printed = [], ['']
signal.signal(signal.SIGUSR1, lambda *_: requested.append(True))
def strike(firmware, now_us):
    if requested:
        requested.clear()
        firmware.reboot(now_us)
    if firmware.board.state.name != printed[-1]:
        printed.append(firmware.board.state.name)
        print(printed[-1], flush=True)
endpoint = TcpEndpoint('127.0.0.1', 0)
print(endpoint.name, flush=True)
serve(Firmware(7, Deviations()), endpoint, stop_on_signals(), strike)
endpoint.close()
"""


class Board:
    """A board in a process of its own: it must answer in time whatever the test does."""

    def __init__(self, folder):
        self.log = folder / 'board.log'
        with self.log.open('w') as out:
            self.process = subprocess.Popen([sys.executable, '-c', BOARD], stdout=out)

    @property
    def output(self) -> list[str]:
        """Its name, and all states that it has had."""
        return self.log.read_text().split()

    def reboot(self) -> None:
        self.process.send_signal(signal.SIGUSR1)


@pytest.fixture
def board(tmp_path, probe):
    board = Board(tmp_path)
    try:
        probe.wait(lambda: board.output, 'the board')
        yield board
    finally:
        board.process.terminate()
        assert board.process.wait(20) == 0


def rotors_turn(probe) -> bool:
    """Return whether the latest command turns the rotors."""
    return bool(probe.commands) and any(probe.commands[-1].velocity)


def diagnosis(probe) -> tuple[bytes, str, dict[str, str]]:
    """Return level, message and values of the latest diagnostics."""
    if not probe.diagnostics:
        return b'', '', {}
    (status,) = probe.diagnostics[-1].status
    return status.level, status.message, {pair.key: pair.value for pair in status.values}


@pytest.mark.slow
def test_fault_25_a_board_that_reboots_is_named_and_armed_only_on_request(
    start, controller, probe, board
):
    running = start('controller_node', controller=controller, chip=board.output[0], **LIVE)
    probe.send_until(lambda: rotors_turn(probe), 'turning rotors')
    assert board.output[-1] == 'ARMED'
    board.reboot()
    probe.send_until(lambda: not any(probe.commands[-1].velocity), 'the safe command')
    probe.send_until(lambda: 'boot count 2, was 1' in diagnosis(probe)[1], 'the reason')
    count = len(probe.commands)
    probe.send_until(lambda: len(probe.commands) > count + 25, 'half a second')
    assert not any(any(each.velocity) for each in probe.commands[count:])
    assert board.output.count('ARMED') == 1
    assert diagnosis(probe)[2]['link reconnects'] == '1'
    warned = [line for line in running.text.splitlines() if '[WARN]' in line]
    assert sum('boot count 2, was 1; arm it to go on' in line for line in warned) == 1
    assert probe.call(Trigger, 'controller_node/reset').success
    probe.send_until(lambda: rotors_turn(probe), 'turning rotors again')
    assert board.output.count('ARMED') == 2


def test_fault_27_beyond_the_budget_of_its_calibration_a_chip_is_not_armed(
    start, controller, controller_file, probe, exact_calibration, tmp_path
):
    path, dead = tmp_path / 'chip.calibration', ElementFault(0, 11, 9, 2, 'dead')
    known = replace(exact_calibration('sim-2', controller_file.policy), faults=(dead,))
    save_calibration(path, known)
    chip = "'sim:?seed=2&temperature_c=36'"
    running = start('controller_node', controller=controller, chip=chip, calibration=path, **LIVE)
    probe.send_until(lambda: probe.shadows, 'a dry run')
    probe.send_until(lambda: diagnosis(probe)[0] == b'\x02', 'an error')
    reason = 'chip at 36.0 degC, calibrated at 25.0: calibrate it again'
    assert reason in diagnosis(probe)[1]
    assert diagnosis(probe)[2]['chip elements dead or stuck'] == str(dead)
    refused = probe.call(SetBool, 'controller_node/enable', data=True)
    assert (refused.success, refused.message) == (False, reason)
    assert f'enable refused: {reason}' in running.text
    assert probe.commands == []
