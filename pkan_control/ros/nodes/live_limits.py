"""Limits that change while a controller runs: all of a request or nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from pkan_control.common.errors import UserError
from pkan_control.control.supervisor import Limits

# The parameter of each limit.
LIMITS = {
    'state_timeout': 'state_timeout_s',
    'setpoint_timeout': 'setpoint_timeout_s',
    'future_tolerance': 'future_tolerance_s',
    'slew_limit': 'slew_per_s',
    'startup_grace': 'startup_grace_s',
}


def limits_of(values: Mapping[str, Any]) -> Limits:
    """Return the limits of a node's parameters."""
    return Limits(**{field: values[name] for name, field in LIMITS.items()})


def follow(node: Node, check: Callable[[Limits], None], apply: Callable[[Limits], None]) -> None:
    """Check every change of a limit together with those that stay, then apply it."""

    def limits_with(changes: Sequence[Parameter[Any]]) -> Limits:
        values = {name: node.get_parameter(name).value for name in LIMITS}
        return limits_of(values | {each.name: each.value for each in changes})

    def on_set(changes: list[Parameter[Any]]) -> SetParametersResult:
        try:
            check(limits_with(changes))
        except UserError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(on_set)
    node.add_post_set_parameters_callback(lambda changes: apply(limits_with(())))
