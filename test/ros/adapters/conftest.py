"""Small stand-ins for packages of messages that are not on the index."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from std_msgs.msg import Header


def message(name: str, **fields: object) -> type:
    """Return a type of message whose fields start with the values of these makers."""

    def fill(self) -> None:
        for field, make in fields.items():
            setattr(self, field, make())

    return type(name, (), {'__init__': fill})


def floats(count: int):
    return lambda: np.zeros(count, np.float32)


FAKES = {
    'ackermann_msgs': [
        message(
            'AckermannDriveStamped',
            header=Header,
            drive=lambda: SimpleNamespace(steering_angle=0.0, speed=0.0),
        )
    ],
    'actuator_msgs': [
        message('Actuators', header=Header, position=list, velocity=list, normalized=list)
    ],
    'px4_msgs': [
        message(
            'OffboardControlMode',
            timestamp=int,
            position=bool,
            velocity=bool,
            acceleration=bool,
            attitude=bool,
            body_rate=bool,
            thrust_and_torque=bool,
            direct_actuator=bool,
        ),
        message('ActuatorMotors', timestamp=int, timestamp_sample=int, control=floats(12)),
        message('VehicleThrustSetpoint', timestamp=int, timestamp_sample=int, xyz=floats(3)),
        message('VehicleTorqueSetpoint', timestamp=int, timestamp_sample=int, xyz=floats(3)),
        message(
            'VehicleOdometry',
            timestamp=int,
            position=floats(3),
            q=floats(4),
            velocity=floats(3),
            angular_velocity=floats(3),
        ),
    ],
}


@pytest.fixture
def fakes(monkeypatch) -> None:
    """Put the stand-ins where the packages would be."""
    for package, kinds in FAKES.items():
        module = ModuleType(f'{package}.msg')
        for kind in kinds:
            setattr(module, kind.__name__, kind)
        monkeypatch.setitem(sys.modules, package, ModuleType(package))
        monkeypatch.setitem(sys.modules, f'{package}.msg', module)
