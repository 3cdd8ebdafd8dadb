"""Commands for PX4, where px4_msgs is installed: rotors, or thrust and torque.

PX4 counts in NED and FRD; `frames_px4` alone converts. It listens only while it hears what kind of
set-point comes (OffboardControlMode), so that goes along with every command. Time is in us.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.common.errors import UserError
from pkan_control.control.action_types import Flying, Kind
from pkan_control.control.frames_px4 import frd_from_flu
from pkan_control.control.laws.law import Law
from pkan_control.robots.quadrotor import Airframe
from pkan_control.ros.adapters.adapter import Joints, messages_of

MODE = '/fmu/in/offboard_control_mode'
MOTORS = 12


class _Px4:
    """What both have in common: the mode, and the time of boot in us."""

    kinds = frozenset({Kind.ROTOR_SPEEDS})
    named = False
    interface = ''

    def __init__(self, law: Law, joints: Joints) -> None:
        """Import the messages and take the airframe of the law."""
        if not isinstance(law, Flying):
            raise TypeError(f'law {law.name}: has no airframe')
        self._frame: Airframe = law.airframe
        self._messages = messages_of('px4_msgs', self.interface)
        self._mode = self._messages.OffboardControlMode()

    def _set_mode(self, field: str) -> None:
        if not hasattr(self._mode, field):
            raise UserError(f'px4_msgs.msg.OffboardControlMode has no {field}: it is too old')
        for other in ('position', 'velocity', 'acceleration', 'attitude', 'body_rate'):
            setattr(self._mode, other, False)
        setattr(self._mode, field, True)


class Px4MotorsAdapter(_Px4):
    """ActuatorMotors: the share of each rotor's largest thrust, 0 to 1.

    That is the square of its share of the largest speed, which suits PX4's THR_MDL_FAC of 0. A
    rotor at rest is 0.0: NaN would disarm it. Motors beyond the airframe's are NaN, as PX4 wants.
    """

    interface = 'px4_motors'

    def __init__(self, law: Law, joints: Joints) -> None:
        """Prepare the messages."""
        super().__init__(law, joints)
        self._set_mode('direct_actuator')
        kind = self._messages.ActuatorMotors
        self.outputs: Mapping[str, type] = {
            '/fmu/in/actuator_motors': kind,
            MODE: type(self._mode),
        }
        self._motors = kind()

    def encode(self, command: Floats, stamp_ns: int) -> tuple[Any, ...]:
        """Return motors and mode; they are the same objects each time."""
        motors, share = self._motors, command / self._frame.max_speed
        motors.timestamp = motors.timestamp_sample = self._mode.timestamp = stamp_ns // 1000
        control = np.full(MOTORS, math.nan, np.float32)
        control[: len(command)] = share * share
        motors.control = control
        return motors, self._mode


class Px4SetpointsAdapter(_Px4):
    """VehicleThrustSetpoint and VehicleTorqueSetpoint, body frame FRD, each from -1 to 1.

    Thrust is a share of what all rotors can do, along -z; torque a share of what is there when
    the rotors of one side do all that they can and the others nothing. PX4 allocates the rotors.
    """

    interface = 'px4_setpoints'

    def __init__(self, law: Law, joints: Joints) -> None:
        """Prepare the messages."""
        super().__init__(law, joints)
        self._set_mode('thrust_and_torque')
        thrust = self._messages.VehicleThrustSetpoint
        torque = self._messages.VehicleTorqueSetpoint
        self.outputs: Mapping[str, type] = {
            '/fmu/in/vehicle_thrust_setpoint': thrust,
            '/fmu/in/vehicle_torque_setpoint': torque,
            MODE: type(self._mode),
        }
        self._setpoints = thrust(), torque()
        frame = self._frame
        most = frame.thrust_coefficient * frame.max_speed**2
        self._most = np.abs(np.maximum(frame.mixing, 0).sum(axis=1)) * most

    def encode(self, command: Floats, stamp_ns: int) -> tuple[Any, ...]:
        """Return thrust, torque and mode; they are the same objects each time."""
        thrust, torque = self._setpoints
        share = self._frame.wrench(command) / self._most
        for message in (thrust, torque):
            message.timestamp = message.timestamp_sample = stamp_ns // 1000
        self._mode.timestamp = stamp_ns // 1000
        thrust.xyz = frd_from_flu(np.array([0.0, 0.0, share[0]])).astype(np.float32)
        torque.xyz = frd_from_flu(share[1:]).astype(np.float32)
        return thrust, torque, self._mode
