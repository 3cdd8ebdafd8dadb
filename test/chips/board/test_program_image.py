"""Programs as bytes: the same again, and everything else refused with both values."""

from dataclasses import replace
from struct import pack_into
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.chips.board.program_image import pack_program, unpack_image
from pkan_control.networks.program import Program

HEADER = 32


def sealed(image: bytearray) -> bytes:
    pack_into('<I', image, 28, crc32(image[HEADER:]))
    return bytes(image)


@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=5),
    st.integers(1, 8),
    st.integers(0, 99),
    st.floats(2**-16, 1000),
)
def test_a_program_survives_its_image(make_program, shape, elements, seed, scale):
    program = replace(make_program(tuple(shape), elements, seed), squash_scale=scale)
    image = unpack_image(pack_program(program))
    again = image.program()
    assert [codes.tolist() for codes in again.layers] == [c.tolist() for c in program.layers]
    assert abs(again.squash_scale - scale) <= 2**-17
    assert (image.unrealisable, image.elements) == (0, program.elements)


def test_the_size_is_that_of_the_protocol(make_program):
    image = pack_program(make_program((4, 10, 1), 6))
    assert len(image) == HEADER + 2 * 4 + 50 * (4 + 6 * 8)
    codes = make_program((4, 10, 1), 6).layers[0][0, 0, 0]
    first = image[HEADER + 4 :]
    assert first[:4] == bytes((0b111111, 6, 0, 0))
    assert int.from_bytes(first[4:6], 'little', signed=True) == codes[0]
    assert list(first[6:12]) == [*codes[1:], 0, 0]


@pytest.mark.parametrize(
    ('offset', 'layout', 'value', 'words'),
    [
        (0, '<I', 0, ('magic', '00000000', '504b494d')),
        (4, '<B', 2, ('version 2', '1')),
        (5, '<B', 9, ('element kind 9', '[1]')),
        (6, '<B', 0, ('0 layers',)),
        (6, '<B', 9, ('9 layers',)),
        (7, '<B', 9, ('K 9',)),
        (8, '<H', 5, ('inputs 5', 'must be 3')),
        (10, '<H', 5, ('outputs 5', 'must be 2')),
        (12, '<I', 3_000_000, ('3000000', '4000000')),
        (24, '<I', 0, ('sigmoid scale 0',)),
        (28, '<I', 7, ('CRC-32', '00000007')),
    ],
)
def test_a_wrong_header_is_refused_with_both_values(
    make_program, refused, offset, layout, value, words
):
    image = bytearray(pack_program(make_program((3, 4, 2))))
    pack_into(layout, image, offset, value)
    with refused(*words):
        unpack_image(bytes(image))


@pytest.mark.parametrize(
    ('bytes_off', 'words'),
    [(-1, ('291 bytes left', 'must be 292')), (5, ('bytes at the end 5', '0'))],
)
def test_a_wrong_size_is_refused_with_both_values(make_program, refused, bytes_off, words):
    image = pack_program(make_program((3, 4, 2)))
    changed = image[:bytes_off] if bytes_off < 0 else image + bytes(bytes_off)
    with refused(*words):
        unpack_image(sealed(bytearray(changed)))


def test_elements_that_no_chip_has_are_counted_and_not_loaded(make_program, refused):
    image = bytearray(pack_program(make_program((3, 4, 2))))
    pack_into('<h', image, HEADER + 8, 151)
    image[HEADER + 8 + 8 + 2] = 0
    unpacked = unpack_image(sealed(image))
    assert unpacked.unrealisable == 2
    with refused('gain', '150'):
        unpacked.program()


def test_an_element_that_the_mask_leaves_out_is_silent(make_program):
    image = bytearray(pack_program(make_program((3, 4, 2), 4, gain=100)))
    image[HEADER + 4] = 0b1011
    assert unpack_image(sealed(image)).program().layers[0][0, 0, 2, 0] == 0


@given(st.integers(0, 400), st.binary(max_size=20))
def test_any_bytes_are_an_image_or_refused_in_one_line(make_program, attempt, cut, tail):
    image = bytearray(pack_program(make_program((3, 4, 2)))[:cut] + tail)
    if len(image) > HEADER:
        image = bytearray(sealed(image))
    unpacked, refusal = attempt(unpack_image, bytes(image))
    assert (unpacked is None) == bool(refusal)
    assert refusal.isprintable()


@pytest.mark.parametrize(
    ('shape', 'elements', 'words'),
    [((3, 2), 9, ('[9]', '8')), ((256, 2), 1, ('256', '255')), ((2, 300), 1, ('300', '255'))],
)
def test_what_an_image_cannot_hold_is_refused(make_program, refused, shape, elements, words):
    with refused(*words):
        pack_program(make_program(shape, elements))


def test_one_k_for_all_layers(make_program, refused):
    two = make_program((3, 2), 2).layers + make_program((2, 2), 3).layers
    with refused('[2, 3]'):
        pack_program(Program('bandpass', two))


def test_a_squash_scale_beyond_the_wire_is_refused(make_program, refused):
    for scale in (1e-9, 1e6):
        with refused('squash scale'):
            pack_program(replace(make_program((2, 2)), squash_scale=scale))


def test_the_largest_image(make_program):
    program = make_program((255, 137), 6)
    image = pack_program(program)
    assert len(image) > 1.8e6
    np.testing.assert_array_equal(unpack_image(image).program().layers[0], program.layers[0])
