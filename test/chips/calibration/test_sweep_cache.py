"""The cache: keeps whole records, drops a damaged last one, refuses foreign files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.chips.calibration.sweep_cache import SweepCache

ABOUT = {'uid': 'a', 'program': 'p'}
VALUES = [np.arange(6.0).reshape(2, 3) + n for n in range(4)]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / 'x.sweeps'
    cache = SweepCache(path, ABOUT)
    for job, values in enumerate(VALUES):
        cache.add(job, values)
    return path


def test_it_gives_back_every_bit(path):
    cache = SweepCache(path, ABOUT)
    assert len(cache) == 4
    for job, values in enumerate(VALUES):
        np.testing.assert_array_equal(cache.get(job), values)
    assert cache.get(4) is None
    cache.remove()
    assert not path.exists()


@given(st.data())
def test_a_cut_leaves_all_records_before_it(tmp_path_factory, data):
    path = tmp_path_factory.mktemp('cut') / 'x'
    cache, sizes = SweepCache(path, ABOUT), []
    for job, values in enumerate(VALUES):
        sizes.append(path.stat().st_size)
        cache.add(job, values)
    content = path.read_bytes()
    cut = data.draw(st.integers(sizes[0], len(content)))
    path.write_bytes(content[:cut])
    again = SweepCache(path, ABOUT)
    assert len(again) == sum(size <= cut for size in (*sizes[1:], len(content)))
    again.add(9, VALUES[0])
    np.testing.assert_array_equal(SweepCache(path, ABOUT).get(9), VALUES[0])


def test_one_of_another_chip_is_refused(path, refused):
    with refused(str(path), '"uid": "a"', '"uid": "b"', 'remove the file'):
        SweepCache(path, {**ABOUT, 'uid': 'b'})


def test_a_folder_is_refused(tmp_path, refused):
    with refused('cannot read or write'):
        SweepCache(tmp_path, ABOUT)


def test_a_path_may_be_text(path, refused):
    assert len(SweepCache(str(path), ABOUT)) == 4
    with refused('file of sweeps', 'not int'):
        SweepCache(7, ABOUT)


@pytest.mark.parametrize(
    'content', [b'notes without a newline', b'my notes\n', b'[1, 2]\n', b'7\n']
)
def test_a_file_that_holds_no_sweeps_is_left_alone(tmp_path, refused, content):
    path = tmp_path / 'notes'
    path.write_bytes(content)
    with refused(str(path), 'not a file of sweeps'):
        SweepCache(path, ABOUT)
    assert path.read_bytes() == content


def test_a_first_line_that_was_cut_is_written_again(tmp_path):
    path = tmp_path / 'x.sweeps'
    SweepCache(path, ABOUT)
    content = path.read_bytes()
    for size in (0, 5, len(content) - 1):
        path.write_bytes(content[:size])
        assert len(SweepCache(path, ABOUT)) == 0
        assert path.read_bytes() == content
