"""Action types: what a law's command means, and the forms in which it can be published."""

from enum import StrEnum

from pkan_control.control.laws.law import HasAirframe, Law


class ActionType(StrEnum):
    """Meaning of the numbers of a command."""

    ROTOR_SPEEDS = 'rotor speeds'
    WRENCH = 'wrench'
    JOINT_POSITIONS = 'joint positions'
    JOINT_VELOCITIES = 'joint velocities'
    JOINT_EFFORTS = 'joint efforts'
    STEERING_AND_SPEED = 'steering and speed'
    TWIST = 'twist'
    MIXED = 'mixed'


# Array of a sensor_msgs/JointState -> action type, and the units of numbers that belong to it.
FIELDS = {
    'position': (ActionType.JOINT_POSITIONS, ('rad', 'm', '1')),
    'velocity': (ActionType.JOINT_VELOCITIES, ('rad/s', 'm/s', '1/s')),
    'effort': (ActionType.JOINT_EFFORTS, ('N', 'N m')),
}
STEERED = ('steering_angle', 'speed')


def field_of(unit: str) -> str:
    """Return the array of a JointState that a number of that unit belongs to."""
    for field, (_, units) in FIELDS.items():
        if unit in units:
            return field
    raise ValueError(f'unit {unit!r} is none of a joint')


def fields_of(law: Law) -> tuple[str, ...]:
    """Return the array of a JointState of each number of a law's command."""
    return tuple(field_of(signal.unit) for signal in law.command.signals)


def action_types_of(law: Law) -> frozenset[ActionType]:
    """Return the action types in which a law's command can be published."""
    if isinstance(law, HasAirframe):
        return frozenset({ActionType.ROTOR_SPEEDS, ActionType.WRENCH})
    if law.command.names == STEERED:
        return frozenset({ActionType.STEERING_AND_SPEED, ActionType.TWIST})
    fields = set(fields_of(law))
    return frozenset({FIELDS[fields.pop()][0] if len(fields) == 1 else ActionType.MIXED})
