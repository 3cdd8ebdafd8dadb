"""The public API: what `import pkan_control` loads, and that every public name's example runs."""

import doctest
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

import pkan_control as pk

HEAVY = {'numpy', 'scipy', 'torch', 'pybullet', 'rclpy', 'gymnasium', 'yaml', 'matplotlib'}
SLOW = {'train'}


def python(code: str) -> str:
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_package_loads_nothing_heavy():
    loaded = python('import sys, pkan_control; print(*sys.modules)').split()
    assert not HEAVY.intersection(loaded)
    assert len([name for name in loaded if name.startswith('pkan_control')]) <= 4


def test_importing_the_package_is_as_fast_as_importing_numpy():
    """The bound is 1.5; in pairs, so that a busy machine slows down both."""

    def seconds(module: str) -> float:
        began = time.perf_counter()
        python(f'import {module}')
        return time.perf_counter() - began

    ratios = [seconds('pkan_control') / seconds('numpy') for _ in range(5)]
    assert statistics.median(ratios) < 1.2


def test_public_names_are_listed_and_others_are_refused():
    assert set(pk.__all__) <= set(dir(pk))
    assert all(getattr(pk, name) is not None for name in pk.__all__)
    assert set(pk._MODULES) == set(pk.__all__) - {'__version__'}
    with pytest.raises(AttributeError, match="'pkan_control' has no attribute 'fly'"):
        _ = pk.fly


@pytest.mark.slow
def test_type_checkers_see_every_public_name(tmp_path: Path):
    file = tmp_path / 'user.py'
    lines = [f'reveal_type(pk.{name})' for name in pk.__all__]
    file.write_text('\n'.join(['import pkan_control as pk', *lines, 'pk.fly']))
    command = [sys.executable, '-m', 'mypy', '--follow-imports=silent', file.name]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.count('Revealed type') == len(pk.__all__), done.stdout
    assert 'Revealed type is "Any"' not in done.stdout
    assert 'Module has no attribute "fly"' in done.stdout


@pytest.mark.parametrize(
    'name',
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW))
        for name in ('', *pk.__all__)
        if name != '__version__'
    ],
)
def test_the_example_of_a_public_name_runs(name: str):
    value = getattr(pk, name) if name else pk
    (example,) = doctest.DocTestFinder(recurse=False).find(value, name or 'pkan_control')
    assert example.examples
    found = doctest.DocTestRunner().run(example)
    assert found.failed == 0
