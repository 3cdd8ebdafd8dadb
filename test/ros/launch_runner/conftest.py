"""A package that is not there: an ament prefix in a temporary directory, and launch files."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_package import executable

from pkan_control.ros.launch_runner import Plan, Process, evaluate


@pytest.fixture(autouse=True)
def prefix(tmp_path, monkeypatch):
    """Return the prefix of a package `robots` with an executable `talker` that does nothing."""
    prefix = tmp_path / 'prefix'
    packages = prefix / 'share' / 'ament_index' / 'resource_index' / 'packages'
    for directory in (packages, prefix / 'share' / 'robots', prefix / 'lib' / 'robots'):
        directory.mkdir(parents=True)
    (packages / 'robots').touch()
    others = os.environ.get('AMENT_PREFIX_PATH') or sys.prefix
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{prefix}{os.pathsep}{others}')
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'log'))
    executable(prefix, 'talker', '#!/bin/sh\n')
    return prefix


@pytest.fixture
def write(tmp_path) -> Callable[..., Path]:
    """Return a function that writes a launch file with the given contents."""

    def write(contents: str, name: str = 'test.launch.xml') -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'<launch>{contents}</launch>')
        return path

    return write


@pytest.fixture
def plan(write) -> Callable[..., Plan]:
    """Return a function that evaluates the contents of a launch file."""

    def plan(contents: str, **given: str) -> Plan:
        return evaluate(write(contents), given, os.environ)

    return plan


@pytest.fixture
def node(plan) -> Callable[..., Process]:
    """Return a function that evaluates a launch file with one node."""

    def node(contents: str, **given: str) -> Process:
        (process,) = plan(contents, **given).processes
        return process

    return node
