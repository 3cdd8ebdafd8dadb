"""The binary image of a program as boards hold it, and how it is loaded into one.

Defined under "Program image" in doc/bridge_protocol.md.

It holds capacitor codes, not frequencies, so that a board realises exactly what was trained.
"""

import math
from dataclasses import dataclass
from struct import Struct
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

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
from pkan_control.devices.element import Device, find_device
from pkan_control.networks.program import MAX_LAYERS, MAX_WIDTH, Program

MAGIC = b'PKIM'
VERSION = 1
# Element kinds by device, and the most elements of an edge: one bit of a mask each.
ELEMENT_KINDS = {'bandpass': 1}
MAX_K = 8
# Inputs and outputs are counted in one byte on the wire.
MAX_PORTS = 255
ONE = 1 << 16

# Magic, version, element kind, layers, K, inputs, outputs, clock in Hz, a and b of the input map
# 10**(a + b x) and the scale of the sigmoid in Q16.16, CRC-32 of all that follows.
_HEADER = Struct('<4sBBBBHHIiiII')
_LAYER = Struct('<HH')
_ELEMENT = np.dtype(
    [('gain', '<i2'), ('capacitors', 'u1', 4), ('input_capacitor', 'u1'), ('flags', 'u1')]
)


class ImageError(UserError):
    """Bytes that are not an image; `numbers` are the value found and the one wanted, if known."""

    def __init__(self, text: str, *numbers: int) -> None:
        """Take the text after 'image', and both values."""
        super().__init__(f'image {text}')
        self.numbers = numbers


@dataclass(frozen=True)
class Image:
    """The content of an image, and the number of elements that no chip can realise."""

    layers: tuple[NDArray[np.int16], ...]
    device: str
    squash_scale: float
    unrealisable: int

    @property
    def elements(self) -> int:
        """Number of elements."""
        return sum(math.prod(codes.shape[:3]) for codes in self.layers)

    def program(self) -> Program:
        """Return the program; raise a `UserError` if an element cannot be realised."""
        return Program(self.device, self.layers, self.squash_scale)


def pack_program(program: Program) -> bytes:
    """Return the image of a program; raise a `UserError` for one that an image cannot hold."""
    layers, shape = program.layers, program.shape
    elements = {codes.shape[2] for codes in layers}
    if program.device not in ELEMENT_KINDS:
        raise UserError(f'device {program.device}: boards have {", ".join(ELEMENT_KINDS)} only')
    if len(elements) > 1 or max(elements) > MAX_K:
        raise UserError(f'{sorted(elements)} elements in an edge: boards have one K up to {MAX_K}')
    if max(shape[0], shape[-1]) > MAX_PORTS:
        raise UserError(f'network of shape {shape}: boards have {MAX_PORTS} inputs and outputs')
    scale = round(program.squash_scale * ONE)
    if not 0 < scale < ONE * ONE:
        raise UserError(f'squash scale {program.squash_scale}: must be in {1 / ONE} to {ONE}')
    body = b''.join(_pack_layer(codes) for codes in layers)
    head = _HEADER.pack(
        MAGIC,
        VERSION,
        ELEMENT_KINDS[program.device],
        len(layers),
        max(elements),
        shape[0],
        shape[-1],
        *_constants(find_device(program.device)),
        scale,
        crc32(body),
    )
    return head + body


def _pack_layer(codes: NDArray[np.int16]) -> bytes:
    sources, targets, elements, _ = codes.shape
    cells = np.zeros((sources, targets), _edge(elements))
    cells['mask'], cells['elements'] = (1 << elements) - 1, elements
    cells['cells']['gain'] = codes[..., 0]
    cells['cells']['capacitors'] = codes[..., 1:]
    return _LAYER.pack(sources, targets) + cells.tobytes()


def _edge(elements: int) -> np.dtype[np.void]:
    return np.dtype(
        [('mask', 'u1'), ('elements', 'u1'), ('zero', '<u2'), ('cells', _ELEMENT, elements)]
    )


