"""The fixtures of nodes serve their launch files, too."""

from test.nodes.conftest import *  # noqa: F403
