"""A chip on a board is a chip like any other, over TCP and over a pty."""

import math
import threading
import time
from contextlib import closing

import numpy as np
import pytest

from pkan_control.boards.emulator.endpoint import TcpEndpoint
from pkan_control.boards.emulator.fault_plans import FaultPlan, FrameFault
from pkan_control.boards.emulator.fault_proxy import Cable, FaultLine, relay
from pkan_control.bridge.codes import BoardFault, BoardState, MessageKind
from pkan_control.bridge.layouts import ONE_INPUT, ONE_VALUE
from pkan_control.bridge.responses import BoardError, LinkLostError, LinkTimeoutError
from pkan_control.bridge.session import ThreadedSession
from pkan_control.bridge.transport import Tcp
from pkan_control.chips.board.board_chip import BoardChip
from pkan_control.chips.chip import Index
from pkan_control.chips.simulated import CONVERTER_NOISE_V, STEP_V, SimulatedChip
from pkan_control.chips.uri import open_chip
from pkan_control.control.controller import make_controller
from pkan_control.control.controller_file import load_controller_file
from pkan_control.devices.deviations import Deviations, find_deviations
from pkan_control.evaluation.controllers import shipped_controller
from pkan_control.evaluation.rollouts.rollout import Plan, run_controller
from pkan_control.tasks.task import find_task

# All flaws but the offset, whose drift follows the board's own clock.
STILL = find_deviations('typical', offset=0.0, dead=0.02)
LINKS = ('tcp', 'pty')
GRID = ONE_INPUT // 64
LONG_S = 2.0
# Six sigma of the converters of two readings, in V.
NOISE = 6 * math.sqrt(2) * CONVERTER_NOISE_V + STEP_V


@pytest.fixture(scope='module')
def program(make_program):
    return make_program((3, 5, 2), gain=40)


@pytest.fixture(params=LINKS)
def pair(request, run_board, program):
    """Return a chip on a board, and the same chip in process, both programmed."""
    with run_board(request.param, STILL) as (_, uri), open_chip(uri) as remote:
        local = SimulatedChip(7, STILL)
        for chip in (remote, local):
            chip.program(program)
        yield remote, local


@pytest.fixture
def board(run_board, program):
    with run_board() as (firmware, uri), open_chip(uri) as chip:
        chip.program(program)
        chip.arm(np.array([0.25, -0.5]))
        yield firmware, chip


def answer(chip, x=0.5, deadline_s=LONG_S):
    return chip.evaluate(np.full(3, x), 0.0, deadline_s)


def until(condition, limit_s=5.0):
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def stop_pings(chip):
    chip.session.link._pinged_s = float('inf')


def test_evaluations_are_those_of_the_simulated_chip(pair):
    remote, local = pair
    draw = np.random.default_rng(0)
    for chip in pair:
        chip.arm(np.zeros(2))
    for x in draw.integers(0, ONE_INPUT, (50, 3)) / ONE_INPUT:
        expected = local.evaluate(x, 0.0, LONG_S)
        np.testing.assert_allclose(remote.evaluate(x, 0.0, LONG_S), expected, 0, 0.5 / ONE_VALUE)
    assert remote.telemetry().evaluations == local.telemetry().evaluations == 50
    assert remote.telemetry().armed


def test_sweeps_are_those_of_the_simulated_chip(pair):
    remote, local = pair
    even, uneven = np.arange(0, 50) * GRID / ONE_INPUT, np.array([0, 5, 7]) * GRID / ONE_INPUT
    for target, index in (
        ('element', Index(0, 2, 4, 3)),
        ('edge', Index(1, 4, 1)),
        ('node', Index(1, 0, 1)),
    ):
        got, expected = (chip.sweep(target, index, even, 16) for chip in pair)
        np.testing.assert_allclose(got, expected, 0, 0.6 / ONE_VALUE)
    assert abs(remote.sweep('edge', Index(0, 1, 1), even, 4, drive=False)).max() < 0.01
    edge = Index(0, 1, 2)
    expected = local.sweep('edge', edge, uneven, 1024)
    np.testing.assert_allclose(remote.sweep('edge', edge, uneven, 1024), expected, 0, 2e-3)


