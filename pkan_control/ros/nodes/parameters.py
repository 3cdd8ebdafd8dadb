"""Parameters of the nodes: declared once in a table, from which everything else follows.

`python -m pkan_control.ros.nodes.parameters` prints the page `doc/parameters.md`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rclpy.parameter
from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node

from pkan_control.common.errors import UserError, unknown
from pkan_control.control.supervisor import Limits

# Parameters that rclpy itself declares or accepts on every node.
BUILT_IN = ('use_sim_time', 'start_type_description_service')


@dataclass(frozen=True)
class Parameter:
    """One parameter, with the range and the unit of a number.

    A `live` one may change while the node runs; the others are read when it is configured.
    """

    name: str
    default: Any
    text: str
    unit: str = ''
    low: float | None = None
    high: float | None = None
    live: bool = False


EXECUTOR = Parameter('executor', 'events', 'Executor of the node: events, or single_threaded.')

CONTROLLER = (
    Parameter('controller', '', 'Path of the controller file.'),
    Parameter(
        'chip', 'ideal:', 'Chip URI: ideal:, sim:?seed=1&preset=typical, tcp://, serial://.'
    ),
    Parameter('calibration', '', 'Calibration file of the chip; ~/calibrate writes it.'),
    Parameter(
        'on_link_lost',
        'safe',
        'If the chip is lost: safe (the safe command), or twin (the twin of its calibration).',
    ),
    Parameter(
        'mapping', '', 'Mapping of topics and fields: the name of an example, or a YAML file.'
    ),
    Parameter('command_interface', 'joint_state', 'Name of the adapter that sends commands.'),
    Parameter('trigger', 'state', 'Trigger of a tick: state (each one), or timer (at the rate).'),
    Parameter('autostart', False, 'Configure and activate the node at its start.'),
    Parameter('enable', False, 'Publish on command; otherwise dry run on ~/shadow_command.'),
    Parameter(
        'state_timeout',
        0.2,
        'Largest age of a state; an older one is not used.',
        unit='s',
        low=0.001,
        high=60.0,
        live=True,
    ),
    Parameter(
        'setpoint_timeout',
        0.0,
        'Largest age of a set-point; after it the robot holds its position. 0: no limit.',
        unit='s',
        low=0.0,
        high=3600.0,
        live=True,
    ),
    Parameter(
        'future_tolerance',
        0.05,
        'How far a stamp may lie in the future.',
        unit='s',
        low=0.0,
        high=10.0,
        live=True,
    ),
    Parameter(
        'slew_limit',
        0.0,
        'Fastest change of a command, in ranges per second. 0: no limit.',
        unit='1/s',
        low=0.0,
        high=1000.0,
        live=True,
    ),
    Parameter(
        'startup_grace',
        2.0,
        'Time for the first inputs to arrive before a missing one is a warning.',
        unit='s',
        low=0.0,
        high=3600.0,
        live=True,
    ),
    EXECUTOR,
)

SIMULATION = (
    Parameter('task', 'drone_hover', 'Task to simulate.'),
    Parameter('scenario', 'calm', 'Disturbances: the name of a shipped scenario, or a YAML file.'),
    Parameter('seed', 0, 'Seed of the starts.', low=0, high=2**31 - 1),
    Parameter('episodes', 0, 'Number of episodes. 0: no end.', low=0, high=10**6),
    Parameter('lockstep', False, 'Advance only when the command for the state has arrived.'),
    Parameter(
        'real_time_factor',
        1.0,
        'Speed of time. 0, with lockstep: as fast as possible.',
        low=0.0,
        high=100.0,
    ),
    Parameter(
        'lockstep_timeout',
        2.0,
        'Longest wait for a command with lockstep.',
        unit='s',
        low=0.1,
        high=60.0,
    ),
    Parameter(
        'command_timeout',
        0.2,
        'Age of the last command at which the actuators are zeroed.',
        unit='s',
        low=0.001,
        high=60.0,
    ),
    Parameter('publish_clock', True, 'Publish /clock, which only one node of a graph may do.'),
    Parameter('record', '', 'File to which each episode is appended as a line of JSON.'),
    Parameter('imu', True, 'Publish imu, for robots with odometry.'),
    Parameter('tf', True, 'Publish /tf, for robots with odometry, if tf2_msgs is installed.'),
    Parameter(
        'camera_rate',
        0.0,
        'Rate of images of the robot on image_raw. 0: none.',
        unit='Hz',
        low=0.0,
        high=60.0,
    ),
    Parameter('world_frame', 'map', 'Frame of odometry and set-point.'),
    Parameter('body_frame', 'base_link', 'Frame of the robot.'),
    EXECUTOR,
)

# The field of `Limits` that each live parameter of the controller node sets.
LIMITS = {
    'state_timeout': 'state_timeout_s',
    'setpoint_timeout': 'setpoint_timeout_s',
    'future_tolerance': 'future_tolerance_s',
    'slew_limit': 'slew_per_s',
    'startup_grace': 'startup_grace_s',
}


def declare(node: Node, table: Sequence[Parameter]) -> None:
    """Declare the parameters of a table; a `UserError` names one with an impossible value."""
    for parameter in table:
        try:
            node.declare_parameter(parameter.name, parameter.default, descriptor(parameter))
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            raise UserError(f'parameter {parameter.name} of {node.get_name()}: {error}') from None


def descriptor(parameter: Parameter) -> ParameterDescriptor:
    """Return the descriptor of a parameter."""
    unit = f' [{parameter.unit}]' if parameter.unit else ''
    described = ParameterDescriptor(
        description=parameter.text + unit, read_only=not parameter.live
    )
    if parameter.low is None or parameter.high is None:
        return described
    bounds = {'from_value': parameter.low, 'to_value': parameter.high}
    if isinstance(parameter.default, float):
        described.floating_point_range = [FloatingPointRange(**bounds)]
    else:
        described.integer_range = [IntegerRange(**bounds)]
    return described


def read(node: Node, table: Sequence[Parameter]) -> dict[str, Any]:
    """Return the values of a table by name; a `UserError` names a parameter that is not in it.

    rclpy ignores parameters of a YAML file that a node does not declare, so they are checked here.
    """
    names = [parameter.name for parameter in table]
    for name in node._parameter_overrides:
        if name not in (*names, *BUILT_IN) and not name.startswith('qos_overrides.'):
            raise unknown(f'parameter of {node.get_name()}', name, names)
    return {name: node.get_parameter(name).value for name in names}


def limits_of(values: Mapping[str, Any]) -> Limits:
    """Return the limits that the parameters of a controller node set."""
    return Limits(**{field: values[name] for name, field in LIMITS.items()})


def follow_limits(
    node: Node, check: Callable[[Limits], None], apply: Callable[[Limits], None]
) -> None:
    """Check each change of limits as a whole, together with those that stay, then apply it."""

    def limits_with(changes: Sequence[rclpy.parameter.Parameter[Any]]) -> Limits:
        values = {name: node.get_parameter(name).value for name in LIMITS}
        return limits_of(values | {each.name: each.value for each in changes})

    def on_set(changes: list[rclpy.parameter.Parameter[Any]]) -> SetParametersResult:
        try:
            check(limits_with(changes))
        except UserError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(on_set)
    node.add_post_set_parameters_callback(lambda changes: apply(limits_with(())))


PAGE = """# Parameters of the nodes

