"""The user's page on vehicles says what the package knows."""

from pathlib import Path

from pkan_control.control.laws.vehicle import OBSERVATION, PARTS
from pkan_control.sim.scenarios import load_scenario, shipped
from pkan_control.sim.world import effects_by_robot
from pkan_control.tasks.vehicle_track import vehicle_track

ROWS = (Path(__file__).parents[2] / 'doc' / 'vehicle.md').read_text().splitlines()


def test_every_effect_has_its_row():
    for name, effect in effects_by_robot()['vehicle'].items():
        limits = f'{effect.low:g} to {effect.high:g}'
        assert f'| `{name}` | {effect.unit} | {limits} | {effect.text} |' in ROWS


def test_every_scenario_of_vehicles_has_its_row():
    for name in shipped():
        scenario = load_scenario(name)
        if 'vehicle' in scenario.robots or not scenario.robots:
            assert f'| `{name}` | {scenario.text} |' in ROWS


def test_every_part_and_signal_has_its_row():
    for part, parameter in PARTS.items():
        assert any(r.startswith(f'| `{part}`') and f'`{parameter}`' in r for r in ROWS)
    for signal in OBSERVATION.signals:
        assert any(r.startswith(f'| `{signal.name}` | {signal.unit} |') for r in ROWS)
    for signal in vehicle_track.law.command.signals:
        low, high = signal.offset - signal.scale, signal.offset + signal.scale
        start = f'| `{signal.name}` | {signal.unit} | {low:g} to {high:g} |'
        assert any(r.startswith(start) for r in ROWS)
