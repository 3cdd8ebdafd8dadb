"""The user's page on drones says what the package knows."""

from pathlib import Path

from pkan_control.common.yaml_files import shipped_files
from pkan_control.control.laws.drone import PARTS
from pkan_control.sim.scenarios import load_scenario, shipped
from pkan_control.sim.world import effects_by_robot

ROWS = (Path(__file__).parents[2] / 'doc' / 'drone.md').read_text().splitlines()


def test_every_effect_has_its_row():
    for name, effect in effects_by_robot()['drone'].items():
        of_three = ', of three numbers' if effect.size == 3 else ''
        limits = f'{effect.low:g} to {effect.high:g}{of_three}'
        assert f'| `{name}` | {effect.unit} | {limits} | {effect.text} |' in ROWS


def test_every_scenario_of_drones_has_its_row():
    for name in shipped():
        scenario = load_scenario(name)
        if 'drone' in scenario.robots or not scenario.robots:
            assert f'| `{name}` | {scenario.text} |' in ROWS


def test_every_part_airframe_and_path_is_named():
    text = '\n'.join(ROWS)
    for part, parameter in PARTS.items():
        assert any(r.startswith(f'| `{part}`') and f'`{parameter}`' in r for r in ROWS)
    for name in (*shipped_files('airframes'), *shipped_files('paths')):
        assert f'`{name}`' in text
