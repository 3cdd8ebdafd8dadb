"""The structure of the package: packages on floors, imports only downwards, libraries at home."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / 'pkan_control'

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


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """Yield each file of the package, relative to it, and its syntax tree."""
    for path in sorted(PACKAGE.rglob('*.py')):
        yield path.relative_to(PACKAGE), ast.parse(path.read_text())


def imported(tree: ast.Module) -> set[str]:
    """Return the full names that a file imports, those inside of functions as well."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f'{node.module}.{alias.name}' for alias in node.names}
    return found


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
    """A package imports from itself and from lower floors; so there can be no circle."""
    floor = {package: number for number, row in enumerate(FLOORS) for package in row}
    wrong = []
    for path, tree in sources():
        if path.parent == Path():
            continue
        own = path.parts[0]
        for name in imported(tree):
            parts = name.split('.')
            other = parts[1] if parts[0] == 'pkan_control' and len(parts) > 1 else own
            if other != own and floor.get(other, -1) >= floor[own]:
                wrong.append(f'{path} imports {name}')
    assert not wrong


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
