"""Sealed files: paths of every kind, and messages that name the caller's mistake or the damage."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from pkan_control.common.sealed_files import SealedFormat

FORMAT = SealedFormat('sealed file', version=3, max_bytes=2000)
TENSORS = {'a': np.arange(3.0), 'b': np.ones((2, 2), np.int16)}


def as_it_is(manifest, tensors):
    return manifest, dict(tensors)


@pytest.fixture
def path(tmp_path) -> Path:
    FORMAT.write(tmp_path / 'x', {'name': 'n'}, TENSORS)
    return tmp_path / 'x'


@pytest.mark.parametrize('kind', [str, Path, os.fspath])
def test_what_is_written_comes_back(path, kind):
    checksum = FORMAT.write(kind(path), {'name': 'm'}, TENSORS)
    manifest, tensors = FORMAT.read(kind(path), as_it_is)
    assert manifest == {'format_version': 3, 'name': 'm', 'checksum': checksum}
    assert {name: (a.dtype, a.tolist()) for name, a in tensors.items()} == {
        name: (a.dtype, a.tolist()) for name, a in TENSORS.items()
    }


@pytest.mark.parametrize(
    ('value', 'found'), [(None, 'NoneType'), (3, 'int'), (b'x', 'bytes'), (object(), 'object')]
)
def test_another_type_than_a_path_is_named(refused, value, found):
    for use in (FORMAT.read, lambda value, _: FORMAT.write(value, {}, {})):
        with refused(f'sealed file: must be given as a path (str or Path), not {found}'):
            use(value, as_it_is)


def test_a_path_that_cannot_be_read_is_not_called_damaged(path, refused, monkeypatch):
    with refused(f'cannot read sealed file {path}/y: Not a directory'):
        FORMAT.read(path / 'y', as_it_is)
    with refused(f'sealed file {path.parent}: is not a file'):
        FORMAT.read(path.parent, as_it_is)
    with refused('sealed file none: no such file'):
        FORMAT.read('none', as_it_is)
    with refused("sealed file 'a\\x00b': a path has no null characters"):
        FORMAT.read('a\0b', as_it_is)

    def forbidden(_):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr(Path, 'read_bytes', forbidden)
    with refused(f'cannot read sealed file {path}: Permission denied'):
        FORMAT.read(path, as_it_is)


def test_a_cut_or_longer_file_is_refused_with_both_sizes(path, refused):
    data = path.read_bytes()
    for wrong in (data[:-1], data + b'x', data[:20], b''):
        path.write_bytes(wrong)
        with refused(f'sealed file {path}: not a whole safetensors file ({len(wrong)} bytes'):
            FORMAT.read(path, as_it_is)
    path.write_bytes(data + bytes(FORMAT.max_bytes))
    with refused('at most 2000'):
        FORMAT.read(path, as_it_is)


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        (None, 'has no manifest: it is not a sealed file'),
        ('{', 'damaged: its manifest is not JSON'),
        ('[' * 10**4, 'damaged: its manifest is not JSON'),
        ('[1]', 'damaged: its manifest is no JSON object, but list'),
        ('{"format_version": 4}', 'format version 4: this release reads 3'),
        ('{"format_version": 3, "checksum": "c"}', "does not match the stored 'c'"),
    ],
)
def test_a_damaged_or_foreign_manifest_is_refused(tmp_path, refused, monkeypatch, text, words):
    metadata = None if text is None else {'manifest': text}
    (tmp_path / 'y').write_bytes(save(TENSORS, metadata))
    with refused(words):
        SealedFormat('sealed file', 3, 20_000).read(tmp_path / 'y', as_it_is)


def test_a_changed_number_is_damage(path, refused):
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with refused('damaged: checksum', 'does not match'):
        FORMAT.read(path, as_it_is)


def test_unexpected_content_of_a_whole_file_is_not_called_damaged(path, refused):
    with refused(f"sealed file {path}: has no 'size'"):
        FORMAT.read(path, lambda manifest, tensors: manifest['size'])
    with refused(f'sealed file {path}: unexpected content (TypeError'):
        FORMAT.read(path, lambda manifest, tensors: manifest['name'] + 1)


def test_a_number_that_json_does_not_have_is_refused(path, refused):
    before = path.read_bytes()
    with refused('sealed file', 'all numbers must be finite'):
        FORMAT.write(path, {'name': float('nan')}, TENSORS)
    with refused('bytes, allowed are 2000'):
        FORMAT.write(path, {'name': 'n' * 2000}, TENSORS)
    assert path.read_bytes() == before


def test_the_order_of_keys_changes_nothing(tmp_path):
    for name, keys in (('x', 'ab'), ('y', 'ba')):
        FORMAT.write(tmp_path / name, dict.fromkeys(keys, 1), TENSORS)
    assert (tmp_path / 'x').read_bytes() == (tmp_path / 'y').read_bytes()
    assert json.loads(json.dumps(FORMAT.read(tmp_path / 'x', as_it_is)[0]))['a'] == 1
