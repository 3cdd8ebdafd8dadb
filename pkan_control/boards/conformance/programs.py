"""Checks of programs: load, verify, commit, read back; trims."""

from pkan_control.boards.conformance.bench import PIECE, Bench, Check, DeviationError, expect, hexa
from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import BoardState, MessageKind, Status, TrimOperation
from pkan_control.bridge.layouts import RESPONSES


def committed(bench: Bench) -> None:
    """Load, verify and commit; check state and checksum."""
    bench.upload(bench.image, bench.crc)
    verified = bench.expect_ok(MessageKind.VERIFY, m.Slot(0))
    expect('VERIFY: checksum', hexa(bench.crc), hexa(verified.crc))
    expect('VERIFY: elements that cannot be realised', 0, verified.unrealisable)
    bench.expect_ok(MessageKind.COMMIT, m.Commit(0, bench.crc))
    state = bench.state()
    expect('state', BoardState.PROGRAMMED, BoardState(state.state))
    expect('active program', hexa(bench.crc), hexa(state.program_crc))


def damaged(bench: Bench) -> None:
    """Send an image with another checksum than announced: the old program stays."""
    bench.load()
    image = bytearray(bench.image)
    image[-8] ^= 1
    bench.upload(bytes(image), bench.crc)
    bench.expect_refusal(Status.IMAGE_CRC, MessageKind.VERIFY, m.Slot(0))
    bench.expect_refusal(Status.IMAGE_CRC, MessageKind.COMMIT, m.Commit(0, bench.crc))
    expect('active program', hexa(bench.crc), hexa(bench.state().program_crc))


def gap(bench: Bench) -> None:
    """Send a piece too far ahead: refused, with the next offset."""
    bench.expect_ok(
        MessageKind.PROGRAM_BEGIN, m.ProgramBegin(0, 1, PIECE, len(bench.image), bench.crc)
    )
    answer = bench.expect_refusal(
        Status.OFFSET_GAP, MessageKind.PROGRAM_DATA, m.ProgramData(0, 16, b'x' * 8)
    )
    reply = RESPONSES[MessageKind.PROGRAM_DATA].unpack(answer.payload)
    expect('next offset', 0, reply.offset)


def resumed(bench: Bench) -> None:
    """Begin the same image again, without starting over."""
    begin = m.ProgramBegin(0, 1, PIECE, len(bench.image), bench.crc)
    bench.expect_ok(MessageKind.PROGRAM_BEGIN, begin)
    bench.expect_ok(MessageKind.PROGRAM_DATA, m.ProgramData(0, 0, bench.image[:64]))
    again = bench.expect_ok(MessageKind.PROGRAM_BEGIN, begin._replace(flags=0))
    expect('next offset', 64, again.offset)


def read_back(bench: Bench) -> None:
    """Read the active image back."""
    bench.load()
    data = b''
    for start in range(0, len(bench.image), PIECE):
        data += bench.expect_ok(MessageKind.READBACK, m.Readback(0, 0, PIECE, start)).data
    if data != bench.image:
        raise DeviationError('the image that was committed', f'{len(data)} other bytes')


def trims(bench: Bench) -> None:
    """Set trims, read them back, clear them."""
    bench.load()
    values = ((0x2100, 77), (-0x2000, -88))
    bench.expect_ok(MessageKind.TRIM, m.Trim(0, TrimOperation.SET, 2, 1, values))
    ask = m.Trim(0, TrimOperation.GET, 2, 1, ((0, 0), (0, 0)))
    expect('trims', values, bench.expect_ok(MessageKind.TRIM, ask).values)
    bench.expect_ok(MessageKind.TRIM, m.Trim(0, TrimOperation.CLEAR, 0, 0, ()))
    expect('trims once cleared', ((0x2000, 0),) * 2, bench.expect_ok(MessageKind.TRIM, ask).values)


def no_such_trim(bench: Bench) -> None:
    """Set the trim of an edge that the program does not have."""
    bench.load()
    far = m.Trim(0, TrimOperation.SET, 1, 60_000, ((0x2000, 0),))
    bench.expect_refusal(Status.ARGUMENT, MessageKind.TRIM, far)


CHECKS = (
    Check('a program is loaded, verified, committed', 'Program image', committed),
    Check('a damaged image leaves the old program', 'States of a board', damaged),
    Check('a gap is refused with the next offset', 'Statuses', gap),
    Check('an interrupted load is resumed', 'Layouts', resumed),
    Check('the active image can be read back', 'Layouts', read_back),
    Check('trims are set, read, cleared', 'Layouts', trims),
    Check('trims of no edge are refused', 'Statuses', no_such_trim),
)
