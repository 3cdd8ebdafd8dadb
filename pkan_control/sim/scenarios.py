"""What disturbs an episode, as data: effects by the kind of robot, and options of the chip.

A scenario is a YAML file:

    text: A steady wind.
    drone:
      wind_n: [0.06, 0.0, 0.0]
      motor_lag_s: {value: 0.05, from_s: 2.0, to_s: 4.0}
    chip: {preset: bad}

An effect holds for the whole episode, or from one time to another.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, make_dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pkan_control.common.errors import UserError
from pkan_control.common.ranges import Finite, NonNegative, Time, check_fields
from pkan_control.common.structuring import structure
from pkan_control.common.yaml_files import find_file, read_yaml, shipped_files


@dataclass(frozen=True)
class Effect:
    """What may be disturbed: how many numbers, each in a range, in a unit."""

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
    """The numbers of an effect, and when it acts in s."""

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

# What any robot's command suffers on its way.
LINK = {'delay_s': Effect('delay of the command, in whole control periods', 's', 0.0, 0.5)}
# Noise of odometry, a standard deviation a sample.
ODOMETRY = {
    'position_noise_m': Effect('noise of the position', 'm', 0.0, 1.0),
    'velocity_noise_m_s': Effect('noise of the velocity', 'm/s', 0.0, 5.0),
    'attitude_noise_rad': Effect('noise of the attitude', 'rad', 0.0, 0.5),
    'rate_noise_rad_s': Effect('noise of the angular velocity', 'rad/s', 0.0, 5.0),
}
EFFECTS: dict[str, dict[str, Effect]] = {
    'drone': {
        'mass': Effect('factor on mass and inertia', '1', 0.3, 3.0),
        'payload_kg': Effect('mass that hangs at the centre', 'kg', 0.0, 10.0),
        'thrust': Effect('factor on the thrust of all rotors', '1', 0.3, 2.0),
        'motor_mismatch': Effect('spread of the thrust from motor to motor', '1', 0.0, 0.3),
        'battery_sag': Effect('share of the thrust that is lost a second', '1/s', 0.0, 0.1),
        'motor_lag_s': Effect('time constant of the motors', 's', 0.0, 0.5),
        'wind_n': Effect('steady force in the world', 'N', -10.0, 10.0, 3),
        'gust_n': Effect('spread of the gusts, an axis', 'N', 0.0, 10.0),
        'drag': Effect('factor on the drag', '1', 0.0, 20.0),
        'ground_effect': Effect('factor on the ground effect', '1', 0.0, 5.0),
        **ODOMETRY,
        **LINK,
    },
    'arm': {
        'payload_kg': Effect('mass that hangs at the tool', 'kg', 0.0, 20.0),
        'push_n': Effect('steady force on the tool in the base frame', 'N', -100.0, 100.0, 3),
        'joint_noise_rad': Effect('noise of the joint positions', 'rad', 0.0, 0.5),
        'joint_rate_noise_rad_s': Effect('noise of the joint velocities', 'rad/s', 0.0, 5.0),
        **LINK,
    },
    'vehicle': {
        'friction': Effect('factor on the friction of the tyres', '1', 0.1, 2.0),
        'friction_spread': Effect('spread of that factor as the road changes', '1', 0.0, 1.0),
        'payload_kg': Effect('mass that is carried', 'kg', 0.0, 20.0),
        'steering_lag_s': Effect('time constant of the steering', 's', 0.0, 0.5),
        'steering_offset_rad': Effect('angle that the steering is off by', 'rad', -0.2, 0.2),
        **ODOMETRY,
        **LINK,
    },
}


@dataclass(frozen=True)
class Scenario:
    """A named set of effects, by the kind of robot, and options of a simulated chip's URI."""

    name: str
    text: str
    robots: Mapping[str, Effects] = field(default_factory=dict)
    chip: Mapping[str, str] = field(default_factory=dict)

    def effects(self, robot: str) -> Effects:
        """Return what disturbs a kind of robot; refuse one of which the scenario says nothing."""
        if self.robots and robot not in self.robots:
            raise UserError(
                f'scenario {self.name}: says nothing of a {robot}, only of: '
                f'{", ".join(sorted(self.robots))}'
            )
        return self.robots.get(robot, NO_EFFECTS)


CALM = Scenario('calm', 'Nothing is disturbed.')


def load_scenario(name: str) -> Scenario:
    """Return the scenario of a shipped name or of a YAML file; raise a `UserError` for others."""
    path = find_file('scenarios', 'scenario', name)
    return scenario_from(path.stem, read_yaml(path, 'scenario'), f'scenario {path}')


def scenario_name(name: str) -> str:
    """Return what the scenario of a shipped name or a file is called."""
    return Path(name).stem


def shipped() -> dict[str, Path]:
    """Return the files of the scenarios that ship, by name."""
    return shipped_files('scenarios')


def scenario_from(name: str, values: Any, where: str = '') -> Scenario:
    """Return the scenario that a YAML document describes.

    Raises a `UserError` of one line, which begins with `where`.
    """
    where = where or f'scenario {name}'
    file: Any = structure(values, _file_type(), where)
    given = {robot: vars(getattr(file, robot)) for robot in EFFECTS if getattr(file, robot)}
    robots = {
        robot: {effect: value for effect, value in effects.items() if value is not None}
        for robot, effects in given.items()
    }
    for robot, effects in robots.items():
        for effect, disturbance in effects.items():
            try:
                EFFECTS[robot][effect].check(disturbance.value)
            except UserError as error:
                raise UserError(f'{where}: {robot}.{effect}: {error}') from None
    for key, value in file.chip.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise UserError(f'{where}: chip[{key!r}]: must be text or a number, not {value!r}')
    return Scenario(name, file.text, robots, {key: str(each) for key, each in file.chip.items()})


@cache
def _file_type() -> type:
    """Return the dataclass of a scenario's file, which follows from the table of effects."""
    sections = [
        (robot, make_dataclass(robot, [(name, Disturbance, None) for name in effects]), None)
        for robot, effects in EFFECTS.items()
    ]
    chip: Any = ('chip', Mapping[str, Any], field(default_factory=dict))
    return make_dataclass('ScenarioFile', [('text', str), chip, *sections])
