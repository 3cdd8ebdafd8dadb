"""Dataclasses from the values of a file: several mistakes, short forms, and what is imported."""

import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from pkan_control.common.errors import UserError
from pkan_control.common.ranges import Positive, check_fields
from pkan_control.common.structuring import structure, tuples


@dataclass(frozen=True)
class Wheel:
    """A part with a short form: its radius."""

    radius: Positive
    material: Literal['rubber', 'steel'] = 'rubber'

    def __post_init__(self) -> None:
        check_fields(self)

    @staticmethod
    def from_short(value: Any) -> Any:
        return value if isinstance(value, dict) else {'radius': value}


@dataclass(frozen=True)
class Cart:
    """A whole with parts."""

    wheels: tuple[Wheel, ...]
    loads: tuple[float, ...] = ()
    spare: Wheel | None = None
    brakes: bool = False
    seats: int = 1


def mistakes(**values: Any) -> str:
    with pytest.raises(UserError) as refused:
        structure({'wheels': [], **values}, Cart, 'cart x')
    return str(refused.value)


def test_a_short_form_stands_for_a_mapping_and_a_number_for_a_list():
    cart = structure({'wheels': [1, {'radius': 2, 'material': 'steel'}], 'loads': 3}, Cart, 'x')
    assert cart == Cart((Wheel(1.0), Wheel(2.0, 'steel')), (3.0,))
    assert isinstance(cart.wheels[0].radius, float)


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        ({'wheels': 5}, 'wheels: must be a list, not 5'),
        ({'wheels': ['1']}, "wheels[0].radius: must be a number, not '1'"),
        ({'wheels': [1, 0]}, 'wheels[1].radius: must be positive and finite, not 0.0'),
        ({'spare': {'radius': 10**400}}, 'spare.radius: must be a number, not 1000'),
        (
            {'spare': {'radius': 1, 'material': 'glass'}},
            "spare.material: must be one of rubber, steel, not 'glass'",
        ),
        ({'loads': [[1]]}, 'loads[0]: must be a number, not [1]'),
        ({'brakes': 1}, 'brakes: must be true or false, not 1'),
        ({'seats': True}, 'seats: must be a whole number, not True'),
        ({'seats': 1.0}, 'seats: must be a whole number, not 1.0'),
        ({'seats': None}, 'seats: must be a whole number, not None'),
        ({'doors': 1}, "unknown key 'doors': allowed are wheels, loads, spare, brakes, seats"),
        ({3: 1}, 'unknown key 3: allowed are'),
    ],
    ids=str,
)
def test_a_mistake_is_named_by_its_path(values, message):
    with pytest.raises(UserError) as refused:
        structure({'wheels': [], **values}, Cart, 'cart x')
    assert str(refused.value).startswith(f'cart x: {message}')
    assert len(str(refused.value)) < 150


def test_several_mistakes_are_one_line_and_many_are_counted():
    assert mistakes(brakes=1, seats='2') == (
        "cart x: brakes: must be true or false, not 1; seats: must be a whole number, not '2'"
    )
    line = mistakes(wheels=[[]] * 5)
    assert line.count('must be a number') == 3
    assert line.endswith('; and 2 more')


def test_json_lists_become_tuples_at_any_depth():
    assert tuples({'a': [1, [2, {'b': [3]}]], 'c': 'd'}) == {'a': (1, (2, {'b': (3,)})), 'c': 'd'}


def test_a_node_without_files_of_its_own_imports_no_cattrs():
    code = (
        'import sys; import pkan_control.ros.nodes.wiring; from pathlib import Path; '
        'from pkan_control.common.files import share; '
        'from pkan_control.control.controller_file import load_controller_file; '
        "load_controller_file(share('controllers/drone_hover.safetensors')); "
        "assert not {'attr', 'cattrs', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, '-c', code], check=True)


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'cattrs', None)
    assert mistakes() == 'cart x: cannot be read without the package cattrs'