def test_trims_are_those_of_the_simulated_chip(pair):
    draw = np.random.default_rng(1)
    for layer, shape in enumerate([(3, 5), (5, 2)]):
        gain, offset = draw.uniform(0.5, 1.5, shape), draw.uniform(-0.1, 0.1, shape)
        for chip in pair:
            chip.trim(layer, np.round(gain * 8192) / 8192, np.round(offset * 65536) / 65536)
    x = np.array([1, 20, 60]) * GRID / ONE_INPUT
    got, expected = (chip.evaluate(x, 0.0, LONG_S) for chip in pair)
    np.testing.assert_allclose(got, expected, 0, 0.5 / ONE_VALUE)


def test_a_batch_is_one_evaluation_after_the_other(board):
    _, chip = board
    x = np.linspace(0, 1, 12).reshape(2, 2, 3)
    np.testing.assert_allclose(
        chip.evaluate(x, 0.0, LONG_S)[1, 0], answer(chip, x[1, 0]), 0, NOISE
    )


def test_safe_answers_with_the_safe_action_until_armed(board):
    _, chip = board
    live = answer(chip)
    chip.safe()
    np.testing.assert_array_equal(answer(chip), [0.25, -0.5])
    assert not chip.telemetry().armed
    chip.arm(np.zeros(2))
    np.testing.assert_allclose(answer(chip), live, 0, NOISE)


def test_without_a_sign_of_life_the_board_goes_safe_and_stays_so(board):
    firmware, chip = board
    time.sleep(0.4)
    live = answer(chip)
    stop_pings(chip)
    until(lambda: firmware.board.state == 4)
    for _ in range(2):
        with pytest.raises(BoardError, match='went safe; arm it'):
            answer(chip)
    chip.arm(np.zeros(2))
    np.testing.assert_allclose(answer(chip), live, 0, NOISE)


def test_fault_25_after_a_reboot_it_flies_only_when_armed_again(board):
    firmware, chip = board
    live = answer(chip)
    firmware.reboot(firmware.board._fed_us)
    until(lambda: chip.session.link.statistics.reconnects == 1)
    for _ in range(2):
        with pytest.raises(LinkLostError, match='boot count 2, was 1; arm it'):
            answer(chip)
    chip.arm(np.zeros(2))
    np.testing.assert_allclose(answer(chip), live, 0, NOISE)


def test_fault_25_after_a_reboot_it_flies_with_its_trims(board):
    firmware, chip = board
    shape = chip._program.layers[-1].shape[:2]
    chip.trim(1, np.full(shape, 0.5), np.full(shape, 0.1))
    before = answer(chip)
    firmware.reboot(firmware.board._fed_us)
    until(lambda: chip.session.link.generation == 2)
    for refused_call in (
        lambda: chip.sweep('edge', Index(0), np.zeros(1), 1),
        lambda: chip.trim(1, np.ones(shape), np.zeros(shape)),
    ):
        with pytest.raises(LinkLostError, match='boot count 2, was 1; load its program again'):
            refused_call()
    chip.arm(np.zeros(2))
    np.testing.assert_allclose(answer(chip), before, 0, NOISE)
    assert len(firmware.board.memory.model.trims) == shape[0] * shape[1]


def test_fault_25_another_program_on_the_board_is_not_armed(board):
    _, chip = board
    chip._crc ^= 1
    with pytest.raises(BoardError, match=r'wrong program, 0x\w+ where 0x\w+ is wanted'):
        chip.arm(np.zeros(2))


def test_a_late_answer_is_a_timeout_and_is_dropped(board):
    firmware, chip = board
    live = answer(chip)
    with pytest.raises(TimeoutError, match=r'deadline|no answer'):
        answer(chip, deadline_s=0.0005)
    receive = firmware.receive
    firmware.receive = lambda data, now_us: time.sleep(0.1) or receive(data, now_us)
    begin = time.monotonic()
    with pytest.raises(TimeoutError, match=r'no answer to EVALUATE in 0\.0200 s'):
        answer(chip, 0.9, 0.02)
    assert time.monotonic() - begin < 0.1
    firmware.receive = receive
    until(lambda: chip.session.link.statistics.late >= 1)
    np.testing.assert_allclose(answer(chip), live, 0, NOISE)
    assert chip.session.link.statistics.retransmitted == 0


@pytest.mark.parametrize('x', [np.nan, -0.01, 1.01, np.inf])
def test_fault_26_inputs_out_of_range_never_reach_the_board(board, x):
    firmware, chip = board
    with pytest.raises(ValueError, match='must be in 0 to 1'):
        answer(chip, x)
    assert firmware.board.evaluations == 0


