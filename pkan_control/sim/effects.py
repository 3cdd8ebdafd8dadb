"""Effects: the disturbances that a world knows, and their values in a scenario."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pkan_control.common.errors import UserError
from pkan_control.common.ranges import Finite, NonNegative, Time, check_fields


@dataclass(frozen=True)
class Effect:
    """A disturbance that a world knows: a number or several, each in a range, in a unit."""

    text: str
    unit: str
    low: float
    high: float
    size: int = 1

    @property
    def _in_unit(self) -> str:
        return '' if self.unit == '1' else f' {self.unit}'

    def check(self, value: tuple[float, ...]) -> None:
        """Raise a `UserError` unless there are as many numbers as wanted, in the range."""
        if len(value) != self.size:
            raise UserError(f'must be {self.size} number(s) in {self.unit}, not {len(value)}')
        for each in value:
            if not self.low <= each <= self.high:
                raise UserError(
                    f'must be from {self.low:g} to {self.high:g}{self._in_unit}, not {each:g}'
                )


@dataclass(frozen=True)
class Disturbance:
    """The values of an effect, and the time in s from and to which it acts."""

    value: tuple[Finite, ...]
    from_s: NonNegative = 0.0
    to_s: Time = math.inf

    def __post_init__(self) -> None:
        """Raise a `UserError` for times that run backwards."""
        check_fields(self)
        if not self.from_s < self.to_s:
            raise UserError(f'to_s: {self.to_s:g} s is not after from_s, {self.from_s:g} s')

    @staticmethod
    def from_short(value: Any) -> Any:
        """Return the mapping for numbers that act all the time."""
        return value if isinstance(value, dict) else {'value': value}

    def acts(self, time_s: float) -> bool:
        """Return whether it acts at a time of the episode."""
        return self.from_s <= time_s < self.to_s


Effects = Mapping[str, Disturbance]
NO_EFFECTS: Effects = MappingProxyType({})

# Effects on the command of any robot.
LINK = {'delay_s': Effect('delay of the command, in whole control periods', 's', 0.0, 0.5)}
# Noise of odometry: standard deviations of a sample.
ODOMETRY = {
    'position_noise_m': Effect('noise of the position', 'm', 0.0, 1.0),
    'velocity_noise_m_s': Effect('noise of the velocity', 'm/s', 0.0, 5.0),
    'attitude_noise_rad': Effect('noise of the attitude', 'rad', 0.0, 0.5),
    'rate_noise_rad_s': Effect('noise of the angular velocity', 'rad/s', 0.0, 5.0),
}
# Noise of joint states: standard deviations of a sample.
JOINT_STATES = {
    'joint_noise_rad': Effect('noise of the joint positions', 'rad', 0.0, 0.5),
    'joint_rate_noise_rad_s': Effect('noise of the joint velocities', 'rad/s', 0.0, 5.0),
}
