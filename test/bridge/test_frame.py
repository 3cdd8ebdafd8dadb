"""Frames: golden bytes, any chunking, junk, and damage that is counted and never believed."""

import itertools

import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.bridge.codes import MessageKind
from pkan_control.bridge.frame import (
    MAX_ENCODED,
    MAX_PAYLOAD,
    MAX_RAW,
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
