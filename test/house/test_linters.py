"""Style, types and the rules of the house are tests."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / 'pkan_control'
SOURCES = sorted(PACKAGE.rglob('*.py'))

# Rooms from the ground up; a room imports only from itself and from those before it.
ROOMS = (
    *(
        'errors',
        'files',
        'arrays',
        'compiled',
        'streams',
        'share',
        'yaml_files',
        'json_lines',
        'scenarios',
        'rotations',
        'message_fields',
        'airframe',
        'photovoltaics',
        'car',
        'devices',
        'bridge',
        'network',
        'mlp',
        'chips',
        'conformance',
    ),
    *(
        'controller',
        'exports',
        'emulator',
        'problems',
        'tasks',
        'worlds',
        'rollouts',
        'bags',
        'training',
        'studies',
        'nodes',
        'tables',
        'study_tables',
        'pictures',
        'reports',
    ),
    *('bringup', 'demo', 'commands', 'cli'),
)
ROS_PACKAGES = ('rclpy', 'launch', 'launch_ros')


def tool(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, '-m', *command], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_check() -> None:
    tool('ruff', 'check', '.')


def test_ruff_format() -> None:
    tool('ruff', 'format', '--check', '.')


def test_mypy_strict() -> None:
    tool('mypy')


def imports(path: Path, *, lazy: bool) -> set[str]:
    """Return the modules that a file imports, those inside of functions only where `lazy`."""
    tree = ast.parse(path.read_text())
    nodes = ast.walk(tree) if lazy else iter(tree.body)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f'{node.module}.{alias.name}' for alias in node.names}
    return found


def room(module: str) -> str:
    return module.split('.')[1] if '.' in module else ''


def is_ros(module: str) -> bool:
    return module.split('.')[0].endswith(('_msgs', '_srvs', '_interfaces')) or (
        module.split('.')[0] in ROS_PACKAGES
    )


@pytest.mark.parametrize('path', SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_rooms_import_downwards_only(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix('.py')
    if own == '__init__':
        return
    allowed = {*ROOMS[: ROOMS.index(own) + 1], ''}
    used = {room(name) for name in imports(path, lazy=True) if name.startswith('pkan_control')}
    assert {name for name in used if name in ROOMS} <= allowed


@pytest.mark.parametrize('path', SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_heavy_libraries_stay_in_their_rooms(path: Path) -> None:
    place = path.relative_to(PACKAGE)
    used = imports(path, lazy=True)
    if place.parts[0] != 'nodes':
        assert not {name for name in used if is_ros(name)}
    if place.parts[0] != 'training':
        assert not {name for name in used if name.split('.')[0] == 'torch'}
    if not (place.parts[0] == 'worlds' and place.name.startswith('bullet_')):
        assert not {name for name in used if name.split('.')[0].startswith('pybullet')}


def test_the_command_line_starts_without_heavy_libraries() -> None:
    code = (
        'import sys, pkan_control.cli; '
        "heavy = {'torch', 'pybullet', 'rclpy', 'matplotlib'} & set(sys.modules); "
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('path', SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 45, node.name
