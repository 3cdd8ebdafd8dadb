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
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pkan_control.common.errors import UserError, unknown
from pkan_control.common.yaml_files import read_yaml, shipped_files


@dataclass(frozen=True)
class Effect:
    """What may be disturbed: how many numbers, each in a range, in a unit."""

    text: str
    unit: str
    low: float
    high: float
    size: int = 1


@dataclass(frozen=True)
class Disturbance:
    """The numbers of an effect, and when it acts in s."""

    value: tuple[float, ...]
    from_s: float = 0.0
    to_s: float = math.inf

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
    path, values = read_yaml('scenarios', 'scenario', name)
    return scenario_from(path.stem, values)


def scenario_name(name: str) -> str:
    """Return what the scenario of a shipped name or a file is called."""
    return Path(name).stem


def shipped() -> dict[str, Path]:
    """Return the files of the scenarios that ship, by name."""
    return shipped_files('scenarios')


def scenario_from(name: str, values: Any) -> Scenario:
    """Return the scenario that a YAML document describes, checked."""
    if not isinstance(values, dict) or not isinstance(values.get('text'), str):
        raise UserError(f'scenario {name}: must be a mapping with a text')
    robots = {}
    for section, content in values.items():
        if section in EFFECTS:
            robots[section] = _effects(f'scenario {name}: {section}', content, EFFECTS[section])
        elif section not in ('text', 'chip'):
            raise unknown(f'section of scenario {name}', section, ['text', 'chip', *EFFECTS])
    chip = values.get('chip', {})
    if not isinstance(chip, dict) or any(isinstance(v, dict | list) for v in chip.values()):
        raise UserError(f'scenario {name}: chip must map options of a chip URI to values')
    options = {str(key): str(value) for key, value in chip.items()}
    return Scenario(name, values['text'], robots, options)


def _effects(where: str, content: Any, allowed: Mapping[str, Effect]) -> Effects:
    if not isinstance(content, dict):
        raise UserError(f'{where}: must map effects to numbers')
    for name in content:
        if name not in allowed:
            raise unknown(f'effect in {where}', name, allowed)
    return {
        name: _disturbance(f'{where}: {name}', value, allowed[name])
        for name, value in content.items()
    }


def _disturbance(where: str, content: Any, effect: Effect) -> Disturbance:
    if not isinstance(content, dict):
        return Disturbance(_numbers(where, content, effect))
    unknown_keys = set(content) - {'value', 'from_s', 'to_s'}
    if unknown_keys or 'value' not in content:
        raise UserError(f'{where}: write a number, or value, from_s and to_s')
    begin, end = content.get('from_s', 0.0), content.get('to_s', math.inf)
    if not (_is_number(begin) and _is_number(end) and 0 <= begin < end):
        raise UserError(f'{where}: from_s={begin!r}, to_s={end!r}: must be 0 <= from_s < to_s')
    return Disturbance(_numbers(where, content['value'], effect), float(begin), float(end))


def _numbers(where: str, content: Any, effect: Effect) -> tuple[float, ...]:
    values = content if isinstance(content, list) else [content]
    if len(values) != effect.size or not all(map(_is_number, values)):
        raise UserError(f'{where}: {content!r} must be {effect.size} number(s) in {effect.unit}')
    if not all(effect.low <= value <= effect.high for value in values):
        raise UserError(
            f'{where}: {content!r} must lie in [{effect.low:g}, {effect.high:g}] {effect.unit}'
        )
    return tuple(float(value) for value in values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
