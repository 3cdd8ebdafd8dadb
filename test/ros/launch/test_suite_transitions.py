"""launch_testing: every transition of the controller node, then SIGTERM and SIGKILL."""

import os
import signal
import unittest

import pytest

# With the plugin installed this never skips: it would skip the whole directory.
pytest.importorskip('launch_testing', reason="ROS 2's launch_testing is not installed")

import launch_testing
import launch_testing.asserts
import rclpy
from launch_ros.actions import Node
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState

from launch import LaunchDescription
from pkan_control.common.files import share

PATH = ['configure', 'activate', 'deactivate', 'cleanup', 'configure', 'activate']
PATIENCE_S = 30.0


def controller(name: str) -> Node:
    given = {'controller': str(share('controllers/drone_hover.safetensors')), 'chip': 'ideal:'}
    return Node(
        package='pkan_control', executable='controller_node', name=name, parameters=[given]
    )


# The event loop of launch is collected with its sockets open.
@pytest.mark.filterwarnings('ignore::ResourceWarning')
@pytest.mark.launch_test
def generate_test_description():
    # Without a node that stays, the launch would be over before its test is.
    nodes = {name: controller(name) for name in ('terminated', 'killed', 'stays')}
    return LaunchDescription([*nodes.values(), launch_testing.actions.ReadyToTest()]), nodes


class TestTransitions(unittest.TestCase):
    """While the nodes run."""

    def setUp(self):
        rclpy.init()
        self.node = rclpy.create_node('tester')

    def tearDown(self):
        self.node.destroy_node()
        rclpy.shutdown()

    def change(self, name: str, transition: str) -> bool:
        client = self.node.create_client(ChangeState, f'{name}/change_state')
        assert client.wait_for_service(PATIENCE_S)
        number = getattr(Transition, f'TRANSITION_{transition.upper()}')
        request = ChangeState.Request(transition=Transition(id=number))
        future = client.call_async(request)
        rclpy.spin_until_future_complete(self.node, future, timeout_sec=PATIENCE_S)
        return future.result().success

    def test_each_transition_and_then_the_end(self, proc_info, terminated, killed, stays):
        for name in ('terminated', 'killed'):
            for transition in PATH:
                assert self.change(name, transition), (name, transition)
        for node, number in ((terminated, signal.SIGTERM), (killed, signal.SIGKILL)):
            os.kill(node.process_details['pid'], number)
            proc_info.assertWaitForShutdown(process=node, timeout=PATIENCE_S)
        assert self.change('stays', 'configure')


@launch_testing.post_shutdown_test()
class TestEnd(unittest.TestCase):
    """After all nodes have ended."""

    def test_a_signal_ends_it_cleanly_and_a_kill_at_once(self, proc_info, terminated, killed):
        launch_testing.asserts.assertExitCodes(proc_info, process=terminated)
        launch_testing.asserts.assertExitCodes(proc_info, [-signal.SIGKILL], process=killed)
