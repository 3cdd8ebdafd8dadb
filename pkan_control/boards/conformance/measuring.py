"""Checks of measurements: evaluations, sweeps, telemetry."""

from pkan_control.boards.conformance.bench import (
    ANSWER_S,
    HALF,
    SHAPE,
    Bench,
    Check,
    DeviationError,
    expect,
    expect_values,
    hexa,
)
from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import DRIVE_OFF, MessageKind, Status
from pkan_control.bridge.layouts import RESPONSES

POINTS = 70


def evaluated(bench: Bench) -> None:
    """Evaluate twice without arming; check checksum, outputs and repeatability."""
    bench.load()
    replies = [bench.expect_ok(MessageKind.EVALUATE, bench.evaluation()) for _ in range(2)]
    for reply in replies:
        expect('checksum', hexa(bench.crc), hexa(reply.program_crc))
        expect('number of outputs', SHAPE[-1], len(reply.outputs))
    pairs = zip(replies[0].outputs, replies[1].outputs, strict=True)
    apart = max(abs(a - b) for a, b in pairs) / 65536
    if apart > 1:
        raise DeviationError('the same outputs again, within 1', f'{apart:.3f} apart')


def another_program(bench: Bench) -> None:
    """Evaluate with the checksum of another program."""
    bench.load()
    answer = bench.expect_refusal(
        Status.WRONG_PROGRAM, MessageKind.EVALUATE, bench.evaluation(crc=5)
    )
    expect_values(answer, 5, bench.crc)


def inputs(bench: Bench) -> None:
    """Evaluate with one input too many."""
    bench.load()
    wrong = bench.evaluation()._replace(inputs=(HALF,) * (SHAPE[0] + 1))
    bench.expect_refusal(Status.ARGUMENT, MessageKind.EVALUATE, wrong)


def deadline(bench: Bench) -> None:
    """Evaluate with a deadline of 1 us: it is counted as missed."""
    bench.load()
    before = bench.expect_ok(MessageKind.TELEMETRY, m.Empty()).deadline_misses
    bench.expect_refusal(
        Status.DEADLINE, MessageKind.EVALUATE, bench.evaluation()._replace(deadline_us=1)
    )
    after = bench.expect_ok(MessageKind.TELEMETRY, m.Empty()).deadline_misses
    expect('missed deadlines', before + 1, after)


def swept(bench: Bench) -> None:
    """Sweep an edge; check that all readings come in order, the last marked."""
    bench.load()
    bench.take_events(MessageKind.SWEEP_DATA)
    job = bench.expect_ok(MessageKind.SWEEP, m.Sweep(1, 2, POINTS, 0, 0, 2 * HALF - 1, 0, 0)).job
    bench.wait(ANSWER_S / 2)
    data = bench.take_events(MessageKind.SWEEP_DATA)
    expect('jobs', {job}, {each.job for each in data})
    begins = [each.first for each in data]
    sizes = [len(each.values) for each in data]
    expect('first readings', [sum(sizes[:i]) for i in range(len(sizes))], begins)
    expect('number of readings', POINTS, sum(sizes))
    expect('marked as last', [0] * (len(data) - 1) + [1], [each.last for each in data])


def undriven(bench: Bench) -> None:
    """Sweep an element with the drive off: its readings are near 0."""
    bench.load()
    bench.take_events(MessageKind.SWEEP_DATA)
    bench.expect_ok(MessageKind.SWEEP, m.Sweep(0, 6, 4, 0, 0, HALF, 0, DRIVE_OFF))
    bench.wait(ANSWER_S / 2)
    values = [
        abs(v) / 65536 for each in bench.take_events(MessageKind.SWEEP_DATA) for v in each.values
    ]
    if len(values) != 4 or max(values) > 0.2:
        raise DeviationError('4 readings of an element without drive, near 0', f'{values}')


def path(bench: Bench) -> None:
    """Sweep the path from the first input to the last output: it agrees with EVALUATE."""
    bench.load()
    wanted = bench.expect_ok(MessageKind.EVALUATE, bench.evaluation()).outputs[-1] / 65536
    bench.take_events(MessageKind.SWEEP_DATA)
    bench.expect_ok(MessageKind.SWEEP, m.Sweep(3, 4, 4, SHAPE[-1] - 1, HALF, HALF, 0, 0))
    bench.wait(ANSWER_S / 2)
    values = [v / 65536 for each in bench.take_events(MessageKind.SWEEP_DATA) for v in each.values]
    expect('number of readings', 4, len(values))
    apart = max(abs(value - wanted) for value in values)
    if apart > 1:
        raise DeviationError('what EVALUATE gives, within 1', f'{apart:.3f} apart')
    far = m.Sweep(3, 4, 4, SHAPE[0] * SHAPE[-1], HALF, HALF, 0, 0)
    bench.expect_refusal(Status.ARGUMENT, MessageKind.SWEEP, far)


def not_while_armed(bench: Bench) -> None:
    """Sweep while armed."""
    bench.load()
    bench.arm()
    bench.expect_refusal(Status.STATE, MessageKind.SWEEP, m.Sweep(1, 0, 2, 0, 0, HALF, 0, 0))


def telemetry(bench: Bench) -> None:
    """Request telemetry; receive it as periodic events; switch it off."""
    bench.expect_ok(MessageKind.TELEMETRY, m.Empty())
    bench.expect_ok(MessageKind.TELEMETRY_PERIOD, m.Period(50))
    bench.take_events(MessageKind.TELEMETRY)
    bench.wait(0.5)
    count = len(bench.take_events(MessageKind.TELEMETRY))
    if not 5 <= count <= 12:
        raise DeviationError('about 10 events in 0.5 s at a period of 50 ms', str(count))
    bench.expect_ok(MessageKind.TELEMETRY_PERIOD, m.Period(0))
    bench.take_events(MessageKind.TELEMETRY)
    bench.wait(0.3)
    expect('events at a period of 0', 0, len(bench.take_events(MessageKind.TELEMETRY)))
    bench.expect_ok(MessageKind.TELEMETRY_PERIOD, m.Period(100))


def damaged_counted(bench: Bench) -> None:
    """Check that telemetry counts a damaged frame."""
    counts = []
    for _ in range(2):
        frame = bench.request(MessageKind.TELEMETRY, m.Empty())
        data = RESPONSES[MessageKind.TELEMETRY].unpack(frame.payload)
        counts.append(data.crc_errors + data.cobs_errors)
        bench.expect_silence(b'\xff\x01\x02\x00')
    expect('damaged frames', counts[0] + 1, counts[1])


CHECKS = (
    Check('EVALUATE answers, armed or not', 'States of a board', evaluated),
    Check('EVALUATE of another program is refused', 'Statuses', another_program),
    Check('EVALUATE with too many inputs is refused', 'Statuses', inputs),
    Check('a deadline that cannot be met is missed', 'Statuses', deadline),
    Check('SWEEP gives all readings in order', 'States of a board', swept),
    Check('an element without drive gives nothing', 'Layouts', undriven),
    Check('SWEEP goes through the whole network', 'Layouts', path),
    Check('SWEEP is refused while armed', 'States of a board', not_while_armed),
    Check('TELEMETRY comes when asked, and in time', 'Layouts', telemetry),
    Check('damaged frames are counted', 'Frame', damaged_counted),
)