def _constants(device: Device) -> tuple[int, int, int]:
    clock_hz, a, b = device.constants[:3]
    return round(clock_hz), round(a * ONE), round(b * ONE)


def unpack_image(data: bytes) -> Image:
    """Return the content of an image; raise an `ImageError` for any other bytes."""
    data = bytes(memoryview(data))  # A `TypeError` for anything but bytes.
    if len(data) < _HEADER.size:
        raise ImageError(f'of {len(data)} bytes: at least {_HEADER.size}', len(data), _HEADER.size)
    magic, version, kind, count, elements, inputs, outputs, *rest = _HEADER.unpack_from(data)
    *constants, scale, identity = rest
    _equal('magic', int.from_bytes(magic), int.from_bytes(MAGIC), '08x')
    _equal('version', version, VERSION)
    names = {number: name for name, number in ELEMENT_KINDS.items()}
    if kind not in names:
        raise ImageError(f'with element kind {kind}: allowed are {list(names)}', kind, min(names))
    wanted = _constants(find_device(names[kind]))
    for name, got, want in zip(('clock', 'a', 'b'), constants, wanted, strict=True):
        _equal(name, got, want)
    _equal('CRC-32', crc32(data[_HEADER.size :]), identity, '08X')
    if not (1 <= count <= MAX_LAYERS and 1 <= elements <= MAX_K and scale):
        raise ImageError(f'with {count} layers, K {elements}, sigmoid scale {scale}')
    layers = _unpack_layers(data[_HEADER.size :], count, elements)
    _equal('inputs', inputs, layers[0].shape[0])
    _equal('outputs', outputs, layers[-1].shape[1])
    return Image(layers, names[kind], scale / ONE, _unrealisable(layers, names[kind]))


def _equal(name: str, got: int, wanted: int, show: str = 'd') -> None:
    if got != wanted:
        raise ImageError(f'with {name} {got:{show}}: must be {wanted:{show}}', got, wanted)


def _unpack_layers(data: bytes, count: int, elements: int) -> tuple[NDArray[np.int16], ...]:
    layers: list[NDArray[np.int16]] = []
    for _ in range(count):
        codes, data = _unpack_layer(data, elements)
        if layers:
            _equal('inputs of a layer', codes.shape[0], layers[-1].shape[1])
        layers.append(codes)
    _equal('bytes at the end', len(data), 0)
    return tuple(layers)


def _unpack_layer(data: bytes, elements: int) -> tuple[NDArray[np.int16], bytes]:
    if len(data) < _LAYER.size:
        raise _too_short('a layer', len(data), _LAYER.size)
    sources, targets = _LAYER.unpack_from(data)
    if not (1 <= sources <= MAX_WIDTH and 1 <= targets <= MAX_WIDTH):
        raise ImageError(f'with a layer {sources} x {targets}: must be 1 to {MAX_WIDTH}')
    size = _LAYER.size + sources * targets * _edge(elements).itemsize
    if size > len(data):
        raise _too_short(f'a layer {sources} x {targets}', len(data), size)
    edges = np.frombuffer(data[_LAYER.size : size], _edge(elements)).reshape(sources, targets)
    bits = (edges['mask'][..., None] >> np.arange(elements)) & 1
    codes = np.empty((sources, targets, elements, 5), np.int16)
    codes[..., 0] = edges['cells']['gain'] * bits
    codes[..., 1:] = edges['cells']['capacitors']
    return codes, data[size:]


def _too_short(what: str, there: int, wanted: int) -> ImageError:
    return ImageError(f'with {there} bytes left for {what}: must be {wanted}', there, wanted)


def _unrealisable(layers: tuple[NDArray[np.int16], ...], name: str) -> int:
    low, high = np.array(find_device(name).code_limits).T
    return sum(int(((codes < low) | (codes > high)).any(axis=-1).sum()) for codes in layers)


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