Generated by `python -m pkan_control.ros.nodes.parameters` from the tables that declare them.
Start your own file from [config/simulation.yaml](../config/simulation.yaml), which the launch
files load. A live parameter may change while the node runs; a change that contradicts the other
parameters is refused as a whole. All other parameters are read when the node is configured.
"""
COLUMNS = ('name', 'type', 'default', 'unit', 'range', 'live', 'meaning')


def page() -> str:
    """Return the page of all parameters, in Markdown."""
    tables = {'controller_node': CONTROLLER, 'simulation_node': SIMULATION}
    return PAGE + ''.join(f'\n## {name}\n{section(table)}' for name, table in tables.items())


def section(table: Sequence[Parameter]) -> str:
    """Return a Markdown table with a row for each parameter."""
    rows = [COLUMNS, ('---',) * len(COLUMNS), *map(cells, table)]
    return ''.join(f'| {" | ".join(row)} |\n' for row in rows)


def cells(parameter: Parameter) -> tuple[str, ...]:
    """Return the cells of a parameter's row."""
    bounds = '' if parameter.low is None else f'{parameter.low:g} to {parameter.high:g}'
    value = parameter.default
    default = str(value).lower() if isinstance(value, bool) else repr(value)
    kind = {bool: 'bool', int: 'int', float: 'double', str: 'string'}[type(value)]
    live = 'yes' if parameter.live else ''
    name, default = f'`{parameter.name}`', f'`{default}`'
    return name, kind, default, parameter.unit, bounds, live, parameter.text


if __name__ == '__main__':
    print(page(), end='')