def test_latency_is_reported_and_a_slow_board_is_refused(board, refused):
    _, chip = board
    assert 2 * 504e-6 < chip.identity.latency_s < 0.1
    assert chip.identity.kind == 'emulator'
    chip.session.link.hello = chip.session.link.hello._replace(layer_latency_us=30_000)
    controller_file = load_controller_file(shipped_controller('drone_hover'))
    with refused('the control period is 20.0 ms'):
        make_controller(controller_file, chip)


def test_a_network_that_is_too_large_is_refused_with_both_numbers(board, make_program, refused):
    _, chip = board
    chip.session.link.hello = chip.session.link.hello._replace(max_in=4, k_max=2)
    with refused('5 inputs', 'has 4'):
        chip.program(make_program((5, 2), 2))
    with refused('3 elements', 'has 2'):
        chip.program(make_program((3, 2), 3))


def test_wrong_calls_are_refused_in_one_line(board, refused):
    _, chip = board
    with refused('safe action'):
        chip.arm(np.zeros(3))
    with refused('safe action'):
        chip.arm(np.array([np.nan, 0]))
    with refused('layer 2'):
        chip.trim(2, np.ones((3, 5)), np.zeros((3, 5)))
    with refused('trim 9'):
        chip.trim(0, np.full((3, 5), 9.0), np.zeros((3, 5)))
    with refused('averages=0'):
        chip.sweep('edge', Index(0), np.zeros(1), 0)
    with refused('source=3'):
        chip.sweep('edge', Index(0, 3), np.zeros(1), 1)
    with refused('SWEEP refused: state'):
        chip.sweep('edge', Index(0), np.zeros(1), 1)


def test_without_a_program_nothing_is_evaluated(run_board, refused):
    with run_board() as (_, uri), closing(open_chip(uri)) as chip, refused('no program'):
        answer(chip)


def test_a_second_host_is_turned_away(run_board, refused, program):
    with run_board() as (_, uri), closing(open_chip(uri)) as chip:
        chip.program(program)
        chip.arm(np.zeros(2))
        with refused(uri, 'is another host connected?'):
            open_chip(uri)
        answer(chip)


@pytest.mark.parametrize(
    ('uri', 'words'),
    [
        ('tcp://127.0.0.1:1', ('cannot open tcp://127.0.0.1:1', 'refused')),
        ('tcp://127.0.0.1', ('write tcp://127.0.0.1:7700',)),
        ('tcp://127.0.0.1:99999', ('write tcp://127.0.0.1:7700',)),
        ('tcp://127.0.0.1:7700/x', ('write tcp://127.0.0.1:7700',)),
        ('serial:///dev/no-such-port', ('cannot open serial:///dev/no-such-port',)),
        ('serial:///dev/null', ('cannot open serial:///dev/null',)),
        ('serial:ttyACM0', ('write serial:///dev/ttyACM0?baud=921600',)),
        ('serial:///dev/ttyACM0?speed=1', ('write serial:///dev/ttyACM0?baud=921600',)),
        ('serial:///dev/ttyACM0?baud=fast', ("baud='fast'", 'whole number')),
    ],
)
def test_a_board_that_cannot_be_opened_is_one_line(refused, uri, words):
    with refused(*words):
        open_chip(uri)


def test_a_port_that_answers_nothing_is_one_line(refused):
    endpoint = TcpEndpoint('127.0.0.1', 0)
    with closing(endpoint), refused(endpoint.name, 'no board answers: 3 HELLO in 0.7 s'):
        open_chip(endpoint.name)


def test_the_shipped_controller_hovers_on_a_board(run_board):
    controller_file, task = (
        load_controller_file(shipped_controller('drone_hover')),
        find_task('drone_hover'),
    )
    with run_board(deviations=find_deviations('typical')) as (firmware, uri):
        (record,) = run_controller(Plan(task, 1), controller_file, uri, 1, lambda done: None)
        assert record.score.success
        assert firmware.board.evaluations == 300
        until(lambda: firmware.board.state == 4)


