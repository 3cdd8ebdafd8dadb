"""The reference decoder in C, against golden frames and the host's own decoder."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkan_control.bridge.codes import MessageKind
from pkan_control.bridge.frame import MAX_PAYLOAD, Decoder, Frame, encode
from pkan_control.bridge.layouts import REQUESTS
from pkan_control.bridge.messages import Evaluate

SOURCES = Path(__file__).parents[2] / 'firmware'
STRICT = ('-std=c99', '-Wall', '-Wextra', '-pedantic', '-Werror')
COMPILER = shutil.which('cc') or shutil.which('gcc')
GOLDEN = bytes.fromhex(
    '07 10 20 02 01 ef be 01 09 ef be ad de dc 05 04 02 02 40 02 20 02 80 01 05 9c 1a e8 29 00'
)

pytestmark = pytest.mark.skipif(COMPILER is None, reason='no C compiler (cc or gcc) on the path')


@pytest.fixture(scope='module')
def program(tmp_path_factory) -> Path:
    """Return the compiled decoder; every warning is an error, bad accesses end it."""
    path = tmp_path_factory.mktemp('firmware') / 'decode'
    files = [str(SOURCES / name) for name in ('decode.c', 'pkan_frame.c')]
    sanitise = '-fsanitize=address,undefined'
    for extra in ([sanitise, '-fno-sanitize-recover=all'], []):
        command = [str(COMPILER), *STRICT, '-O1', *extra, '-o', str(path), *files]
        if subprocess.run(command, capture_output=True).returncode == 0:
            return path
    pytest.fail('the decoder does not compile without warnings')


def decode(program: Path, data: bytes) -> list[str]:
    done = subprocess.run([program], input=data, capture_output=True, check=True)
    return done.stdout.decode().splitlines()


def expected(data: bytes) -> list[str]:
    """Return what the host's decoder makes of the same bytes, in the same words."""
    decoder, lines = Decoder(), []
    for f in decoder.feed(data):
        words = ['frame', f.version, f.flags, f.kind, f.sequence, f.session, f.status, f.credit]
        lines.append(' '.join([*map(str, words), f.payload.hex(), encode(f).hex()]))
    errors = decoder.errors
    return [*lines, f'errors {errors.crc} {errors.cobs} {errors.length}']


def test_the_golden_frame(program):
    line, errors = decode(program, GOLDEN)
    assert line.startswith('frame 1 0 32 258 48879 0 0 ')
    assert GOLDEN.hex() in line
    assert line.endswith(' evaluate deadbeef 1500 2 16384 8192 32768 0')
    assert errors == 'errors 0 0 0'


BYTE, WORD = st.integers(0, 0xFF), st.integers(0, 0xFFFF)
PAYLOADS = st.binary(max_size=300) | st.integers(0, MAX_PAYLOAD).map(bytes)
FRAMES = st.tuples(BYTE, WORD, WORD, PAYLOADS, st.integers(0, 15), BYTE, BYTE).map(
    lambda fields: Frame(*fields)
)
PIECES = st.lists(FRAMES.map(encode) | st.binary(max_size=40) | st.just(b'\0'), max_size=12)


@pytest.mark.slow
@settings(max_examples=100)
@given(PIECES)
def test_it_makes_the_same_of_any_bytes_as_the_host(program, pieces):
    data = b''.join(pieces) + b'\0'
    found = [line.partition(' evaluate ')[0] for line in decode(program, data)]
    assert found == expected(data)


@pytest.mark.slow
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 0xFFFF),
    st.lists(st.integers(0, 0xFFFF), max_size=255),
)
def test_every_evaluate_is_read(program, crc, deadline, inputs):
    payload = REQUESTS[MessageKind.EVALUATE].pack(Evaluate(crc, deadline, 3, tuple(inputs)))
    line, _ = decode(program, encode(Frame(MessageKind.EVALUATE, 1, 2, payload)))
    words = [f'{crc:08x}', str(deadline), '3', *map(str, inputs)]
    assert line.split(' evaluate ')[1].split() == words


@pytest.mark.slow
@given(st.binary(max_size=60))
def test_an_evaluate_that_lacks_bytes_is_not_read(program, payload):
    line, _ = decode(program, encode(Frame(MessageKind.EVALUATE, 1, 2, payload)))
    whole = len(payload) >= 8 and len(payload) >= 8 + 2 * payload[6]
    assert ('evaluate' in line) == whole
