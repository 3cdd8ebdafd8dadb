"""The structure of the package: packages on floors, imports only downwards, libraries at home."""

import subprocess
import sys
from collections import Counter

import pytest
from structure import PACKAGE, ROOT, circles, imported, module_graph, package_graph, sources

# From the ground up: a package imports from itself and from the floors below it.
FLOORS = (
    {'common'},
    {'robots', 'devices', 'bridge'},
    {'networks'},
    {'chips'},
    {'boards', 'control'},
    {'tasks', 'sim'},
    {'evaluation'},
    {'training', 'reporting', 'ros'},
    {'cli'},
)
# The only places that may import a library.
HOMES = {'torch': 'training', 'pybullet': 'sim/bullet', 'mujoco': 'sim/mujoco', 'rclpy': 'ros'}


def library(name: str) -> str:
    """Return which of the libraries with a home a name belongs to; messages belong to rclpy."""
    top = name.split('.')[0]
    if top.endswith(('_msgs', '_srvs', '_interfaces')) or top in ('launch', 'launch_ros'):
        return 'rclpy'
    return 'pybullet' if top.startswith('pybullet') else top


def test_the_root_holds_packages_only() -> None:
    assert [path.name for path in PACKAGE.glob('*.py')] == ['__init__.py']
    packages = {path.name for path in PACKAGE.iterdir() if (path / '__init__.py').exists()}
    assert packages == set().union(*FLOORS)


def test_imports_go_downwards() -> None:
    floor = {package: number for number, row in enumerate(FLOORS) for package in row}
    wrong = [
        f'{package} imports {other}'
        for package, others in package_graph().items()
        for other in others
        if floor[other] >= floor[package]
    ]
    assert not wrong


@pytest.mark.slow
def test_no_modules_import_each_other() -> None:
    assert circles(module_graph()) == []


@pytest.mark.slow
def test_libraries_stay_at_home() -> None:
    wrong = []
    for path, tree in sources():
        for name in imported(tree):
            home = HOMES.get(library(name), '.')
            if not path.is_relative_to(home):
                wrong.append(f'{path} imports {name}, allowed in {home}/')
    assert not wrong


def test_test_files_have_unique_names() -> None:
    """A collector that does not import by path (launch_testing's) needs that."""
    names = Counter(path.name for path in (ROOT / 'test').rglob('test_*.py'))
    assert [name for name, count in names.items() if count > 1] == []


def test_the_command_line_starts_without_heavy_libraries() -> None:
    code = (
        'import sys, pkan_control.cli.main; '
        "heavy = {'torch', 'pybullet', 'rclpy', 'matplotlib'} & set(sys.modules); "
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