@pytest.fixture
def faulty(run_board):
    """Return a chip behind a relay with faults, the board's firmware, and both lines."""
    rates = {
        FrameFault.FLIP: 0.02,
        FrameFault.TRUNCATE: 0.02,
        FrameFault.INSERT: 0.02,
        FrameFault.DROP: 0.02,
        FrameFault.DUPLICATE: 0.02,
        FrameFault.DELAY: 0.01,
    }
    lines = [FaultLine(FaultPlan(rates), way, 2) for way in ('up', 'down')]
    with run_board() as (firmware, uri):
        host, stop = TcpEndpoint('127.0.0.1', 0), threading.Event()
        transport = Tcp('127.0.0.1', int(uri.rpartition(':')[2]))
        wire = (Cable(host), transport, *lines, stop.is_set)
        thread = threading.Thread(target=relay, args=wire)
        thread.start()
        port = int(host.name.rpartition(':')[2])
        chip = BoardChip(ThreadedSession(host.name, lambda: Tcp('127.0.0.1', port)))
        yield chip, firmware, lines
        chip.session.close()
        stop.set()
        thread.join(10)
        transport.close()
        host.close()


@pytest.mark.slow
def test_fault_24_behind_faults_no_answer_is_wrong_and_each_fault_is_counted(faulty, program):
    chip, firmware, lines = faulty
    chip.program(program)
    local = SimulatedChip(7, Deviations())
    local.program(program)
    missed = 0
    for x in np.random.default_rng(0).integers(0, ONE_INPUT, (300, 3)) / ONE_INPUT:
        try:
            got = chip.evaluate(x, 0.0, 0.1)
        except TimeoutError:
            missed += 1
            continue
        np.testing.assert_allclose(got, local.evaluate(x, 0.0, 1.0), 0, NOISE)
    assert 5 < missed < 100
    stop_pings(chip)
    firmware._period_us = 0
    time.sleep(0.3)
    harm = (FrameFault.FLIP, FrameFault.TRUNCATE, FrameFault.INSERT)
    up, down = (sum(line.counts[fault] for fault in harm) for line in lines)
    assert (firmware.decoder.errors.total, chip.session.link.statistics.damaged) == (up, down)
    assert up > 0 < down


def test_a_board_that_is_given_up_is_told_until_it_is_safe(board, monkeypatch):
    firmware, chip = board
    firmware.board.memory.swap_program()
    ask, lost = chip.session.request_once, []

    def lossy(kind, message, wait_s):
        if kind == MessageKind.SAFE and len(lost) < 2:
            lost.append(kind)
            raise LinkTimeoutError('lost on the wire')
        return ask(kind, message, wait_s)

    monkeypatch.setattr(chip.session, 'request_once', lossy)
    states = []
    for _ in range(4):
        with pytest.raises(BoardError, match=r'wrong program.*; arm it to go on'):
            answer(chip)
        states.append(firmware.board.state)
    assert states == [BoardState.ARMED, BoardState.ARMED, BoardState.SAFE, BoardState.SAFE]


def test_fault_26_an_output_at_a_rail_is_told(board):
    _, chip = board
    assert chip.condition().warnings == ()
    shape = chip._program.layers[-1].shape[:2]
    chip.trim(len(chip._program.layers) - 1, np.ones(shape), np.full(shape, 10.0))
    chip.evaluate(np.full(chip._program.shape[0], 0.5), 0.0, 1.0)
    assert chip.condition().warnings == ('an output is at a rail',)


def test_what_a_board_tells_reaches_its_condition(board):
    firmware, chip = board
    firmware.board.memory.fail_element(Index(0))
    chip.evaluate(np.full(chip._program.shape[0], 0.5), 0.0, 1.0)
    assert chip.condition().warnings == ('an element in the path is dead',)
    assert chip.condition().counters['link requests sent'] > 5
    firmware.board.fail(BoardFault.TEMPERATURE)
    until(lambda: 'it is too hot' in chip.condition().warnings)
    assert chip.condition().temperature_c == 25.0


def test_a_board_that_adds_waves_is_refused(board, program, refused):
    _, chip = board
    chip.session.link.hello = chip.session.link.hello._replace(capabilities=0)
    with refused('waves', '0x0', '0x1'):
        chip.program(program)


def test_an_answer_of_a_board_that_began_anew_meanwhile_is_not_taken(board, monkeypatch):
    """The link comes back between the look at it and the question: nobody armed the board."""
    _, chip = board
    ask = chip.session.request_once

    def renewed(kind, message, wait_s):
        chip.session.link.generation += 1
        return ask(kind, message, wait_s)

    answer(chip)
    monkeypatch.setattr(chip.session, 'request_once', renewed)
    with pytest.raises(LinkLostError, match='arm it to go on'):
        answer(chip)
