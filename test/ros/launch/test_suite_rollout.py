"""launch_testing: a shipped launch file runs an episode in lockstep and ends by itself."""

import unittest

import pytest

# With the plugin installed this never skips: it would skip the whole directory.
pytest.importorskip('launch_testing', reason="ROS 2's launch_testing is not installed")

import launch_testing
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import AnyLaunchDescriptionSource

from launch import LaunchDescription
from pkan_control.common.files import share

GIVEN = {'lockstep': 'true', 'real_time_factor': '0.0', 'episodes': '1', 'chip': 'ideal:'}


# The event loop of launch is collected with its sockets open.
@pytest.mark.filterwarnings('ignore::ResourceWarning')
@pytest.mark.launch_test
def generate_test_description() -> LaunchDescription:
    source = AnyLaunchDescriptionSource(str(share('launch/drone_hover.launch.xml')))
    include = IncludeLaunchDescription(source, launch_arguments=list(GIVEN.items()))
    return LaunchDescription([include, launch_testing.actions.ReadyToTest()])


class TestEpisode(unittest.TestCase):
    """While the nodes run."""

    def test_the_episode_succeeds(self, proc_output, proc_info):
        proc_output.assertWaitFor('episode 1: success', timeout=60, stream='stderr')
        # The end of this test interrupts every node that still runs.
        proc_info.assertWaitForShutdown(process='simulation_node', timeout=20)


@launch_testing.post_shutdown_test()
class TestEnd(unittest.TestCase):
    """After all nodes have ended."""

    def test_fault_20_both_nodes_end_with_exit_code_0(self, proc_info):
        launch_testing.asserts.assertExitCodes(proc_info)
