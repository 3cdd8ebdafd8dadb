"""YAML files: the scalars that are read, and every kind of file with every kind of mistake."""

import copy
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass, replace
from enum import Enum
from functools import cache
from pathlib import Path as FilePath
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest
import yaml
from hypothesis import example, given, reject
from hypothesis import strategies as st

from pkan_control.boards.emulator.fault_plans import FaultPlans, load_plans
from pkan_control.common.errors import UserError
from pkan_control.common.yaml_files import read_file, read_yaml, shipped_files
from pkan_control.control.mapping import StackMapping, load_mapping
from pkan_control.robots.arm import ArmFile, load_arm
from pkan_control.robots.quadrotor import CRAZYFLIE, GRAVITY, Airframe, load_airframe
from pkan_control.sim.scenarios import load_scenario
from pkan_control.tasks.paths import Path, load_path

PLAN = """
seed: 7
to_board: {rates: {flip: 0.02, drop: 0.01}, script: {100: merge}, baud: 115200}
to_host: {delay_s: 0.05, outages: [{begin_s: 20, end_s: 20.1, stalled: true}]}
pulled: [{begin_s: 30, end_s: 31}]
"""


def texts(folder: str) -> list[str]:
    return [path.read_text() for path in shipped_files(folder).values()]


LOADERS: dict[str, tuple[Callable[[str], Any], list[str]]] = {
    'airframe': (load_airframe, texts('airframes')),
    'robot': (load_arm, texts('arms')),
    'mapping': (load_mapping, texts('examples')),
    'scenario': (load_scenario, texts('scenarios')),
    'path': (load_path, texts('paths')),
    'fault plan': (load_plans, [PLAN]),
}
kinds = pytest.mark.parametrize('kind', LOADERS)


@pytest.fixture(scope='module')
def file(tmp_path_factory):
    return tmp_path_factory.mktemp('yaml') / 'mine.yaml'


@pytest.fixture
def read(file):
    def read(text: str) -> Any:
        file.write_text(text)
        return read_yaml(file, 'file')

    return read


def outcome(kind: str, file: FilePath, content: str | bytes) -> Any:
    """Return what a file of that content describes, or None after an error of one line."""
    file.write_bytes(content.encode(errors='replace') if isinstance(content, str) else content)
    try:
        return LOADERS[kind][0](str(file))
    except UserError as error:
        line = str(error)
    assert line.startswith(f'{kind} {file}: ')
    assert line.isprintable()
    return None


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('1e-5', 1e-5),
        ('1E5', 1e5),
        ('+.5', 0.5),
        ('-1.', -1.0),
        ('1.5e+3', 1500.0),
        ('-.inf', -math.inf),
        ('017', 17),
        ('0x1F', 31),
        ('0o17', 15),
        ('-3', -3),
        ('True', True),
        ('false', False),
        ('~', None),
        ('', None),
        # Numbers, switches and dates of YAML 1.1 are text.
        *((text, text) for text in ('yes', 'off', 'On', '1_000', '1:30', '2001-01-01', '<<')),
        *(('"1e-5"', '1e-5'), ("'true'", 'true'), ('1e', '1e'), ('.', '.'), ('e5', 'e5')),
    ],
)
def test_scalars_are_those_of_yaml_1_2(read, text, value):
    found = read(text)
    assert (found, type(found)) == (value, type(value))


@given(st.floats(allow_nan=False) | st.integers(-(2**70), 2**70))
def test_any_number_is_read_as_python_writes_it(file, number):
    written = repr(number).replace('inf', '.inf')
    file.write_text(f'[{written}, {written.upper()}]')
    assert read_yaml(file, 'file') == [number, number]


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('a: 1\nb: 2\na: 3', "line 3: key 'a' appears twice"),
        ('a:\n  b:\n    - {c: 1, c: 2}', "line 3: key 'c' appears twice"),
        ('{1: a, 0x1: b}', 'key 1 appears twice'),
        ('a: &x [1]\nb: *x', 'line 2: aliases are not allowed'),
        ('a: !!float 1', 'line 1: tags are not allowed: tag:yaml.org,2002:float'),
        ('!!python/object/apply:os.system [ls]', 'tags are not allowed'),
        ('? [1]\n: 2', 'line 1: a key must be a scalar'),
        ('a: 1\n b: 2', 'line 2: mapping values are not allowed here'),
        ('[' * 5000, 'nested too deeply'),
        ('9' * 5000, 'not YAML'),
        ('a: \x07', 'not YAML'),
        ('---\na: 1\n---\nb: 1', 'but found another document'),
    ],
    ids=lambda text: text[:12],
)
def test_what_is_refused_in_any_file(read, refused, text, words):
    with refused('file ', 'mine.yaml: ', words):
        read(text)


@kinds
def test_every_shipped_file_is_read_and_a_key_that_appears_twice_is_refused(kind, file, refused):
    load, examples = LOADERS[kind]
    for text in examples:
        assert outcome(kind, file, text) is not None
        key = next(iter(yaml.safe_load(text)))
        file.write_text(f'{text}\n{key}: 1\n')
        with refused(f'{kind} {file}: line ', f'key {key!r} appears twice'):
            load(str(file))


@kinds
def test_an_unknown_key_is_refused_with_those_allowed(kind, file, refused):
    load, examples = LOADERS[kind]
    file.write_text(f'{examples[0]}\ncolour: red\n')
    with refused(f"{kind} {file}: unknown key 'colour': allowed are "):
        load(str(file))


