"""`~/enable`, `~/estop` and `~/reset`: requests to a pilot's arming."""

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.service import Service
from std_srvs.srv import SetBool, Trigger

from pkan_control.control.supervisor import Pilot


def open_arming(
    node: Node,
    pilot: Pilot,
    busy: Callable[[], str],
    health: Callable[[], str],
    changed: Callable[[], None],
) -> list[Service[Any, Any]]:
    """Open the three services; a reset also arms a chip that was lost.

    `busy` names what else uses the chip, `health` what stands against going live; both are empty
    where nothing does. `changed` is
    called after a request was granted.
    """
    arming = pilot.arming

    def answer(response: Trigger.Response | SetBool.Response, refused: str, what: str) -> object:
        response.success, response.message = not refused, refused
        log = node.get_logger()
        if refused:
            log.warning(f'{what} refused: {refused}')
        else:
            log.info(what)
            changed()
        return response

    def on_enable(request: SetBool.Request, response: SetBool.Response) -> object:
        what = 'enable' if request.data else 'dry run'
        return answer(response, arming.enable(bool(request.data), health()), what)

    def on_stop(request: Trigger.Request, response: Trigger.Response) -> object:
        arming.stop()
        return answer(response, '', 'emergency stop')

    def on_reset(request: Trigger.Request, response: Trigger.Response) -> object:
        return answer(response, busy() or pilot.rearm() or arming.reset(health()), 'reset')

    return [
        node.create_service(SetBool, '~/enable', on_enable),
        node.create_service(Trigger, '~/estop', on_stop),
        node.create_service(Trigger, '~/reset', on_reset),
    ]
