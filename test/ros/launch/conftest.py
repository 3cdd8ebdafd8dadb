"""Fixtures of nodes, for tests of launch files too, and the sockets that launch leaves open."""

import gc
import sys
import warnings

import pytest

from test.ros.nodes.conftest import *  # noqa: F403


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Collect the event loop of ROS 2's launch here: later its open sockets fail another test."""
    if 'launch_testing' in sys.modules:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', ResourceWarning)
            gc.collect()
