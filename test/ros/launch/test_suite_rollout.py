"""launch_testing: a shipped launch file flies an episode in lockstep and ends by itself."""

import unittest

import pytest

pytest.importorskip('launch_testing', reason="ROS 2's launch_testing is not installed")
pytest.importorskip('launch_ros', reason="ROS 2's launch_ros is not installed")

import launch_testing
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import AnyLaunchDescriptionSource

from launch import LaunchDescription
from pkan_control.common.resources import share

GIVEN = {'lockstep': 'true', 'real_time_factor': '0.0', 'episodes': '1', 'chip': 'ideal:'}


@pytest.mark.launch_test
def generate_test_description() -> LaunchDescription:
    source = AnyLaunchDescriptionSource(str(share('launch/drone_hover.launch.xml')))
    include = IncludeLaunchDescription(source, launch_arguments=list(GIVEN.items()))
    return LaunchDescription([include, launch_testing.actions.ReadyToTest()])


class TestFlight(unittest.TestCase):
    """While it runs."""

    def test_the_episode_succeeds(self, proc_output):
        proc_output.assertWaitFor('episode 1: success', timeout=60, stream='stderr')


@launch_testing.post_shutdown_test()
class TestEnd(unittest.TestCase):
    """After all have ended."""

    def test_fault_20_both_nodes_end_with_exit_code_0(self, proc_info):
        launch_testing.asserts.assertExitCodes(proc_info)
