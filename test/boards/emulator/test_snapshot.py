"""What a board keeps without power: all of it comes back, and another board's is refused."""

import json
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.boards.emulator.snapshot import load_snapshot, save_snapshot
from pkan_control.bridge import messages as m
from pkan_control.bridge.codes import BoardState, EvaluationFlag, MessageKind, TrimOperation
from pkan_control.bridge.layouts import ONE_INPUT
from pkan_control.chips.board.program_image import pack_program, unpack_image
from pkan_control.chips.chip import Index

TRIMS = ((0x2100, 77), (-0x2000, -88))


@pytest.fixture(scope='session')
def image(make_program):
    return pack_program(make_program((3, 4, 2)))


def evaluated(bench, image):
    bench.wait(20_000)
    bench.hello()
    inputs = (ONE_INPUT // 3,) * 3
    return bench.ask(MessageKind.EVALUATE, m.Evaluate(crc32(image), 60_000, 0, inputs))[1]


def used(bench, image):
    """Let a board have been used."""
    memory = bench.firmware.board.memory
    memory.load(1, image, unpack_image(image), crc32(image))
    bench.firmware.reboot(bench.now_us)
    bench.wait(20_000)
    bench.hello()
    bench.ask(MessageKind.TRIM, m.Trim(0, TrimOperation.SET, 2, 0, TRIMS))
    bench.ask(MessageKind.TRIM, m.Trim(0, TrimOperation.STORE, 0, 0, ()))
    memory.fail_element(Index(1, 2, 1, 3))
    bench.firmware.reboot(bench.now_us)
    return bench


def test_it_comes_back_as_it_was(make_bench, image, tmp_path):
    path, before, after = tmp_path / 'board.json', used(make_bench(), image), make_bench()
    save_snapshot(path, before.firmware, 'good')
    load_snapshot(path, after.firmware, 'good')
    after.firmware.reboot(after.now_us)
    a, b = evaluated(before, image), evaluated(after, image)
    assert a.outputs == b.outputs
    assert a.flags == b.flags == EvaluationFlag.DEAD_ELEMENT
    assert after.firmware.board.state == BoardState.PROGRAMMED
    assert after.firmware.board.boot_count == before.firmware.board.boot_count + 2
    ask = m.Trim(0, TrimOperation.GET, 2, 0, ((0, 0), (0, 0)))
    assert after.ask(MessageKind.TRIM, ask)[1].values == TRIMS


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ({'version': 2}, ('version 2', '1')),
        ({'uid': 'ff'}, ("uid 'ff'", '454d550007')),
        ({'preset': 'bad'}, ("preset 'bad'", "'good'")),
        ({'image': 'xyz'}, ('damaged',)),
        ({'image': '00'}, ('image of 1 bytes', '32')),
        ({'dead_elements': [[9, 0, 0, 0]]}, ('damaged',)),
    ],
    ids=str,
)
def test_what_is_not_of_this_board_is_refused(make_bench, image, tmp_path, refused, change, words):
    path, bench = tmp_path / 'board.json', used(make_bench(), image)
    save_snapshot(path, bench.firmware, 'good')
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with refused(str(path), *words):
        load_snapshot(path, make_bench().firmware, 'good')


@pytest.mark.parametrize(
    'dead', [[9, 0, 0, 0], [0, 3, 0, 0], [1, 0, 2, 0], [0, 0, 0, 4], [-1, 0, 0, 0]]
)
def test_damage_leaves_the_board_as_it_is(make_bench, image, tmp_path, refused, dead):
    path, bench = tmp_path / 'board.json', used(make_bench(), image)
    save_snapshot(str(path), bench.firmware, 'good')
    path.write_text(json.dumps(json.loads(path.read_text()) | {'dead_elements': [dead]}))
    fresh = make_bench().firmware
    with refused(str(path), 'damaged'):
        load_snapshot(str(path), fresh, 'good')
    assert (fresh.board.memory.model, fresh.board.boot_count) == (None, 1)


def test_mistakes_of_the_caller_are_no_damage(make_bench, image, tmp_path, refused):
    path, bench = tmp_path / 'board.json', used(make_bench(), image)
    save_snapshot(path, bench.firmware, 'good')
    with pytest.raises(AttributeError):
        load_snapshot(path, None, 'good')
    with refused('state of the board', 'not int'):
        load_snapshot(7, bench.firmware, 'good')
    with refused('cannot read state of the board', str(tmp_path)):
        load_snapshot(tmp_path, bench.firmware, 'good')
    for wrong in ('PKIM', None, 7):
        with pytest.raises(TypeError):
            unpack_image(wrong)


def test_a_dead_element_that_a_smaller_program_lacks_does_no_harm(make_bench, make_program):
    memory = make_bench().firmware.board.memory
    for shape in ((3, 4, 2), (2, 2), (3, 4, 2)):
        data = pack_program(make_program(shape))
        memory.load(0, data, unpack_image(data), crc32(data))
        memory.fail_element(Index(0, 2, 3, 1)) if shape == (3, 4, 2) else None
    assert memory.model.dead_in_path


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_in_one_line(make_bench, tmp_path_factory, attempt, data):
    path = tmp_path_factory.mktemp('state') / 'board.json'
    path.write_bytes(data)
    said = attempt(load_snapshot, path, make_bench().firmware, 'good')[1]
    assert str(path) in said
    assert said.isprintable()
