"""The firmware: each message, what it refuses, and bytes that mean nothing."""

from zlib import crc32

import numpy as np
import pytest

from pkan_control.boards.emulator.board import BOOT_US
from pkan_control.boards.emulator.firmware import Firmware
from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import (
    MAGIC,
    BoardState,
    EvaluationFlag,
    MessageKind,
    SafeReason,
    Status,
    TrimOperation,
)
from pkan_control.bridge.frame import RETRANSMISSION, Frame, encode
from pkan_control.bridge.layouts import EVENTS, ONE_INPUT, ONE_VALUE, REFUSAL, to_fixed
from pkan_control.chips.board.program_image import pack_program
from pkan_control.devices.deviations import Deviations, find_deviations

CHUNK = 1000
HALF = (ONE_INPUT // 2,) * 3


@pytest.fixture(scope='module')
def image(make_program):
    return pack_program(make_program((3, 4, 2)))


def load(bench, image, slot=0):
    crc = crc32(image)
    bench.ask(MessageKind.PROGRAM_BEGIN, m.ProgramBegin(slot, 0, CHUNK, len(image), crc))
    for start in range(0, len(image), CHUNK):
        bench.ask(
            MessageKind.PROGRAM_DATA, m.ProgramData(slot, start, image[start : start + CHUNK])
        )
    return bench.ask(MessageKind.COMMIT, m.Commit(slot, crc))


def state(bench):
    return bench.ask(MessageKind.STATE, m.Empty())[1]


def evaluate(bench, crc, x=HALF, deadline_us=20_000, mode=0):
    return bench.ask(MessageKind.EVALUATE, m.Evaluate(crc, deadline_us, mode, x))


def arm(bench, crc, action=(1, 2), watchdog_ms=200):
    return bench.ask(MessageKind.ARM, m.Arm(crc, watchdog_ms, action))


@pytest.fixture
def armed(bench, image):
    load(bench, image)
    assert arm(bench, crc32(image)) == (0, (BoardState.ARMED,))
    return bench


def test_from_boot_to_armed(make_bench, image):
    bench = make_bench()
    assert state(bench) == (BoardState.IDLE, 0, 0, 0)
    status, reply = load(bench, image)
    assert (status, reply.active_crc) == (0, crc32(image))
    assert state(bench).state == BoardState.PROGRAMMED
    assert arm(bench, crc32(image))[0] == 0
    assert bench.ask(MessageKind.DISARM, m.Empty()) == (0, (BoardState.PROGRAMMED,))


def test_nothing_is_answered_while_it_boots():
    firmware = Firmware(0, Deviations())
    hello = encode(Frame(MessageKind.HELLO, 0, 0, bytes(24)))
    assert firmware.receive(hello, BOOT_US - 1) == b''
    assert firmware.receive(hello, BOOT_US) != b''


@pytest.mark.parametrize(
    ('message', 'status', 'got', 'wanted'),
    [
        (m.Hello(1, 1, 1, 1200, 9, 0), Status.ARGUMENT, 1, MAGIC),
        (m.Hello(MAGIC, 2, 3, 1200, 9, 0), Status.VERSION, 3, 1),
        (m.Hello(MAGIC, 0, 0, 1200, 9, 0), Status.VERSION, 0, 1),
    ],
)
def test_a_wrong_hello_is_refused_with_both_values(bench, message, status, got, wanted):
    assert bench.ask(MessageKind.HELLO, message, 0) == (
        status,
        REFUSAL.pack(m.Refusal(got, wanted)),
    )


def test_a_repeated_hello_gives_the_same_session_and_a_new_one_ends_it(armed):
    again = armed.ask(MessageKind.HELLO, m.Hello(MAGIC, 1, 1, 1200, armed.nonce, 5), 0)[1]
    assert again.session == armed.session
    assert state(armed).state == BoardState.ARMED
    old = armed.session
    assert armed.hello().session != old
    assert state(armed)[:2] == (BoardState.SAFE, SafeReason.NEW_SESSION)
    status, payload = armed.ask(MessageKind.PING, m.Ping(0), session=old)
    assert (status, REFUSAL.unpack(payload)) == (Status.SESSION, (old, armed.session))


def test_watchdog_goes_safe_stays_safe_and_arms_again_on_request_only(armed, image):
    crc = crc32(image)
    for _ in range(10):
        armed.wait(190_000)
        assert armed.ask(MessageKind.PING, m.Ping(0))[0] == 0
    armed.wait(199_999)
    assert evaluate(armed, crc)[0] == 0
    armed.wait(200_000)
    assert state(armed)[:2] == (BoardState.SAFE, SafeReason.WATCHDOG)
    status, reply = evaluate(armed, crc)
    assert (status, reply.flags, reply.outputs) == (Status.SAFE, EvaluationFlag.SAFE_VALUE, (1, 2))
    assert arm(armed, crc)[0] == Status.SAFE
    assert load(armed, image)[0] == Status.SAFE
    assert state(armed).state == BoardState.SAFE
    assert armed.ask(MessageKind.DISARM, m.Empty()) == (0, (BoardState.PROGRAMMED,))
    assert arm(armed, crc)[0] == 0


def test_requests_that_are_refused_do_not_feed_the_watchdog(armed, image):
    armed.wait(150_000)
    assert evaluate(armed, 1)[0] == Status.WRONG_PROGRAM
    assert armed.ask(MessageKind.STATE, m.Empty())[0] == 0
    armed.wait(60_000)
    assert state(armed).state == BoardState.SAFE


def test_safe_works_in_any_state_and_session(make_bench, image):
    for prepare in (lambda b: None, lambda b: load(b, image)):
        bench = make_bench()
        prepare(bench)
        for _ in range(2):
            assert bench.ask(MessageKind.SAFE, m.Safe(9)) == (0, (BoardState.SAFE,))
        assert state(bench).safe_reason == 9


def test_an_evaluation_is_refused_for_what_is_wrong(armed, image):
    crc = crc32(image)
    assert evaluate(armed, crc, x=HALF[:2])[0] == Status.ARGUMENT
    status, payload = evaluate(armed, crc ^ 1)
    assert (status, REFUSAL.unpack(payload)) == (Status.WRONG_PROGRAM, (crc ^ 1, crc))
    assert evaluate(armed, crc, deadline_us=100)[0] == Status.DEADLINE
    assert evaluate(armed, crc, mode=7)[0] == Status.ARGUMENT
    assert evaluate(armed, crc, x=(ONE_INPUT + 1, 0, 0))[1].flags == EvaluationFlag.INPUT_CLIPPED


def test_averages_lower_the_noise(make_bench, image):
    bench = make_bench(find_deviations('good', node_noise=0.01))
    load(bench, image)
    spread = [
        np.std(
            [
                evaluate(bench, crc32(image), mode=mode, deadline_us=65_535)[1].outputs[0]
                for _ in range(200)
            ]
        )
        / ONE_VALUE
        for mode in (0, 4)
    ]
    assert 0.15 < spread[1] / spread[0] < 0.4


def test_arming_another_program_or_with_another_number_of_outputs_is_refused(bench, image):
    assert arm(bench, 0)[0] == Status.STATE
    load(bench, image)
    status, payload = arm(bench, 5)
    assert (status, REFUSAL.unpack(payload)) == (Status.WRONG_PROGRAM, (5, crc32(image)))
    assert arm(bench, crc32(image), action=(1,))[0] == Status.ARGUMENT
    assert arm(bench, crc32(image), watchdog_ms=0)[0] == Status.ARGUMENT


def test_a_program_goes_on_where_it_stopped_and_gaps_name_the_offset(bench, image):
    begin = m.ProgramBegin(1, 0, CHUNK, len(image), crc32(image))
    assert bench.ask(MessageKind.PROGRAM_BEGIN, begin)[1].offset == 0
    status, payload = bench.ask(MessageKind.PROGRAM_DATA, m.ProgramData(1, 50, b'abc'))
    assert (status, payload) == (Status.OFFSET_GAP, bytes(4))
    bench.ask(MessageKind.PROGRAM_DATA, m.ProgramData(1, 0, image[:100]))
    assert bench.ask(MessageKind.PROGRAM_DATA, m.ProgramData(1, 0, image[:100]))[1].offset == 100
    assert bench.ask(MessageKind.PROGRAM_BEGIN, begin)[1].offset == 100
    assert bench.ask(MessageKind.VERIFY, m.Slot(1))[0] == Status.OFFSET_GAP
    assert bench.ask(MessageKind.PROGRAM_BEGIN, begin._replace(flags=1))[1].offset == 0
    too_much = m.ProgramData(1, 0, bytes(len(image) + 1)[:1000])
    bench.ask(MessageKind.PROGRAM_BEGIN, begin._replace(length=10))
    assert bench.ask(MessageKind.PROGRAM_DATA, too_much)[0] == Status.ARGUMENT


def test_commit_is_atomic_whatever_was_wrong_with_the_new_image(armed, image):
    armed.ask(MessageKind.DISARM, m.Empty())
    crc = crc32(image)
    broken = bytearray(image)
    broken[40] ^= 1
    unrealisable = bytearray(image)
    unrealisable[32 + 4 + 4 + 2] = 0
    unrealisable[28:32] = crc32(unrealisable[32:]).to_bytes(4, 'little')
    for bad, status in ((broken, Status.UNSUPPORTED), (unrealisable, Status.ARGUMENT)):
        assert load(armed, bytes(bad), slot=1)[0] == status
        assert state(armed).program_crc == crc
        assert evaluate(armed, crc)[0] == 0
    wrong = armed.ask(MessageKind.COMMIT, m.Commit(1, 77))
    assert wrong == (Status.IMAGE_CRC, REFUSAL.pack(m.Refusal(77, crc32(unrealisable))))
    verified = armed.ask(MessageKind.VERIFY, m.Slot(1))[1]
    assert (verified.crc, verified.unrealisable) == (crc32(unrealisable), 1)
    false = m.ProgramBegin(1, 0, CHUNK, 4, 123)
    armed.ask(MessageKind.PROGRAM_BEGIN, false)
    armed.ask(MessageKind.PROGRAM_DATA, m.ProgramData(1, 0, b'abcd'))
    status, payload = armed.ask(MessageKind.VERIFY, m.Slot(1))
    assert (status, REFUSAL.unpack(payload)) == (Status.IMAGE_CRC, (crc32(b'abcd'), 123))


def test_a_reboot_in_the_middle_of_a_program_keeps_the_old_one(bench, image, make_program):
    load(bench, image)
    before = evaluate(bench, crc32(image))[1].outputs
    other = pack_program(make_program((3, 4, 2), seed=5))
    bench.ask(MessageKind.PROGRAM_BEGIN, m.ProgramBegin(0, 0, CHUNK, len(other), crc32(other)))
    bench.ask(MessageKind.PROGRAM_DATA, m.ProgramData(0, 0, other[:100]))
    bench.firmware.reboot(bench.now_us)
    bench.wait(BOOT_US)
    hello = bench.hello()
    assert (hello.boot_count, hello.reset_cause) == (2, 1)
    assert (hello.state, hello.active_program_crc) == (BoardState.PROGRAMMED, crc32(image))
    assert evaluate(bench, crc32(image))[1].outputs == before
    assert bench.ask(MessageKind.COMMIT, m.Commit(0, crc32(other)))[0] == Status.STATE


def test_readback_gives_the_active_image(bench, image):
    assert bench.ask(MessageKind.READBACK, m.Readback(0, 0, 10, 0))[0] == Status.ARGUMENT
    load(bench, image)
    read = b''
    while len(read) < len(image):
        read += bench.ask(MessageKind.READBACK, m.Readback(0, 0, 500, len(read)))[1].data
    assert read == image
    bench.ask(MessageKind.ABORT, m.Slot(0))
    assert bench.ask(MessageKind.READBACK, m.Readback(0, 0, 4, 0))[1].data == image[:4]


def test_trims_are_set_read_kept_through_a_reboot_and_cleared(bench, image):
    crc = crc32(image)
    load(bench, image)
    plain = evaluate(bench, crc)[1].outputs
    one = ((1 << 12, ONE_VALUE),)
    # The last two nodes are the outputs: half of the value, plus one.
    for node in (4, 5):
        assert bench.ask(MessageKind.TRIM, m.Trim(1, TrimOperation.SET, 1, node, one))[0] == 0
    trimmed = evaluate(bench, crc)[1].outputs
    step = ONE_VALUE * 6 / 4096
    np.testing.assert_allclose(trimmed, np.array(plain) / 2 + ONE_VALUE, 0, step)
    assert bench.ask(MessageKind.TRIM, m.Trim(1, TrimOperation.GET, 1, 5, ()))[1].values == one
    untouched = bench.ask(MessageKind.TRIM, m.Trim(0, TrimOperation.GET, 2, 0, ()))[1].values
    assert untouched == ((1 << 13, 0),) * 2
    bench.ask(MessageKind.TRIM, m.Trim(0, TrimOperation.STORE, 0, 0, ()))
    bench.firmware.reboot(bench.now_us)
    bench.wait(BOOT_US)
    bench.hello()
    np.testing.assert_allclose(evaluate(bench, crc)[1].outputs, trimmed, 0, 8 * step)
    bench.ask(MessageKind.TRIM, m.Trim(1, TrimOperation.CLEAR, 0, 0, ()))
    np.testing.assert_allclose(evaluate(bench, crc)[1].outputs, plain, 0, 8 * step)
    beyond = m.Trim(0, TrimOperation.SET, 2, 19, one * 2)
    assert bench.ask(MessageKind.TRIM, beyond)[0] == Status.ARGUMENT
    assert bench.ask(MessageKind.TRIM, beyond._replace(n=3))[0] == Status.LENGTH


def test_a_sweep_comes_in_events_and_can_be_stopped(bench, image):
    load(bench, image)
    job = m.Sweep(1, 0, 200, 3, 0, ONE_INPUT, 0, 0)
    number = bench.ask(MessageKind.SWEEP, job)[1].job
    readings = [
        EVENTS[MessageKind.SWEEP_DATA].unpack(f.payload) for f in bench.events if f.kind == 0x29
    ]
    assert [r.first for r in readings] == [0, 64, 128, 192]
    assert [r.last for r in readings] == [0, 0, 0, 1]
    assert {r.job for r in readings} == {number}
    bench.ask(MessageKind.SWEEP, job._replace(n=1000))
    bench.ask(MessageKind.SWEEP_ABORT, m.SweepJob(number + 1))
    bench.events.clear()
    bench.wait(1000)
    assert not [f for f in bench.events if f.kind == MessageKind.SWEEP_DATA]
    for wrong in (
        job._replace(first=20),
        job._replace(target=4),
        job._replace(n=0),
        job._replace(x1=ONE_INPUT + 1),
        job._replace(n=2000),
    ):
        assert bench.ask(MessageKind.SWEEP, wrong)[0] in (Status.ARGUMENT, Status.NO_RESOURCE)
    arm(bench, crc32(image))
    assert bench.ask(MessageKind.SWEEP, job)[0] == Status.STATE


def test_telemetry_comes_ten_times_a_second_or_as_often_as_asked(bench):
    for period_ms, expected in ((None, 10), (50, 20), (0, 0)):
        if period_ms is not None:
            bench.ask(MessageKind.TELEMETRY_PERIOD, m.Period(period_ms))
        bench.events.clear()
        for _ in range(1000):
            bench.wait(1000)
        assert abs(len(bench.events) - expected) <= 1
    assert bench.ask(MessageKind.TELEMETRY, m.Empty())[1].chip_temperature == 2500


def test_telemetry_tells_current_and_energy_of_the_program_that_runs(bench, image):
    idle = bench.ask(MessageKind.TELEMETRY, m.Empty())[1]
    assert (idle.current_ua, idle.energy_uj) == (0, 0)
    load(bench, image)
    drawing = bench.ask(MessageKind.TELEMETRY, m.Empty())[1]
    bench.wait(2_000_000)
    later = bench.ask(MessageKind.TELEMETRY, m.Empty())[1]
    assert later.current_ua == drawing.current_ua > 0
    power_uw = later.current_ua * later.vdd_mv * 1e-3
    assert later.energy_uj - drawing.energy_uj == pytest.approx(2 * power_uw, rel=0.1)


def test_a_chip_that_warms_up_tells_it(make_bench, image):
    bench = make_bench(Deviations(warming_c_s=10.0))
    load(bench, image)
    bench.wait(1_000_000)
    bench.ask(MessageKind.EVALUATE, m.Evaluate(crc32(image), 20_000, 0, HALF))
    told = bench.ask(MessageKind.TELEMETRY, m.Empty())[1].chip_temperature
    assert 3300 < told <= 3500


def test_what_a_request_asks_twice_is_done_once(bench, image):
    load(bench, image)
    frame = bench.frame(MessageKind.EVALUATE, m.Evaluate(crc32(image), 20_000, 0, HALF))
    assert bench.send(frame) == bench.send(frame._replace(flags=RETRANSMISSION))
    assert bench.ask(MessageKind.TELEMETRY, m.Empty())[1].evaluations == 1


def test_gaps_in_the_sequence_and_damage_are_counted(bench):
    bench.ask(MessageKind.PING, m.Ping(0))
    next(bench.sequence)
    bench.ask(MessageKind.PING, m.Ping(0))
    data = bytearray(encode(bench.frame(MessageKind.PING, m.Ping(0))))
    data[3] ^= 0x80
    assert bench.firmware.receive(bytes(data), bench.now_us) == b''
    bench.ask(MessageKind.PING, m.Ping(0))
    telemetry = bench.ask(MessageKind.TELEMETRY, m.Empty())[1]
    assert (telemetry.sequence_gaps, telemetry.crc_errors + telemetry.cobs_errors) == (2, 1)


def test_a_fault_stays_until_a_reboot_and_is_announced(armed):
    armed.firmware.board.fail(4)
    assert state(armed) == (BoardState.FAULT, SafeReason.FAULT, 4, armed.firmware.board.crc)
    (answer,) = armed.send(armed.frame(MessageKind.DISARM, m.Empty()))
    assert answer.status == Status.HARDWARE | 0x80
    assert armed.ask(MessageKind.SAFE, m.Safe(1))[1].state == BoardState.FAULT
    assert evaluate(armed, armed.firmware.board.crc)[0] & 0x7F == Status.HARDWARE


def test_unknown_kinds_short_payloads_and_other_versions_are_answered(bench):
    for frame, status in (
        (Frame(0x77, 1, bench.session), Status.UNSUPPORTED),
        (Frame(MessageKind.EVALUATE, 2, bench.session, b'abc'), Status.LENGTH),
        (Frame(MessageKind.PING, 3, bench.session, bytes(8), version=2), Status.VERSION),
    ):
        assert bench.send(frame)[0].status == status
    assert bench.send(Frame(MessageKind.PING, 4, bench.session, bytes(8), flags=8)) == []


def test_outputs_are_those_of_the_simulated_chip(make_bench, make_program, image):
    from pkan_control.chips.simulated import SimulatedChip

    deviations = find_deviations('typical')
    bench, chip = make_bench(deviations, seed=3), SimulatedChip(3, deviations)
    chip.program(make_program((3, 4, 2)))
    load(bench, image)
    for x in np.random.default_rng(0).integers(0, ONE_INPUT, (20, 3)):
        time_s = (bench.now_us - BOOT_US) * 1e-6
        reply = evaluate(bench, crc32(image), tuple(x.tolist()))[1]
        expected = to_fixed(chip.evaluate(x / ONE_INPUT, time_s, 1.0).tolist(), ONE_VALUE)
        assert reply.outputs == expected
        bench.now_us += 20_000
