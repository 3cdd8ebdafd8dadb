"""Style and types are tests."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tool(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, '-m', *command], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_check() -> None:
    tool('ruff', 'check', '.')


def test_ruff_format() -> None:
    tool('ruff', 'format', '--check', '.')


@pytest.mark.slow
def test_mypy_strict() -> None:
    tool('mypy')
