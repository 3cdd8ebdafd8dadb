"""Parameters of the nodes: each is declared once, and everything follows from the table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node

from pkan_control.common.errors import UserError, unknown

# rclpy declares or accepts these on every node itself.
BUILT_IN = ('use_sim_time', 'start_type_description_service')


@dataclass(frozen=True)
class Parameter:
    """One parameter; a range is given for numbers, and its unit where it has one.

    A live one may change while the node runs; the others are read when it is configured.
    """

    name: str
    default: Any
    text: str
    unit: str = ''
    low: float | None = None
    high: float | None = None
    live: bool = False


EXECUTOR = Parameter('executor', 'events', 'What serves the node: events, or single_threaded.')

CONTROLLER = (
    Parameter('controller', '', 'Path of the controller file.'),
    Parameter(
        'chip', 'ideal:', 'Chip URI: ideal:, sim:?seed=1&preset=typical, tcp://, serial://.'
    ),
    Parameter('calibration', '', 'Calibration file of the chip; ~/calibrate writes it.'),
    Parameter(
        *('on_link_lost', 'safe', 'Without the chip: safe command, or twin of its calibration.')
    ),
    Parameter('mapping', '', 'Binds topics and fields of a stack: an example, or a YAML file.'),
    Parameter(
        *('command_interface', 'joint_state', 'How commands leave: the name of an adapter.')
    ),
    Parameter('trigger', 'state', 'What makes a tick: each state, or a timer at the rate.'),
    Parameter('autostart', False, 'Configure and activate without being told to.'),
    Parameter('enable', False, 'Publish on command; otherwise a dry run on ~/shadow_command.'),
    Parameter('state_timeout', 0.2, 'Oldest state to act on.', 's', 0.001, 60.0, live=True),
    Parameter(
        'setpoint_timeout',
        0.0,
        'Oldest goal to follow, then the robot stays where it is; 0: never too old.',
        *('s', 0.0, 3600.0),
        live=True,
    ),
    Parameter(
        'future_tolerance', 0.05, 'How far ahead a stamp may be.', 's', 0.0, 10.0, live=True
    ),
    Parameter(
        *('slew_limit', 0.0, 'Fastest change of a command, in ranges a second; 0: none.'),
        *('1/s', 0.0, 1000.0),
        live=True,
    ),
    Parameter(
        *('startup_grace', 2.0, 'How long inputs may take to come before that is a complaint.'),
        *('s', 0.0, 3600.0),
        live=True,
    ),
    EXECUTOR,
)

SIMULATION = (
    Parameter('task', 'drone_hover', 'Task to simulate.'),
    Parameter('scenario', 'calm', 'What disturbs the robot: a shipped name or a YAML file.'),
    Parameter('seed', 0, 'Seed of the starts.', '', 0, 2**31 - 1),
    Parameter('episodes', 0, 'End after so many episodes; 0: go on for ever.', '', 0, 10**6),
    Parameter('lockstep', False, 'Advance only when the command for the state has come.'),
    Parameter(
        'real_time_factor', 1.0, 'Speed; 0 in lockstep: as fast as it goes.', '', 0.0, 100.0
    ),
    Parameter('lockstep_timeout', 2.0, 'Longest wait for a command.', 's', 0.1, 60.0),
    Parameter('command_timeout', 0.2, 'Actuators are zeroed after this.', 's', 0.001, 60.0),
    Parameter('publish_clock', True, 'Publish /clock; only one node in a graph may.'),
    Parameter('record', '', 'Append each episode as a line of JSON to this file.'),
    Parameter('imu', True, 'Publish imu, for robots with odometry.'),
    Parameter('tf', True, 'Publish /tf, for robots with odometry, where tf2_msgs is installed.'),
    Parameter(
        *('camera_rate', 0.0, 'Pictures of the robot on image_raw; 0: none.', 'Hz', 0.0, 60.0)
    ),
    Parameter('world_frame', 'map', 'Frame of odometry and goal.'),
    Parameter('body_frame', 'base_link', 'Frame of the robot.'),
    EXECUTOR,
)


def declare(node: Node, table: Sequence[Parameter]) -> None:
    """Declare all parameters of a table; a `UserError` names one that cannot be."""
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
    """Return the values of a table; a `UserError` names a parameter that nobody declared.

    rclpy ignores what a YAML file sets beyond the declared parameters, so it is looked up here.
    """
    names = [parameter.name for parameter in table]
    for name in node._parameter_overrides:
        if name not in (*names, *BUILT_IN) and not name.startswith('qos_overrides.'):
            raise unknown(f'parameter of {node.get_name()}', name, names)
    return {name: node.get_parameter(name).value for name in names}
