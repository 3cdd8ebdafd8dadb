"""Transitions of a managed node that tell why they fail."""

import traceback
from collections.abc import Callable
from typing import TypeVar

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from pkan_control.errors import UserError

Managed = TypeVar('Managed', bound=LifecycleNode)
Transition = Callable[[Managed, LifecycleState], TransitionCallbackReturn]


def reported(transition: Transition[Managed]) -> Transition[Managed]:
    """Make a transition fail with its reason in the log: rclpy would swallow the exception."""

    def guarded(node: Managed, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return transition(node, state)
        except UserError as error:
            node.get_logger().error(str(error))
        except Exception:
            node.get_logger().error(traceback.format_exc())
        return TransitionCallbackReturn.FAILURE

    return guarded
