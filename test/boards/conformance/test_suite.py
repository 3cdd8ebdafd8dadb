"""The suite passes the emulator on each link, and finds the defects of broken firmware."""

import json
import threading
from contextlib import contextmanager

import pytest

from pkan_control.boards.conformance import CHECKS, conformance
from pkan_control.boards.conformance.bench import Bench, run
from pkan_control.boards.emulator import board as board_module
from pkan_control.boards.emulator.endpoint import PtyEndpoint, TcpEndpoint, serve
from pkan_control.boards.emulator.firmware import Firmware
from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import BoardState, MessageKind
from pkan_control.chips.uri import open_transport
from pkan_control.cli.main import main
from pkan_control.devices.deviations import Deviations, find_deviations


@contextmanager
def running(firmware: Firmware, endpoint):
    """Let a board run in a thread."""
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(firmware, endpoint, stop.is_set))
    thread.start()
    try:
        yield endpoint.name
    finally:
        stop.set()
        thread.join(10)
        endpoint.close()


def failed(firmware: Firmware, endpoint) -> dict[str, tuple[str, str]]:
    """Return what was expected and what came, by the name of each check that failed."""
    reported: list[int] = []
    with running(firmware, endpoint) as uri:
        verdicts = conformance(open_transport(uri), reported.append)
    assert reported == list(range(1, len(CHECKS) + 1))
    return {v.check.name: (v.expected, v.came) for v in verdicts if not v.passed}


@pytest.fixture
def tcp():
    return TcpEndpoint('127.0.0.1', 0)


@pytest.mark.slow
def test_an_emulator_over_tcp_passes(tcp):
    assert failed(Firmware(7, find_deviations('typical')), tcp) == {}


@pytest.mark.slow
def test_an_emulator_over_a_pty_passes(tmp_path):
    firmware = Firmware(7, find_deviations('typical'))
    assert failed(firmware, PtyEndpoint(tmp_path / 'board')) == {}


def without_watchdog(firmware, monkeypatch):
    monkeypatch.setattr(
        firmware.board,
        'tick',
        lambda now_us: (
            firmware.board._finish_boot() if firmware.board.state == BoardState.BOOT else None
        ),
    )


def arms_when_safe(firmware, monkeypatch):
    def arm(board, message, now_us):
        board.state = BoardState.PROGRAMMED
        return original(board, message, now_us)

    original = board_module.Board._arm
    monkeypatch.setitem(board_module.HANDLERS, MessageKind.ARM, arm)


def forgets_answers(firmware, monkeypatch):
    class Nothing(dict):
        def __setitem__(self, key, value):
            pass

    monkeypatch.setattr(firmware, '_remembered', Nothing())


def fed_by_anything(firmware, monkeypatch):
    handle = firmware.board.handle

    def fed(kind, message, now_us):
        firmware.board._fed_us = now_us
        return handle(kind, message, now_us)

    monkeypatch.setattr(firmware.board, 'handle', fed)


def silent_safe_action(firmware, monkeypatch):
    monkeypatch.setattr(firmware.board, '_safe_outputs', lambda: (0, 0))


def last_reading_unmarked(firmware, monkeypatch):
    event = firmware._event

    def unmarked(kind, message):
        if isinstance(message, m.SweepData):
            message = message._replace(last=0)
        return event(kind, message)

    monkeypatch.setattr(firmware, '_event', unmarked)


def accepts_short_payloads(firmware, monkeypatch):
    carry_out = firmware._carry_out

    def padded(frame, now_us):
        return carry_out(frame._replace(payload=frame.payload + bytes(8)), now_us)

    monkeypatch.setattr(firmware, '_carry_out', padded)


DEFECTS = {
    without_watchdog: 'the watchdog makes it safe',
    arms_when_safe: 'SAFE is latched until DISARM',
    forgets_answers: 'a repeated request is not carried out again',
    fed_by_anything: 'PING feeds the watchdog, STATE does not',
    silent_safe_action: 'SAFE is latched until DISARM',
    last_reading_unmarked: 'SWEEP gives all readings in order',
    accepts_short_payloads: 'missing payload bytes are refused',
}


@pytest.mark.parametrize(
    ('defect', 'name'), DEFECTS.items(), ids=lambda each: getattr(each, '__name__', '')
)
def test_a_defect_is_found_by_the_check_of_that_name(tcp, monkeypatch, defect, name):
    (check,) = (each for each in CHECKS if each.name == name)
    firmware = Firmware(7, Deviations())
    with running(firmware, tcp) as uri:
        bench = Bench(open_transport(uri))
        before = run(check, bench)
        defect(firmware, monkeypatch)
        verdict = run(check, bench)
        bench.close()
    assert before.passed
    assert not verdict.passed
    assert verdict.expected
    assert verdict.came


@pytest.mark.slow
def test_the_command_prints_a_table_and_its_exit_code_says_it_all(
    tcp, tmp_path, monkeypatch, capsys
):
    firmware = Firmware(7, Deviations())
    with running(firmware, tcp) as uri:
        for defect, code in ((None, 0), (silent_safe_action, 1)):
            if defect:
                defect(firmware, monkeypatch)
            path = tmp_path / 'checks.json'
            monkeypatch.setattr('sys.argv', ['pkan', 'conformance', uri, '--json', str(path)])
            with pytest.raises(SystemExit) as ended:
                main()
            assert (ended.value.code or 0) == code
            found = json.loads(path.read_text())
            assert found['passed'] == len(CHECKS) - code
            assert f'{found["passed"]} of {len(CHECKS)} passed' in capsys.readouterr().out


@pytest.mark.parametrize('uri', ['sim:?seed=1', 'tcp://127.0.0.1:1', 'nonsense'])
def test_what_is_no_board_is_refused(uri, refused):
    with refused(uri):
        open_transport(uri)
