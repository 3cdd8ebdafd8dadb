"""Adapters for PX4: motors, or thrust and torque. They need the package px4_msgs.

PX4 uses NED world and FRD body frames; `control/frames_px4.py` converts. It accepts set-points
only while OffboardControlMode announces their kind, so each command is published with one. Time
stamps are in us.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.control.action_types import ActionType
from pkan_control.control.laws.law import HasAirframe, Law
from pkan_control.ros.adapters.adapter import Joints, lacks, optional_messages

ROOT_HALF = math.sqrt(0.5)


def frd_from_flu(vector: Floats) -> Floats:
    """Return a body vector `[3]`, forward-left-up, as forward-right-down, or back."""
    return np.array([vector[0], -vector[1], -vector[2]])


def ned_from_enu(vector: Floats) -> Floats:
    """Return a world vector `[3]`, east-north-up, as north-east-down, or back."""
    return np.array([vector[1], vector[0], -vector[2]])


def px4_from_ros(quaternion: Floats) -> Floats:
    """Return the attitude `[4]` x, y, z, w of FLU in ENU as w, x, y, z of FRD in NED.

    World axes turn by half a turn about (1, 1, 0), body axes by half a turn about x.
    """
    x, y, z, w = quaternion
    return np.array([w + z, x + y, x - y, w - z]) * ROOT_HALF


def ros_from_px4(quaternion: Floats) -> Floats:
    """Return the attitude `[4]` w, x, y, z of FRD in NED as x, y, z, w of FLU in ENU."""
    w, x, y, z = quaternion
    return np.array([x + y, x - y, w - z, w + z]) * ROOT_HALF


MODE_TOPIC = '/fmu/in/offboard_control_mode'
MODES = ('position', 'velocity', 'acceleration', 'attitude', 'body_rate')
MOTOR_COUNT = 12


class _Px4Adapter:
    """The message types, the airframe, and the mode that goes along with each command."""

    action_types = frozenset({ActionType.ROTOR_SPEEDS})
    named = False
    interface = ''

    def __init__(self, law: Law, joints: Joints) -> None:
        """Import the message types and take the law's airframe."""
        if not isinstance(law, HasAirframe):
            raise lacks(law, 'airframe')
        self._airframe = law.airframe
        self._messages = optional_messages('px4_msgs', self.interface)
        self._mode = self._messages.OffboardControlMode()

    def _set_mode(self, mode: str) -> None:
        if not hasattr(self._mode, mode):
            raise UserError(f'px4_msgs.msg.OffboardControlMode has no {mode}: it is too old')
        for other in MODES:
            setattr(self._mode, other, False)
        setattr(self._mode, mode, True)


class Px4MotorsAdapter(_Px4Adapter):
    """ActuatorMotors: the thrust of each rotor as a share of its largest, 0 to 1.

    That is the square of its share of the largest speed, which suits PX4's THR_MDL_FAC of 0. A
    rotor at rest is 0.0: NaN would disarm it. Motors that the airframe does not have are NaN.
    """

    interface = 'px4_motors'

    def __init__(self, law: Law, joints: Joints) -> None:
        """Prepare the messages."""
        super().__init__(law, joints)
        self._set_mode('direct_actuator')
        motors_type = self._messages.ActuatorMotors
        self.outputs: Mapping[str, type] = {
            '/fmu/in/actuator_motors': motors_type,
            MODE_TOPIC: type(self._mode),
        }
        self._motors = motors_type()

    def encode(self, command: Floats, stamp_ns: int) -> tuple[Any, ...]:
        """Return motors and mode; they are the same objects each time."""
        motors, share = self._motors, command / self._airframe.max_speed
        motors.timestamp = motors.timestamp_sample = self._mode.timestamp = stamp_ns // 1000
        control = np.full(MOTOR_COUNT, math.nan, np.float32)
        control[: len(command)] = share * share
        motors.control = control
        return motors, self._mode


class Px4SetpointsAdapter(_Px4Adapter):
    """VehicleThrustSetpoint and VehicleTorqueSetpoint: body frame FRD, each from -1 to 1.

    Thrust is a share of the largest that all rotors together give, along -z. Torque is a share of
    the largest about each axis: the rotors of one side at full speed, the others at rest. PX4
    allocates the rotors.
    """

    interface = 'px4_setpoints'

    def __init__(self, law: Law, joints: Joints) -> None:
        """Prepare the messages."""
        super().__init__(law, joints)
        self._set_mode('thrust_and_torque')
        thrust_type = self._messages.VehicleThrustSetpoint
        torque_type = self._messages.VehicleTorqueSetpoint
        self.outputs: Mapping[str, type] = {
            '/fmu/in/vehicle_thrust_setpoint': thrust_type,
            '/fmu/in/vehicle_torque_setpoint': torque_type,
            MODE_TOPIC: type(self._mode),
        }
        self._setpoints = thrust_type(), torque_type()
        frame = self._airframe
        rotor_thrust = frame.thrust_coefficient * frame.max_speed**2
        self._largest = np.abs(np.maximum(frame.mixing, 0).sum(axis=1)) * rotor_thrust

    def encode(self, command: Floats, stamp_ns: int) -> tuple[Any, ...]:
        """Return thrust, torque and mode; they are the same objects each time."""
        thrust, torque = self._setpoints
        share = self._airframe.wrench(command) / self._largest
        for message in (thrust, torque):
            message.timestamp = message.timestamp_sample = stamp_ns // 1000
        self._mode.timestamp = stamp_ns // 1000
        thrust.xyz = frd_from_flu(np.array([0.0, 0.0, share[0]])).astype(np.float32)
        torque.xyz = frd_from_flu(share[1:]).astype(np.float32)
        return thrust, torque, self._mode
