"""The fixtures of nodes serve their launch files, too."""

from test.ros.nodes.conftest import *  # noqa: F403
