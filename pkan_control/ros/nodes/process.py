"""The process of a node: signals, executor, exit code."""

import re
import signal
import sys
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

import rclpy
from rclpy.executors import Executor, ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions

from pkan_control.common.errors import UserError, unknown

Managed = TypeVar('Managed', bound=LifecycleNode)
Transition = Callable[[Managed, LifecycleState], TransitionCallbackReturn]


def reported(transition: Transition[Managed]) -> Transition[Managed]:
    """Make a transition that raises return FAILURE, with the reason in the log.

    rclpy swallows exceptions in the callbacks of transitions.
    """

    def guarded(node: Managed, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return transition(node, state)
        except UserError as error:
            node.get_logger().error(str(error))
        except Exception:
            node.get_logger().error(traceback.format_exc())
        return TransitionCallbackReturn.FAILURE

    return guarded


# Longest wait of the executor, after which the process checks whether it is to end.
WAIT_S = 0.1
# The place in rcl's source code at the end of its error messages.
SOURCE_LINE = re.compile(r',\s*at /[^\s,]+')


def make_executor(name: str) -> Executor:
    """Return an executor; `events` needs a third of the CPU time, but not every rclpy has it."""
    if name not in ('events', 'single_threaded'):
        raise unknown('parameter executor', name, ['events', 'single_threaded'])
    if name == 'events':
        try:
            from rclpy.experimental.events_executor import EventsExecutor
        except ImportError:
            pass
        else:
            return EventsExecutor()
    return SingleThreadedExecutor()


def run(make_node: Callable[[], Any]) -> int:
    """Run a node until it is finished or a signal ends the process; return the exit code.

    In addition to what every node has, the node has `finished`, `exit_code` and `leave()`, which
    makes everything safe.

    SIGINT and SIGTERM are handled here: rclpy's own handlers would close the context before the
    last, safe command could be sent.
    """
    stopping = _stop_on_signals()
    try:
        _initialise()
        node = make_node()
        executor = make_executor(node.get_parameter('executor').value)
    except UserError as error:
        print(f'error: {error}', file=sys.stderr)
        rclpy.try_shutdown()
        return 2
    executor.add_node(node)
    try:
        while not stopping() and not node.finished:
            executor.spin_once(WAIT_S)
    except ExternalShutdownException:
        node.exit_code = 1
    except Exception:
        node.get_logger().fatal(traceback.format_exc())
        node.exit_code = 1
    finally:
        _leave(node)
        executor.remove_node(node)
        node.destroy_node()
        rclpy.try_shutdown()
    return int(node.exit_code)


def _leave(node: Any) -> None:
    """Make everything safe; an exception is logged and sets the exit code."""
    try:
        node.leave()
    except Exception:
        node.get_logger().fatal(traceback.format_exc())
        node.exit_code = 1


def _initialise() -> None:
    """Initialise rclpy; raise a `UserError` for ROS arguments or a file that it cannot read."""
    try:
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:
        reason = ' '.join(SOURCE_LINE.sub('', str(error)).split())
        raise UserError(reason.removeprefix('failed to initialize rcl: ')) from None


def _stop_on_signals() -> Callable[[], bool]:
    """Return what tells whether SIGINT or SIGTERM has arrived."""
    stopped: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return lambda: bool(stopped)
