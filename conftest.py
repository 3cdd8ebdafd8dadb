"""Collection of the tests: the same with and without ROS 2's pytest plugins, and never empty."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent

# `python -m pytest`, which `colcon test` runs, puts the checkout on the path, before the installed
# package and its compiled modules.
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != ROOT]


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """Collect a file as pytest does; leave only launch tests to the plugin of launch_testing.

    That plugin imports every test file a second time, by its basename alone: relative imports
    fail there, and a file that skips itself skips its whole directory.
    """
    if 'generate_test_description' in module_path.read_text(encoding='utf-8'):
        return None
    return pytest.Module.from_parent(parent, path=module_path)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """End a run without tests as a usage error: `colcon test` passes the exit code for none."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.USAGE_ERROR
