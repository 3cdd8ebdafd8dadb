"""Plug-ins are found by name; whatever is wrong with one is told in one line that names it."""

import sys
from typing import Protocol

import pytest

from pkan_control.common.errors import UserError
from pkan_control.common.registry import Registry, members
from pkan_control.control.laws import LAWS
from pkan_control.devices.element import DEVICES
from pkan_control.ros.adapters.adapter import ADAPTERS
from pkan_control.sim.world import WORLDS
from pkan_control.tasks.problems.problem import PROBLEMS
from pkan_control.tasks.task import TASKS

SHIPPED = (LAWS, DEVICES, ADAPTERS, PROBLEMS, TASKS, WORLDS)
MODULE = """
class Pump:
    name = 'pump'
    rate = 1.0

    @property
    def never(self):
        raise RuntimeError('a property is not computed')

    def run(self): ...

pump = Pump()
half = type('Half', (), {'name': 'half'})()
"""


class Machine(Protocol):
    """What this registry wants."""

    @property
    def name(self) -> str: ...

    rate: float

    def run(self) -> None: ...


class Checked(Machine, Protocol):
    """The same, and more."""

    never: int


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return what installs a package with entry points of the group `machines`."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / 'their_pumps.py').write_text(MODULE)
    (tmp_path / 'broken_pumps.py').write_text('import nowhere_to_be_found')

    def install(package: str, **places: str) -> None:
        folder = tmp_path / f'{package}-1.0.dist-info'
        folder.mkdir()
        (folder / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n')
        lines = [f'{name} = {place}' for name, place in places.items()]
        (folder / 'entry_points.txt').write_text('\n'.join(['[machines]', *lines, '']))

    yield install
    for name in ('their_pumps', 'broken_pumps'):
        sys.modules.pop(name, None)


# The group is the same in all tests, and what was found is kept: names differ.
MACHINES: Registry[Machine] = Registry('machines', 'machine', Checked)


def test_a_package_adds_a_plug_in_by_its_name(install):
    install('pumps', first='their_pumps:pump', second='their_pumps:pump')
    assert MACHINES.names() == ('first', 'second')
    assert MACHINES.find('first').name == 'pump'
    assert MACHINES.find('first') is MACHINES.find('second')


def test_an_unknown_name_is_refused_with_those_that_are_allowed(install):
    install('pumps', b='their_pumps:pump', a='their_pumps:pump')
    with pytest.raises(UserError, match="unknown machine 'c': allowed are a, b"):
        MACHINES.find('c')


@pytest.mark.parametrize(
    ('place', 'wrong'),
    [
        ('their_pumps:half', r'has no never, rate, run$'),
        ('their_pumps:none', r"cannot be loaded \(AttributeError: .*'none'"),
        ('broken_pumps:pump', r'cannot be loaded \(ModuleNotFoundError: .*nowhere_to_be_found'),
    ],
)
def test_a_faulty_plug_in_is_named_with_its_package(install, place, wrong):
    install('pumps', **{f'faulty {place}'.replace(':', ' '): place})
    (name,) = MACHINES.names()
    with pytest.raises(UserError, match=wrong) as caught:
        MACHINES.find(name)
    assert str(caught.value).startswith(f"machine '{name}' of pumps ({place}): ")
    assert '\n' not in str(caught.value)


def test_a_name_that_two_packages_register_is_refused(install):
    install('pumps', twice='their_pumps:pump')
    install('imitations', twice='their_pumps:half')
    with pytest.raises(UserError, match="'twice' is registered twice, by imitations and pumps"):
        MACHINES.find('twice')


def test_members_are_those_of_all_protocols_that_one_extends():
    assert members(Machine) == ['name', 'rate', 'run']
    assert members(Checked) == ['name', 'never', 'rate', 'run']


@pytest.mark.parametrize('registry', SHIPPED, ids=lambda registry: registry.group)
def test_all_that_ships_is_registered_and_whole(registry):
    for name in registry.names():
        registry.find(name)
