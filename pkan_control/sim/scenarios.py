"""Scenarios: the disturbances of an episode by the kind of robot, and options of the chip.

A scenario is a YAML file:

    text: A steady wind.
    drone:
      wind_n: [0.06, 0.0, 0.0]
      motor_lag_s: {value: 0.05, from_s: 2.0, to_s: 4.0}
    chip: {preset: bad}

An effect holds for the whole episode, or from one time to another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, make_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pkan_control.common.errors import UserError
from pkan_control.common.files import FilePath
from pkan_control.common.structuring import structure
from pkan_control.common.yaml_files import find_file, read_yaml, shipped_files
from pkan_control.sim.effects import NO_EFFECTS, Disturbance, Effects
from pkan_control.sim.world import effects_by_robot


@dataclass(frozen=True)
class Scenario:
    """A named set of effects, by the kind of robot, and options of a simulated chip's URI."""

    name: str
    text: str
    robots: Mapping[str, Effects] = field(default_factory=dict)
    chip: Mapping[str, str] = field(default_factory=dict)

    def effects(self, robot: str) -> Effects:
        """Return the effects on a kind of robot.

        Raises a `UserError` if the scenario has sections of other robots only.
        """
        if self.robots and robot not in self.robots:
            raise UserError(
                f'scenario {self.name}: has no section {robot}, only: '
                f'{", ".join(sorted(self.robots))}'
            )
        return self.robots.get(robot, NO_EFFECTS)


CALM = Scenario('calm', 'Nothing is disturbed.')


def load_scenario(name: FilePath) -> Scenario:
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
    known = effects_by_robot()
    file: Any = structure(values, _file_type(), where)
    # In the order of the file.
    robots = {
        robot: {effect: getattr(getattr(file, robot), effect) for effect in effects}
        for robot, effects in values.items()
        if robot in known
    }
    for robot, effects in robots.items():
        for effect, disturbance in effects.items():
            try:
                known[robot][effect].check(disturbance.value)
            except UserError as error:
                raise UserError(f'{where}: {robot}.{effect}: {error}') from None
    for key, value in file.chip.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise UserError(f'{where}: chip[{key!r}]: must be text or a number, not {value!r}')
    return Scenario(name, file.text, robots, {key: str(each) for key, each in file.chip.items()})


@cache
def _file_type() -> type:
    """Return the dataclass of a scenario's file, which follows from the effects of all worlds."""
    sections = [
        (robot, make_dataclass(robot, [(name, Disturbance, None) for name in effects]), None)
        for robot, effects in effects_by_robot().items()
    ]
    chip: Any = ('chip', Mapping[str, Any], field(default_factory=dict))
    return make_dataclass('ScenarioFile', [('text', str), chip, *sections])
