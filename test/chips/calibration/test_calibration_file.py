"""The calibration file: whole, or refused in one line."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file

from pkan_control.chips.calibration.calibration import FORMAT, load_calibration, save_calibration
from pkan_control.chips.calibration.self_test import ElementFault
from pkan_control.common.errors import UserError


@pytest.fixture(scope='module')
def calibration(calibrated):
    return replace(calibrated[1], faults=(ElementFault(0, 1, 2, 0, 'dead'),))


@pytest.fixture
def path(tmp_path, calibration):
    path = tmp_path / 'made' / 'x.calibration'
    save_calibration(path, calibration)
    return path


def test_it_keeps_everything(path, calibration):
    found = load_calibration(path)
    for name in ('uid', 'program', 'date', 'temperature_c', 'faults', 'untested', 'sigma'):
        assert getattr(found, name) == getattr(calibration, name)
    assert (found.raw, found.trimmed) == (calibration.raw, calibration.trimmed)
    for one, other in zip(found.trims, calibration.trims, strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(found.twin, calibration.twin, strict=True):
        for field in ('physical', 'alive', 'gain', 'offset'):
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


def test_what_is_no_such_file_is_refused(tmp_path, refused):
    with refused('gone', 'no such file'):
        load_calibration(tmp_path / 'gone')
    path = tmp_path / 'x'
    path.write_bytes(b'nonsense')
    with refused(str(path), 'not a whole safetensors file'):
        load_calibration(path)
    save_file({'a': np.zeros(2)}, path)
    with refused('no manifest'):
        load_calibration(path)
    with path.open('wb') as file:
        file.truncate(FORMAT.max_bytes + 1)
    with refused(str(FORMAT.max_bytes)):
        load_calibration(path)


@pytest.mark.parametrize('wrong', [7, None, b'x'])
def test_a_path_of_another_type_is_no_fault_of_the_file(wrong, calibration, refused):
    for use in (load_calibration, lambda each: save_calibration(each, calibration)):
        with refused('calibration file: must be given as a path'):
            use(wrong)


def test_a_path_may_be_text(path, calibration):
    save_calibration(str(path), calibration)
    assert load_calibration(str(path)).uid == calibration.uid


def test_a_file_that_cannot_be_read_is_not_called_damaged(path, refused, monkeypatch):
    def deny(path):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr('pathlib.Path.read_bytes', deny)
    with refused('cannot read calibration file', str(path), 'Permission denied'):
        load_calibration(path)


def rewritten(path, change) -> None:
    """Write the file anew with another manifest and other tensors."""
    with safe_open(path, framework='np') as file:
        manifest = json.loads(file.metadata()['manifest'])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(manifest, tensors)
    save_file(tensors, path, {'manifest': json.dumps(manifest)})


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (lambda m, t: m.update(format_version=9), ['version 9', str(FORMAT.version)]),
        (lambda m, t: m.update(uid='sim-9'), ['checksum', 'does not match']),
        (lambda m, t: t['trim_gain_0'].fill(2), ['checksum', 'does not match']),
        (lambda m, t: t.pop('trim_gain_0'), ['checksum', 'does not match']),
        (lambda m, t: m.pop('checksum'), ['None']),
    ],
)
def test_what_was_tampered_with_is_refused_with_both_values(path, refused, change, words):
    rewritten(path, change)
    with refused(str(path), *words):
        load_calibration(path)


@given(st.data())
def test_any_damage_is_refused(calibrated, tmp_path_factory, data):
    path = tmp_path_factory.mktemp('damage') / 'x.calibration'
    save_calibration(path, calibrated[1])
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    with pytest.raises(UserError) as raised:
        load_calibration(path)
    assert '\n' not in str(raised.value)
