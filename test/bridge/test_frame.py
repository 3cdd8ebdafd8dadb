"""Frames: golden bytes, any chunking, junk, and damage that is counted and never believed."""

import itertools
from zlib import crc32

import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.bridge.codes import MessageKind
from pkan_control.bridge.frame import (
    EVENT,
    MAX_ENCODED,
    MAX_PAYLOAD,
    MAX_RAW,
    RESPONSE,
    RETRANSMISSION,
    WILDCARD,
    Decoder,
    Frame,
    encode,
)
from pkan_control.bridge.layouts import REQUESTS
from pkan_control.bridge.messages import Evaluate, Safe

GOLDEN = {
    'EVALUATE': (
        Frame(
            MessageKind.EVALUATE,
            0x0102,
            0xBEEF,
            REQUESTS[MessageKind.EVALUATE].pack(
                Evaluate(0xDEADBEEF, 1500, 2, (0x4000, 0x2000, 0x8000, 0))
            ),
        ),
        '07 10 20 02 01 ef be 01 09 ef be ad de dc 05 04 02 02 40 02 20 02 80 01 05 '
        '9c 1a e8 29 00',
    ),
    'SAFE': (
        Frame(MessageKind.SAFE, 0, WILDCARD, REQUESTS[MessageKind.SAFE].pack(Safe(1))),
        '03 10 0f 01 03 ff ff 01 06 01 98 b5 8f f0 00',
    ),
}
FRAMES = st.builds(
    Frame,
    st.integers(0, 255),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFF),
    st.binary(max_size=MAX_PAYLOAD),
    st.integers(0, 15),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, 15),
)


@pytest.mark.parametrize('name', GOLDEN)
def test_golden_frames(name):
    frame, text = GOLDEN[name]
    assert encode(frame) == bytes.fromhex(text)
    assert Decoder().feed(bytes.fromhex(text)) == [frame]


@given(st.lists(FRAMES, max_size=4), st.lists(st.integers(1, 3000), max_size=30))
def test_fault_24_any_chunking_gives_the_same_frames(frames, cuts):
    data, decoder, decoded = b''.join(map(encode, frames)), Decoder(), []
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(places):
        decoded += decoder.feed(data[start:end])
    assert decoded == frames
    assert decoder.errors.total == 0


def test_fault_24_worst_stuffing_and_longest_payload():
    for payload in (bytes(MAX_PAYLOAD), b'\x01' * MAX_PAYLOAD, b'\xff' * MAX_PAYLOAD):
        data = encode(Frame(1, 2, 3, payload))
        assert len(data) <= MAX_ENCODED + 1
        assert Decoder().feed(data)[0].payload == payload
    with pytest.raises(ValueError, match='at most'):
        encode(Frame(1, 2, 3, bytes(MAX_PAYLOAD + 1)))


@given(FRAMES, st.binary(max_size=4000))
def test_fault_24_junk_before_a_delimiter_costs_no_frame(frame, junk):
    decoder = Decoder()
    before = decoder.feed(junk + b'\0')
    assert decoder.feed(encode(frame)) == [frame]
    assert not before


def test_fault_24_endless_bytes_without_delimiter_take_no_memory_and_count_once():
    decoder = Decoder()
    for _ in range(1000):
        assert decoder.feed(b'\x07' * 1000) == []
        assert len(decoder._rest) <= MAX_ENCODED
    assert decoder.feed(b'\0' + encode(Frame(1, 2, 3))) == [Frame(1, 2, 3)]
    assert decoder.errors.length == decoder.errors.total == 1


def test_fault_24_short_long_and_false_frames_are_counted_by_reason():
    decoder = Decoder()
    whole = encode(Frame(1, 2, 3, b'abc'))
    assert decoder.feed(b'\x02\x07\0') == []
    assert decoder.feed(whole[:-2] + bytes([whole[-2] ^ 1, 0])) == []
    assert decoder.feed(b'\xff\x01\0') == []
    assert decoder.feed(cobs.encode(bytes(MAX_RAW + 1)) + b'\0') == []
    errors = decoder.errors
    assert (errors.length, errors.crc, errors.cobs) == (2, 1, 1)


