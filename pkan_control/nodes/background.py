"""Long work in a thread, while the node's executor serves everything else."""

import threading
from collections.abc import Callable
from concurrent.futures import Future as Work
from typing import TypeVar

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.task import Future

Result = TypeVar('Result')
# How often is looked whether it is done.
LOOK_S = 0.05


async def in_background(node: Node, work: Callable[[], Result]) -> Result:
    """Return what the work returns, or raise what it raises.

    rclpy's single-threaded executor serves nothing else while a coroutine waits.
    """
    done: Work[Result] = Work()
    seen: Future[None] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    def look() -> None:
        if done.done() and not seen.done():
            seen.set_result(None)

    thread = threading.Thread(target=run, name='background', daemon=True)
    thread.start()
    timer = node.create_timer(LOOK_S, look, clock=Clock(clock_type=ClockType.STEADY_TIME))
    try:
        await seen
    finally:
        node.destroy_timer(timer)
    return done.result()
