"""Loads the image of a program into a board: sent in pieces, verified, then made active."""

from zlib import crc32

from pkan_control.bridge.codes import Capability, MessageKind, Status
from pkan_control.bridge.frame import MAX_RAW
from pkan_control.bridge.messages import Commit, ProgramBegin, ProgramData, Slot
from pkan_control.bridge.responses import (
    BoardError,
    LinkTimeoutError,
    read_response,
    unpack_response,
)
from pkan_control.bridge.session import Session
from pkan_control.common.errors import UserError
from pkan_control.networks.program import Program

SLOT = 0
CHUNK_OVERHEAD = 8 + 8 + 4
# Timeout of a window of pieces, and windows without progress until loading fails.
WINDOW_S, STALLS = 0.4, 3
# A board takes longer to verify and apply a large program than for other requests.
SLOW_TRIES_S = (1.0, 2.0, 4.0)


def check_fit(session: Session, program: Program) -> None:
    """Raise a `UserError` for a program that the board cannot hold, with need and limit."""
    hello, shape = session.link.hello, program.shape
    edges = sum(codes.shape[0] * codes.shape[1] for codes in program.layers)
    wanted = (shape[0], shape[-1], edges, max(codes.shape[2] for codes in program.layers))
    there = (hello.max_in, hello.max_out, hello.max_edges, hello.k_max)
    names = ('inputs', 'outputs', 'edges', 'elements in an edge')
    for name, need, has in zip(names, wanted, there, strict=True):
        if need > has:
            raise UserError(f'{session.link.name}: {need} {name}: the board has {has}')
    if not hello.capabilities & Capability.DETECTORS:
        raise UserError(
            f'{session.link.name}: the board sums waves (capabilities '
            f'0x{hello.capabilities:X}): programs need magnitudes (0x{Capability.DETECTORS:X})'
        )


def load_image(session: Session, image: bytes) -> int:
    """Make an image the active program, or leave the old one; return the checksum."""
    crc = crc32(image)
    chunk = min(session.link.hello.mtu, MAX_RAW) - CHUNK_OVERHEAD
    begun = session.request(
        MessageKind.PROGRAM_BEGIN, ProgramBegin(SLOT, 0, chunk, len(image), crc)
    )
    _send(session, image, begun.offset, chunk)
    verified = session.request(MessageKind.VERIFY, Slot(SLOT), SLOW_TRIES_S)
    if verified.crc != crc:
        raise BoardError(f'{session.link.name}: program 0x{verified.crc:08X}, sent 0x{crc:08X}')
    if verified.unrealisable:
        raise BoardError(
            f'{session.link.name}: {verified.unrealisable} of {verified.elements} elements '
            'cannot be realised'
        )
    session.request(MessageKind.COMMIT, Commit(SLOT, crc), SLOW_TRIES_S)
    # A board that reconnects is compared with this.
    session.link.hello = session.link.hello._replace(active_program_crc=crc)
    return crc


def _send(session: Session, image: bytes, offset: int, chunk: int) -> None:
    """Send all pieces from an offset on; after a loss continue at the board's next offset."""
    stalls = 0
    while offset < len(image):
        starts = range(offset, len(image), chunk)[: max(session.link.credit, 1)]
        pieces = [ProgramData(SLOT, start, image[start : start + chunk]) for start in starts]
        reached = _send_window(session, pieces)
        stalls = 0 if reached > offset else stalls + 1
        if stalls == STALLS:
            raise LinkTimeoutError(f'{session.link.name}: loading stalled at byte {offset}')
        offset = max(offset, reached)


def _send_window(session: Session, pieces: list[ProgramData]) -> int:
    reached = 0
    for frame in session.send_window(MessageKind.PROGRAM_DATA, pieces, WINDOW_S):
        if frame.status & 0x7F not in (Status.OK, Status.OFFSET_GAP):
            read_response(session.link.name, frame)
        reached = max(reached, unpack_response(session.link.name, frame).offset)
    return reached