def test_every_header_field_has_its_place():
    frame = Frame(0x12, 0x3456, 0x789A, b'\xbc', 0xD, 0xEF, 0x21, 0x4)
    raw = cobs.decode(encode(frame)[:-1])
    assert raw[:-4].hex() == '4d1256349a78ef21bc'
    assert int.from_bytes(raw[-4:], 'little') == crc32(raw[:-4])
    assert Frame(1, 2, 3) == Frame(
        kind=1, sequence=2, session=3, payload=b'', flags=0, status=0, credit=0, version=1
    )


def test_sizes_are_those_of_the_protocol():
    assert (MAX_RAW, MAX_PAYLOAD, MAX_ENCODED) == (1200, 1188, 1205)
    assert (RESPONSE, EVENT, RETRANSMISSION, WILDCARD) == (8, 4, 2, 0xFFFF)


def test_a_payload_too_long_is_refused_with_both_sizes():
    encode(Frame(1, 2, 3, bytes(1188)))
    with pytest.raises(ValueError, match=r'^payload of 1189 bytes: at most 1188$'):
        encode(Frame(1, 2, 3, bytes(1189)))


def frame_without_zeros() -> Frame:
    """Return a longest frame whose encoded bytes are as many as there can be."""
    for number in range(256):
        frame = Frame(1, 0x0101, 0x0101, b'\x01' * 1187 + bytes([number]), 1, 1, 1, 1)
        if len(encode(frame)) == MAX_ENCODED + 1:
            return frame
    raise AssertionError


def test_the_longest_frame_is_kept_until_its_delimiter_comes():
    frame, decoder = frame_without_zeros(), Decoder()
    data = encode(frame)
    assert decoder.feed(data[:-1]) == []
    assert decoder.feed(data[-1:]) == [frame]
    assert decoder.errors.total == 0


def test_one_byte_more_is_skipped_to_its_delimiter_and_counted_once():
    frame, decoder = Frame(1, 2, 3, b'abc'), Decoder()
    assert decoder.feed(b'\x01' * (MAX_ENCODED + 1)) == []
    assert decoder.errors.length == 1
    # The rest would be a whole frame by itself.
    assert decoder.feed(encode(frame)) == []
    assert decoder.feed(encode(frame)) == [frame]
    assert (decoder.errors.length, decoder.errors.total) == (1, 1)


def reframed(raw: bytes) -> bytes:
    return cobs.encode(raw + crc32(raw).to_bytes(4, 'little')) + b'\0'


@pytest.mark.parametrize(('size', 'ok'), [(11, False), (12, True), (1200, True), (1201, False)])
def test_frames_have_12_to_1200_raw_bytes(size, ok):
    decoder = Decoder()
    frames = decoder.feed(reframed(b'\x10' + b'\x07' * (size - 5)))
    assert len(frames) == ok
    assert decoder.errors.length == (not ok)
    assert decoder.errors.total == (not ok)


def test_errors_are_counted_up_by_reason():
    decoder, whole = Decoder(), encode(Frame(1, 2, 3, b'abc'))
    wrong_crc = whole[:-2] + bytes([whole[-2] ^ 1, 0])
    for count in (1, 2, 3):
        decoder.feed(wrong_crc)
        decoder.feed(b'\xff\x01\0' * 2)
        decoder.feed(b'\x02\x07\0' * 3)
        errors = decoder.errors
        assert (errors.crc, errors.cobs, errors.length) == (count, 2 * count, 3 * count)
        assert errors.total == 6 * count
    assert decoder.feed(b'\0\0' + whole) == [Frame(1, 2, 3, b'abc')]
