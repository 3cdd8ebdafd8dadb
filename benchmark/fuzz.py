"""Throw damaged frames at the decoder, and wild payloads in valid frames at board and host.

Counts what was believed that is wrong, what whole frame was missed, and what raised. `--scale S`
throws a share of all, `--json FILE` writes the figures.
"""

import argparse
import json
import random
from pathlib import Path

import numpy as np

from pkan_control.boards.conformance.bench import small_program
from pkan_control.boards.emulator.firmware import Firmware
from pkan_control.boards.emulator.virtual_wire import VirtualWire
from pkan_control.bridge.codes import MessageKind
from pkan_control.bridge.frame import EVENT, MAX_PAYLOAD, RESPONSE, Decoder, Frame, encode
from pkan_control.bridge.layouts import RESPONSES
from pkan_control.bridge.link import Link
from pkan_control.bridge.messages import Ping
from pkan_control.bridge.port import Port
from pkan_control.bridge.session import Session
from pkan_control.chips.board.program_image import load_image, pack_program
from pkan_control.common.seeding import stream
from pkan_control.devices.deviations import find_deviations

DAMAGED_FRAMES, DAMAGED_SHARE = 200_000, 0.12
WILD_FRAMES, MOST_BYTES, BATCH = 1_000_000, 40, 100
STEP_US = 100
# Ways of damage; the fourth takes the delimiter, so that a frame runs into the next.
WAYS, MERGED = 6, 4
KINDS = [int(kind) for kind in MessageKind]


def damaged(data: bytes, how: int, draw: np.random.Generator) -> bytes:
    """Return a frame, its delimiter included, with one of six kinds of damage."""
    place = int(draw.integers(len(data) - 1))
    if how == 0:
        return data[:place] + bytes([data[place] ^ 1 << int(draw.integers(8))]) + data[place + 1 :]
    if how == 1:
        return data[: place + 1] + b'\0' if place < len(data) - 2 else b'\x01\0'
    if how == 2:
        return data[:place] + data[place + 1 :] if place else b'\x01\0'
    if how == 3:
        return draw.bytes(int(draw.integers(1, 40))).replace(b'\0', b'\1') + data
    if how == MERGED:
        return data[:-1]
    return data[:place] + b'\0' + data[place:] if place else b'\x01' + data


def damage_frames(total: int) -> dict[str, int]:
    """Count wrong frames that were believed, and whole ones that were not seen."""
    draw, decoder, wrong, missed, hits = stream(0, 'damaged frames'), Decoder(), 0, 0, 0
    merged = False
    for number in range(total):
        payload = number.to_bytes(4, 'little') + draw.bytes(int(draw.integers(0, MOST_BYTES)))
        frame = Frame(MessageKind.EVALUATE, number & 0xFFFF, 7, payload)
        data, hit = encode(frame), draw.random() < DAMAGED_SHARE
        how = int(draw.integers(WAYS))
        decoded = decoder.feed(damaged(data, how, draw) if hit else data)
        hits += hit
        wrong += any(each != frame for each in decoded)
        # Only a frame that ran into the one before may be lost though it is whole.
        missed += not hit and not merged and decoded != [frame]
        merged = hit and how == MERGED
    counted = decoder.errors.total
    return {'frames': total, 'damaged': hits, 'noticed': counted, 'wrong': wrong, 'missed': missed}


def wild_frame(number: int, session: int, flags: int, draw: np.random.Generator) -> Frame:
    """Return a valid frame whose payload, and sometimes kind and session, mean nothing."""
    kind = int(draw.integers(256)) if draw.random() < 0.05 else KINDS[draw.integers(len(KINDS))]
    payload = draw.bytes(int(draw.integers(0, MOST_BYTES)))
    if draw.random() < 0.3:
        payload = bytes(byte & 3 for byte in payload)
    if draw.random() < 0.05:
        session = int(draw.integers(65536))
    status = int(draw.choice([0, 1, 15, 130])) if flags & (RESPONSE | EVENT) else 0
    return Frame(kind, number & 0xFFFF, session, payload, flags, status)


def opened() -> tuple[VirtualWire, Port]:
    """Return a board with a program, and the host's end of the wire."""
    wire = VirtualWire(Firmware(7, find_deviations('typical')), 7)
    chance = random.Random(7)  # noqa: S311 (no secret)
    port = Port(Link('board', chance), wire.connect, wire.now_s, wire.sleep)
    load_image(Session(port), pack_program(small_program()))
    return wire, port


def wild_to_board(total: int) -> dict[str, int]:
    """Count exceptions in the board, and answers that do not follow the protocol."""
    wire, port = opened()
    board, draw, heard = wire.firmware, stream(0, 'wild requests'), Decoder()
    raised = wrong = 0
    for number in range(total):
        flags = int(draw.integers(16)) if draw.random() < 0.2 else 0
        frame = wild_frame(number, port.link.hello.session, flags, draw)
        try:
            answers = board.receive(encode(frame), wire.now_us + STEP_US * number)
        except Exception as error:
            raised += 1
            print(f'{frame}: {error!r}')
            continue
        wrong += not all(follows(answer) for answer in heard.feed(answers))
    return {'frames': total, 'raised': raised, 'wrong': wrong}


def follows(answer: Frame) -> bool:
    """Return whether an answer has the layout of its kind."""
    if answer.flags & EVENT or answer.status & 0x7F:
        return len(answer.payload) <= MAX_PAYLOAD
    try:
        RESPONSES[MessageKind(answer.kind)].unpack(answer.payload)
    except ValueError:
        return False
    return True


def wild_to_host(total: int) -> dict[str, int]:
    """Count exceptions in the host, and whether it still works after it all."""
    wire, port = opened()
    link, draw, raised = port.link, stream(0, 'wild answers'), 0
    for number in range(0, total, BATCH):
        flags = EVENT if draw.random() < 0.5 else RESPONSE
        session = link.hello.session
        frames = (wild_frame(number + i, session, flags, draw) for i in range(BATCH))
        try:
            link.receive(b''.join(map(encode, frames)), wire.now_s())
        except Exception as error:
            raised += 1
            print(repr(error))
    works = Session(port).request(MessageKind.PING, Ping(5)).t_host == 5
    return {'frames': total, 'raised': raised, 'wrong': int(not works)}


def main() -> None:
    """Throw and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').splitlines()[0])
    parser.add_argument('--scale', type=float, default=1.0)
    parser.add_argument('--json', type=Path)
    options = parser.parse_args()
    wild = round(WILD_FRAMES * options.scale)
    figures = {
        'damaged frames': damage_frames(round(DAMAGED_FRAMES * options.scale)),
        'wild payloads to the board': wild_to_board(wild),
        'wild payloads to the host': wild_to_host(wild),
    }
    for name, counts in figures.items():
        print(f'{name:28}' + ', '.join(f'{count:,} {what}' for what, count in counts.items()))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + '\n')


if __name__ == '__main__':
    main()
