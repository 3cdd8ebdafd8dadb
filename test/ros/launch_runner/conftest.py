"""A package `robots` in an ament prefix of its own, and launch files that start its nodes."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import launch_cases as cases
import pytest

from pkan_control.ros.launch_runner.evaluation import Process, evaluate


@pytest.fixture(autouse=True)
def prefix(tmp_path, monkeypatch) -> Path:
    """Return the prefix of the package, the first in AMENT_PREFIX_PATH."""
    prefix = tmp_path / 'prefix'
    packages = prefix / 'share' / 'ament_index' / 'resource_index' / 'packages'
    for directory in (packages, prefix / 'share' / 'robots', prefix / 'lib' / 'robots'):
        directory.mkdir(parents=True)
    (packages / 'robots').touch()
    others = os.environ.get('AMENT_PREFIX_PATH') or sys.prefix
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{prefix}{os.pathsep}{others}')
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'log'))
    return prefix


@pytest.fixture
def executable(prefix) -> Callable[[str, str], None]:
    """Return a function that adds an executable to the package."""

    def add(name: str, text: str) -> None:
        path = prefix / 'lib' / 'robots' / name
        path.write_text(text)
        path.chmod(0o755)

    return add


@pytest.fixture(autouse=True)
def talker(executable) -> None:
    """Add the executable of most nodes, which does nothing."""
    executable('talker', '#!/bin/sh\n')


@pytest.fixture
def write(tmp_path) -> Callable[..., Path]:
    """Return a function that writes a launch file; `NODE` stands for `<node ...` of a talker."""

    def write(contents: str, name: str = 'test.launch.xml') -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'<launch>{cases.text(contents)}</launch>')
        return path

    write(cases.INNER, 'inner/inner.launch.xml')
    (tmp_path / 'inner' / 'params.yaml').write_text('/**: {ros__parameters: {a: 1}}')
    return write


@pytest.fixture
def plan(write) -> Callable[..., list[Process]]:
    """Return a function that evaluates the contents of a launch file."""
    return lambda contents, **given: evaluate(write(contents), given)