@pytest.mark.parametrize(
    ('old', 'new', 'place'),
    [
        ('mass: 0.027', 'mass: {}', 'mass'),
        ('9.18e-7, 9.18e-7, 1.03e-6', '0, {}, 0', 'drag'),
        ('[0.028, -0.028]', '[0.028, {}]', 'rotors[0]'),
    ],
)
@pytest.mark.parametrize('value', ['yes', 'true', "'1'", '1e', '.nan', '[]', '~', '.inf'])
def test_what_is_no_number_is_never_read_as_one(file, refused, old, new, place, value):
    text = shipped_files('airframes')['crazyflie'].read_text()
    changed = text.replace(old, new.format(value))
    assert changed != text
    file.write_text(changed)
    with refused(f'airframe {file}: {place}'):
        load_airframe(str(file))


def test_numbers_may_have_an_exponent_without_a_point(file):
    text = shipped_files('airframes')['crazyflie'].read_text()
    file.write_text(text.replace('9.18e-7, 9.18e-7', '1e-6, 1E-6'))
    assert load_airframe(file).drag[:2] == (1e-6, 1e-6)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([0, -1, 1e-300, 1e300, 10**400, '', 'inf', 'yes']),
    lambda some: (
        st.lists(some, max_size=4) | st.dictionaries(st.text(max_size=5), some, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def mistakes(draw, values: Any) -> Any:
    """Return a document with one value that is replaced, removed or added somewhere."""
    root = here = {'root': copy.deepcopy(values)}
    key: Any = 'root'
    while here[key] and isinstance(here[key], dict | list) and draw(st.integers(0, 3)):
        here = here[key]
        key = draw(st.sampled_from(list(here) if isinstance(here, dict) else range(len(here))))
    action = draw(st.sampled_from(['replace', 'replace', 'remove', 'add']))
    if action == 'remove' and here is not root:
        del here[key]
    elif action == 'add' and isinstance(here[key], dict):
        here[key][draw(st.text(max_size=5) | st.integers())] = draw(JSON)
    elif action == 'add' and isinstance(here[key], list):
        here[key].append(draw(JSON))
    else:
        here[key] = draw(JSON)
    return root['root']


@kinds
@given(st.data())
def test_any_mistake_in_a_file_gives_an_object_or_one_line(kind, file, data):
    values = yaml.safe_load(data.draw(st.sampled_from(LOADERS[kind][1])))
    document = data.draw(mistakes(values))
    found = outcome(kind, file, yaml.safe_dump(document, allow_unicode=True))
    if isinstance(found, Path):
        assert np.isfinite(found.at(np.array([0.0, 1.0]))).all()
    if isinstance(found, Airframe):
        hover = np.array([found.mass * GRAVITY, 0, 0, 0])
        assert found.wrench(found.speeds(hover)) == pytest.approx(hover, rel=1e-6)


@kinds
@given(st.text(max_size=60) | st.binary(max_size=60))
@example('')
@example('{}')
@example('[]')
@example('text: 5')
@example('0')
def test_any_text_and_any_bytes_give_an_object_or_one_line(kind, file, content):
    outcome(kind, file, content)


TEXT = st.sampled_from(['yes', 'null', '1e-5', '~', '']) | st.text(
    st.characters(categories=('L', 'P', 'S')), max_size=5
)


@st.composite
def instances(draw, kind: Any) -> Any:
    """Return an instance of a dataclass whose fields hold what their annotations allow."""
    hints = get_type_hints(kind, include_extras=True)
    try:
        return kind(**{name: draw(values_of(hint)) for name, hint in hints.items()})
    except UserError:
        reject()


@cache
def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Return a strategy of the values that a field may hold."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        limits = arguments[1]
        bounds = [None if math.isinf(end) else end for end in (limits.low, limits.high)]
        return st.floats(*bounds, allow_nan=False).filter(lambda number: number in limits)
    if origin is tuple and arguments[-1] is ...:
        return st.lists(values_of(arguments[0]), max_size=4).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values_of, arguments))
    if origin is Mapping:
        return st.dictionaries(*map(values_of, arguments), max_size=3)
    if origin is Literal:
        return st.sampled_from(arguments)
    if NoneType in arguments:
        return st.none() | values_of(arguments[0])
    if is_dataclass(hint):
        return instances(hint)
    scalars = {str: TEXT, int: st.integers(0, 2**62), bool: st.booleans()}
    return scalars[hint] if hint in scalars else st.sampled_from(list(hint))


def written(values: Any) -> str:
    """Return values as YAML: JSON, but for keys that are numbers."""
    text = json.dumps(plain(values), ensure_ascii=False)
    return re.sub(r'"([0-9]+)":', r'\1:', text).replace('Infinity', '.inf')


def plain(value: Any) -> Any:
    """Return a value as JSON has it: lists for tuples, names for enumerations."""
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value.value if isinstance(value, Enum) else value


@pytest.mark.parametrize('described', [ArmFile, FaultPlans, Path, StackMapping])
@given(st.data())
def test_what_is_written_to_a_file_is_read_back(file, described, data):
    value = data.draw(values_of(described))
    file.write_text(written({'text': 'Any.', **asdict(value)}))
    assert read_file('', 'file', str(file), described)[1] == value


@given(st.floats(1e-3, 100), st.floats(1e-3, 10), st.floats(1.1, 10))
def test_an_airframe_is_read_back(file, mass, size, thrust_to_weight):
    frame = replace(
        CRAZYFLIE,
        mass=mass,
        rotors=((size, -size), (-size, -size), (-size, size), (size, size)),
        thrust_coefficient=thrust_to_weight * mass * GRAVITY / 4e6,
        max_speed=1e3,
    )
    file.write_text(written(asdict(frame)))
    assert load_airframe(str(file)) == frame
