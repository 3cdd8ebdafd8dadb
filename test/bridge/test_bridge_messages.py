"""Every message survives its bytes; short payloads are refused, trailing bytes ignored."""

import pathlib
import re
from struct import calcsize
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.bridge.layouts import (
    DICTIONARY_CRC,
    EVENTS,
    REFUSAL,
    REQUESTS,
    RESPONSES,
    dictionary,
)

RANGES = {
    'B': (0, 2**8 - 1),
    'H': (0, 2**16 - 1),
    'I': (0, 2**32 - 1),
    'Q': (0, 2**64 - 1),
    'h': (-(2**15), 2**15 - 1),
    'i': (-(2**31), 2**31 - 1),
}
TABLES = {'request': REQUESTS, 'response': RESPONSES, 'event': EVENTS, 'refusal': {0: REFUSAL}}
LAYOUTS = [
    pytest.param(layout, id=f'{name} {getattr(kind, "name", "")}')
    for name, table in TABLES.items()
    for kind, layout in table.items()
]


def numbers(text: str):
    """Return strategies for the fields of a struct format."""
    for size, code in re.findall(r'(\d*)([a-zA-Z])', text):
        if code == 's':
            yield st.binary(min_size=int(size), max_size=int(size))
        elif code != 'x':
            yield st.integers(*RANGES[code])


@st.composite
def messages(draw, layout):
    fields = [draw(strategy) for strategy in numbers(layout.head)]
    if not layout.tail:
        return layout.message(*fields)
    if layout.count is not None:
        del fields[layout.count]
    most = 255 if layout.tail != 'B' else 200
    item = st.tuples(*numbers(layout.tail))
    values = draw(st.lists(item, max_size=min(most, 140)))
    if layout.tail == 'B':
        return layout.message(*fields, bytes(value for (value,) in values))
    single = len(layout.tail) == 1
    return layout.message(*fields, tuple(v[0] if single else v for v in values))


@pytest.mark.parametrize('layout', LAYOUTS)
@given(st.data(), st.binary(max_size=3))
def test_every_message_survives_its_bytes(layout, data, trailing):
    message = data.draw(messages(layout))
    payload = layout.pack(message)
    assert layout.unpack(payload) == message
    if layout.count is not None or not layout.tail:
        assert layout.unpack(payload + trailing) == message


@pytest.mark.parametrize('layout', LAYOUTS)
@given(st.data())
def test_a_short_payload_is_a_value_error(layout, data):
    payload = layout.pack(data.draw(messages(layout)))
    needed = calcsize('<' + layout.head) if layout.count is None else len(payload)
    for size in range(min(needed, 40)):
        with pytest.raises(ValueError, match=r'must be (at least )?\d'):
            layout.unpack(payload[:size])


@pytest.mark.parametrize('layout', LAYOUTS)
@given(st.binary(max_size=300))
def test_any_payload_is_a_message_or_a_value_error(layout, payload):
    try:
        message = layout.unpack(payload)
    except ValueError:
        return
    assert layout.unpack(layout.pack(message)) == message


def test_the_dictionary_is_the_one_that_is_published():
    text = (pathlib.Path(__file__).parents[2] / 'doc' / 'bridge_protocol.md').read_text()
    assert crc32(dictionary().encode()) == DICTIONARY_CRC
    assert f'{DICTIONARY_CRC:08X}' in text
    for line in dictionary().splitlines():
        assert line in text, line
