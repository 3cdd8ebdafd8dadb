"""The controller file: what is written comes back, and nothing else is ever loaded."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save

from pkan_control.common.sealed_files import checksum
from pkan_control.control.controller_file import (
    FORMAT,
    SELF_TEST_SEED,
    SELF_TEST_VECTORS,
    ControllerFile,
    facts,
    load_controller_file,
    save_controller_file,
)
from pkan_control.control.laws.drone import DroneLaw
from pkan_control.networks.mlp import Mlp

KINDS = ['bandpass', 'mlp']
LAW = DroneLaw(rate_hz=100.0, integral_gain=0.7)


@pytest.fixture(scope='module')
def controller_files(make_program) -> dict[str, ControllerFile]:
    draw = np.random.default_rng(0)
    mlp = Mlp(
        (draw.normal(size=(12, 5)), draw.normal(size=(5, 4))),
        (draw.normal(size=5), draw.normal(size=4)),
    )
    about = ({'seed': 3, 'steps': [1, 2]}, {'success_rate': 0.995})
    return {
        'bandpass': ControllerFile('drone_hover', LAW, 100.0, make_program((12, 3, 4), 2), *about),
        'mlp': ControllerFile('drone_hover', LAW, 100.0, mlp, *about),
    }


@pytest.fixture(scope='module')
def files(controller_files, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp('controllers')
    for kind, controller_file in controller_files.items():
        save_controller_file(folder / kind, controller_file)
    return {kind: folder / kind for kind in controller_files}


def content(controller_file: ControllerFile) -> tuple[Any, ...]:
    policy = controller_file.policy
    numbers = [(name, a.dtype, a.shape, a.tobytes()) for name, a in policy.tensors().items()]
    about = (policy.metadata(), controller_file.provenance, controller_file.results)
    return (
        controller_file.task,
        controller_file.law,
        controller_file.rate_hz,
        controller_file.device,
        numbers,
        about,
    )


def unpack(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    with safe_open(path, framework='np') as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return json.loads(file.metadata()['manifest']), tensors


@pytest.fixture
def forge(files, tmp_path) -> Callable[..., Path]:
    """Return what writes a changed file with a valid checksum."""

    def write(
        kind: str, change: Callable[[dict, dict], Any], seal: bool = True, text: str | None = None
    ) -> Path:
        manifest, tensors = unpack(files[kind])
        change(manifest, tensors)
        if seal:
            manifest['checksum'] = checksum(manifest, tensors)
        (tmp_path / 'forged').write_bytes(
            save(tensors, {'manifest': text or json.dumps(manifest)})
        )
        return tmp_path / 'forged'

    return write


@pytest.mark.parametrize('kind', KINDS)
def test_everything_comes_back(controller_files, files, kind):
    assert content(load_controller_file(files[kind])) == content(controller_files[kind])


@pytest.mark.parametrize('kind', KINDS)
def test_the_same_controller_is_the_same_file(controller_files, files, tmp_path, kind):
    save_controller_file(tmp_path / 'again', load_controller_file(files[kind]))
    assert (tmp_path / 'again').read_bytes() == files[kind].read_bytes()
    assert list(tmp_path.iterdir()) == [tmp_path / 'again']


def test_a_robot_that_cannot_fly_is_refused_with_file_and_reason(forge, refused):
    def grow(manifest: dict, tensors: dict) -> None:
        manifest['law']['parameters']['airframe']['mass'] = 1.0

    path = forge('mlp', grow)
    with refused(f'controller file {path}: parameters of law drone: max_speed: ', 'cannot hover'):
        load_controller_file(path)


def test_a_forged_file_that_changes_nothing_is_taken(forge):
    for kind in KINDS:
        load_controller_file(forge(kind, lambda manifest, tensors: None))


def test_stored_programs_compute_what_their_elements_do(controller_files, files, by_hand):
    program = load_controller_file(files['bandpass']).policy
    observation = np.linspace(-1, 1, 12)
    expected = by_hand(controller_files['bandpass'].policy, 1 / (1 + np.exp(-2 * observation)))
    np.testing.assert_allclose(program.evaluate(observation), expected, atol=1e-4)


@pytest.fixture
def check_damaged(attempt, tmp_path) -> Callable[[bytes, ControllerFile], None]:
    """Return what wants damage to be refused in one line, or to be without any meaning."""
    path = tmp_path / 'damaged'

    def check(data: bytes, wanted: ControllerFile) -> None:
        path.write_bytes(data)
        found, refusal = attempt(load_controller_file, path)
        assert refusal.isprintable()
        if refusal:
            assert str(path) in refusal
        else:
            assert content(found) == content(wanted)

    return check


DAMAGE = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize('kind', KINDS)
@DAMAGE
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_fault_11_no_flipped_byte_goes_unseen(
    controller_files, files, check_damaged, kind, place, flip
):
    data = bytearray(files[kind].read_bytes())
    data[int(place * len(data))] ^= flip
    check_damaged(data, controller_files[kind])


@pytest.mark.parametrize('kind', KINDS)
def test_no_flipped_bit_of_the_head_goes_unseen(controller_files, files, check_damaged, kind):
    data = files[kind].read_bytes()
    for place in range(400):
        damaged = bytearray(data)
        damaged[place] ^= 1 << place % 8
        check_damaged(damaged, controller_files[kind])


@pytest.mark.parametrize('kind', KINDS)
@DAMAGE
@given(share=st.floats(0, 1, exclude_max=True))
def test_fault_11_a_truncated_file_is_refused(files, tmp_path, refused, kind, share):
    data = files[kind].read_bytes()
    (tmp_path / 'short').write_bytes(data[: int(share * len(data))])
    with refused(str(tmp_path / 'short')):
        load_controller_file(tmp_path / 'short')


@DAMAGE
@given(data=st.binary(max_size=200))
def test_junk_is_refused(tmp_path, refused, data):
    (tmp_path / 'junk').write_bytes(data)
    with refused(str(tmp_path / 'junk')):
        load_controller_file(tmp_path / 'junk')


def test_fault_11_a_file_that_is_too_large_is_not_even_read(files, tmp_path, refused):
    (tmp_path / 'large').write_bytes(files['mlp'].read_bytes())
    os.truncate(tmp_path / 'large', FORMAT.max_bytes + 1)
    with refused(str(FORMAT.max_bytes + 1), f'at most {FORMAT.max_bytes}'):
        load_controller_file(tmp_path / 'large')


@pytest.mark.parametrize('name', ['missing', '', 'x' * 300], ids=['missing', 'folder', 'long'])
def test_a_missing_file_is_refused(tmp_path, refused, name):
    with refused():
        load_controller_file(tmp_path / name)


def test_a_safetensors_file_of_others_is_refused(tmp_path, refused):
    for metadata in (None, {'format': 'pt'}):
        (tmp_path / 'other').write_bytes(save({'a': np.zeros(3)}, metadata))
        with refused('manifest'):
            load_controller_file(tmp_path / 'other')


def test_fault_11_a_wrong_checksum_is_refused_with_both_values(forge, files, refused):
    right = unpack(files['mlp'])[0]['checksum']

    def spoil(manifest, tensors):
        manifest['checksum'] = 'f' * 64

    with refused(right, 'f' * 64):
        load_controller_file(forge('mlp', spoil, seal=False))


@pytest.mark.parametrize('kind', KINDS)
def test_a_changed_tensor_breaks_the_checksum(forge, refused, kind):
    def spoil(manifest, tensors):
        tensors[min(tensors)].flat[0] += 1

    with refused('checksum'):
        load_controller_file(forge(kind, spoil, seal=False))


def set_to(*keys_and_value: Any) -> Callable[[dict, dict], None]:
    *keys, last, value = keys_and_value

    def change(manifest, tensors):
        for key in keys:
            manifest = manifest[key]
        manifest[last] = value

    return change


def tensor(name: str, make: Callable[[np.ndarray], np.ndarray]) -> Callable[[dict, dict], None]:
    def change(manifest, tensors):
        tensors[name] = make(tensors[name])

    return change


def without(name: str) -> Callable[[dict, dict], None]:
    def change(manifest, tensors):
        (manifest if name in manifest else tensors).pop(name)

    return change


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (set_to('format_version', 2), ('2', '1')),
        (set_to('format_version', None), ('None',)),
        (set_to('law', 'name', 'boat'), ("'boat'", 'drone')),
        (set_to('law', 'parameters', 'colour', 1), ('colour',)),
        (set_to('device', 'lamp'), ("'lamp'", 'bandpass')),
        (set_to('shape', [12, 4, 4]), ('[12, 4, 4]', '(12, 3, 4)')),
        (set_to('rate_hz', 0), ('rate 0',)),
        (set_to('rate_hz', 10_001), ('rate 10001', '10000')),
        (set_to('squash_scale', 0), ('squash scale',)),
        (set_to('squash_scale', 0.6), ('self-test',)),
        (set_to('observation', 0, 'unit', 'mm'), ('observation terms', 'error_x')),
        (set_to('output', 0, 'scale', -1), ('output terms',)),
        (set_to('observation', 0, 'scale', 0.4), ('observation terms',)),
        (tensor('codes_0', lambda c: c.astype(np.int32)), ('int32', 'int16')),
        (tensor('codes_0', lambda c: c.astype(np.float64)), ('float64', 'int16')),
        (tensor('codes_0', lambda c: c[..., :4].copy()), ('layer 0', '(12, 3, 2, 4)')),
        (tensor('codes_1', lambda c: c[:2].copy()), ('layer 1 takes 2',)),
        (tensor('codes_0', lambda c: c[:11].copy()), ('(12, 4)', '11')),
        (tensor('codes_0', lambda c: np.abs(c) + 1000), ('gain', '-150..150')),
        (tensor('codes_0', lambda c: c[:, :, ::-1].copy() * [-1, 1, 1, 1, 1]), ()),
        (tensor('device_constants', lambda c: c * 2), ('device constants', '8000000')),
        (tensor('self_test_outputs', lambda o: o + 1e-6), ('self-test', '1e-06', '1e-09')),
        (tensor('self_test_outputs', lambda o: o * np.nan), ('self-test',)),
        (tensor('self_test_inputs', lambda i: i[::-1].copy()), ('self-test',)),
    ],
)
def test_fault_11_a_sealed_file_that_is_wrong_is_refused(forge, refused, change, words):
    with refused(*words):
        load_controller_file(forge('bandpass', change))


@pytest.mark.parametrize('name', ['format_version', 'law', 'rate_hz', 'device', 'shape', 'task'])
@pytest.mark.parametrize('kind', KINDS)
def test_every_key_of_the_manifest_is_wanted(forge, refused, kind, name):
    with refused(name.replace('_', ' ') if name == 'format_version' else name):
        load_controller_file(forge(kind, without(name)))


@pytest.mark.parametrize(
    'name', ['codes_0', 'codes_1', 'device_constants', 'self_test_inputs', 'self_test_outputs']
)
def test_every_tensor_is_wanted(forge, refused, name):
    with refused(name):
        load_controller_file(forge('bandpass', without(name)))


WEIRD = [None, True, -1, 0, 1.5, 10**400, '', 'a\nb', [], [[]], {}, {'a': 1}, [10**400], 'x' * 99]
PLACES = [
    ('law',),
    ('law', 'name'),
    ('law', 'parameters'),
    ('law', 'parameters', 'airframe'),
    ('law', 'parameters', 'airframe', 'rotors'),
    ('rate_hz',),
    ('device',),
    ('shape',),
    ('observation',),
    ('observation', 0),
    ('observation', 0, 'clip'),
    ('output',),
    ('format_version',),
]


HOSTILE = [
    pytest.param(place, value, id=f'{".".join(map(str, place))}={value!r:.12}')
    for place in PLACES
    for value in WEIRD
    # In Python, true is 1: a rate and a version.
    if not (place == ('format_version',) and value is True)
    and not (place == ('rate_hz',) and value in (True, 1.5))
]


@pytest.mark.parametrize(('place', 'value'), HOSTILE)
def test_hostile_values_are_refused(forge, refused, place, value):
    with refused():
        load_controller_file(forge('mlp', set_to(*place, value)))


@pytest.mark.parametrize('value', ['a\nb', 10**400, None, ['\x1b[2J']])
def test_hostile_checksums_are_refused_in_one_line(forge, refused, value):
    with refused('checksum'):
        load_controller_file(forge('mlp', set_to('checksum', value), seal=False))


@pytest.mark.parametrize(
    'text',
    [
        '[1, 2]',
        '3',
        'null',
        '"a"',
        '{',
        '{}',
        '{"format_version": NaN}',
        '[' * 10**5 + ']' * 10**5,
    ],
    ids=lambda text: text[:12],
)
def test_fault_11_hostile_manifests_are_refused(forge, refused, text):
    with refused('forged'):
        load_controller_file(forge('mlp', lambda manifest, tensors: None, text=text))


def test_numbers_that_json_does_not_have_are_refused(forge, refused, files):
    manifest, _ = unpack(files['mlp'])
    for word in ('NaN', 'Infinity', '1' * 5000):
        text = json.dumps({**manifest, 'rate_hz': 123.25}).replace('123.25', word)
        with refused('forged'):
            load_controller_file(forge('mlp', lambda manifest, tensors: None, text=text))


@pytest.mark.parametrize(
    'change',
    [
        tensor('weight_0', lambda w: np.array(1.0)),
        tensor('weight_0', lambda w: w[0].copy()),
        tensor('weight_1', lambda w: w[:3].copy()),
        tensor('weight_0', lambda w: w * np.inf),
        tensor('bias_0', lambda b: np.array(1.0)),
        tensor('self_test_inputs', lambda i: np.zeros((0, 12))),
        tensor('self_test_inputs', lambda i: np.array(0.0)),
        tensor('self_test_outputs', lambda o: o[:, :2].copy()),
        tensor('weight_0', lambda w: w.astype(np.float16)),
    ],
)
def test_fault_11_hostile_tensors_are_refused(forge, refused, change):
    with refused('forged'):
        load_controller_file(forge('mlp', change))


def test_a_policy_that_does_not_fit_its_law_is_not_made(make_program, refused):
    with refused('(11, 4)', '(12, 4)'):
        ControllerFile('drone_hover', LAW, 100.0, make_program((11, 4)))
    for rate in (0.0, -1.0, float('nan'), float('inf')):
        with refused('rate', '10000'):
            ControllerFile('drone_hover', LAW, rate, make_program((12, 4)))


@pytest.fixture
def good(files, tmp_path) -> Path:
    path = tmp_path / 'good'
    path.write_bytes(files['mlp'].read_bytes())
    return path


def test_a_good_file_survives_a_full_disk(controller_files, good, refused, monkeypatch):
    before = good.read_bytes()

    def full(path: Path, data: bytes) -> int:
        with path.open('wb') as file:
            file.write(data[:100])
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(Path, 'write_bytes', full)
    with refused(str(good), 'No space left'):
        save_controller_file(good, controller_files['bandpass'])
    assert good.read_bytes() == before
    assert list(good.parent.iterdir()) == [good]


def test_a_good_file_survives_a_failed_replacement(controller_files, good, refused, monkeypatch):
    before = good.read_bytes()

    def fail(source: Path, target: Path) -> None:
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr(os, 'replace', fail)
    with refused(str(good), 'Permission denied'):
        save_controller_file(good, controller_files['bandpass'])
    assert good.read_bytes() == before
    assert list(good.parent.iterdir()) == [good]


@pytest.mark.parametrize('name', ['good/below', 'x' * 300], ids=['below a file', 'long'])
def test_a_place_that_cannot_be_written_is_refused(controller_files, good, refused, name):
    with refused('cannot write'):
        save_controller_file(good.parent / name, controller_files['mlp'])


def test_folders_on_the_way_are_made(controller_files, tmp_path):
    save_controller_file(tmp_path / 'a' / 'b' / 'c', controller_files['mlp'])
    assert load_controller_file(tmp_path / 'a' / 'b' / 'c').task == 'drone_hover'


def test_results_that_json_does_not_have_are_refused(controller_files, good, refused):
    before = good.read_bytes()
    results = {'settling_time_s': float('inf')}
    with refused('finite'):
        save_controller_file(
            good,
            ControllerFile('drone_hover', LAW, 100.0, controller_files['mlp'].policy, {}, results),
        )
    assert good.read_bytes() == before


@pytest.mark.slow
def test_a_file_that_could_not_be_loaded_is_not_written(make_program, tmp_path, refused):
    large = make_program((12, 512, 64, 4), elements=14)
    with refused(str(FORMAT.max_bytes)):
        save_controller_file(tmp_path / 'large', ControllerFile('drone_hover', LAW, 100.0, large))


def test_facts_describe_the_whole_controller(controller_files):
    found = controller_files['bandpass']
    assert facts(found) == {
        'task': 'drone_hover',
        'device': 'bandpass',
        'shape': [12, 3, 4],
        'elements': 96,
        'parameters': 96 * 3,
        **found.policy.facts(),
        'rate_hz': 100.0,
        'evaluations_per_period': 1,
        'law': 'drone',
        'observation': list(LAW.observation.names),
        'output': list(LAW.output.names),
        'command': list(LAW.command.names),
        'results': {'success_rate': 0.995},
        'provenance': {'seed': 3, 'steps': [1, 2]},
    }


def test_a_file_states_how_it_was_made(files):
    """Readers of others rely on these names."""
    manifest, _ = unpack(files['bandpass'])
    assert sorted(manifest) == sorted(
        [
            'format_version',
            'checksum',
            'task',
            'law',
            'rate_hz',
            'device',
            'shape',
            'squash_scale',
            'observation',
            'output',
            'command',
            'safe_command',
            'provenance',
            'results',
        ]
    )
    assert (manifest['task'], manifest['device']) == ('drone_hover', 'bandpass')
    assert (manifest['shape'], manifest['rate_hz']) == ([12, 3, 4], 100.0)
    assert manifest['law'] == {
        'name': 'drone',
        'parameters': json.loads(json.dumps(LAW.to_json())),
    }
    assert manifest['safe_command'] == [0.0] * 4
    assert (manifest['provenance'], manifest['results']) == (
        {'seed': 3, 'steps': [1, 2]},
        {'success_rate': 0.995},
    )
    for terms in ('observation', 'output', 'command'):
        assert [each['name'] for each in manifest[terms]] == list(getattr(LAW, terms).names)


@pytest.mark.parametrize('kind', KINDS)
def test_self_test_vectors_reach_beyond_the_range_and_come_from_a_seed(
    controller_files, files, kind
):
    _, tensors = unpack(files[kind])
    drawn = np.random.default_rng(SELF_TEST_SEED).uniform(-1.5, 1.5, (SELF_TEST_VECTORS, 12))
    np.testing.assert_array_equal(tensors['self_test_inputs'], drawn)
    outputs = controller_files[kind].policy.evaluate(drawn, portable=True)
    np.testing.assert_array_equal(tensors['self_test_outputs'], outputs)


@pytest.mark.parametrize(('off', 'taken'), [(0.5e-9, True), (2e-9, False), (np.nan, False)])
def test_a_self_test_may_be_off_by_rounding_alone(forge, refused, off, taken):
    def shift(manifest, tensors):
        tensors['self_test_outputs'] = tensors['self_test_outputs'].copy()
        tensors['self_test_outputs'][3, 1] += off

    path = forge('bandpass', shift)
    if taken:
        load_controller_file(path)
    else:
        with refused('self-test vectors are off by', 'allowed is 1e-09'):
            load_controller_file(path)


@pytest.mark.parametrize('rate', [0.0, -1.0, 10_000.5, float('nan')])
def test_an_impossible_rate_is_refused(controller_files, refused, rate):
    policy = controller_files['mlp'].policy
    with refused(f'rate {rate} Hz: must be above 0 and at most 10000'):
        ControllerFile('drone_hover', LAW, rate, policy)
    with refused('rate 99.0 Hz, but the law has 100.0 Hz'):
        ControllerFile('drone_hover', LAW, 99.0, policy)


def test_the_largest_rate_is_taken(controller_files):
    fast = DroneLaw(rate_hz=10_000.0)
    ControllerFile('drone_hover', fast, 10_000.0, controller_files['mlp'].policy)


def test_a_policy_of_other_sizes_is_refused_with_both(make_program, refused):
    for shape in ((11, 3, 4), (12, 3, 5)):
        with refused(f'network of shape {shape}: the law needs (12, 4)'):
            ControllerFile('drone_hover', LAW, 100.0, make_program(shape))


def test_terms_that_differ_are_named(forge, refused):
    def rename(manifest, tensors):
        manifest['output'][0]['name'] = 'lift'

    with refused("output terms ['lift', ", 'differ from those of the law', LAW.output.names[0]):
        load_controller_file(forge('mlp', rename))
